"""``jinmaek record``: keep what the kernel says every second, for yesterday's questions."""

from __future__ import annotations

import argparse
import os
import sys

from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import Failure, SourceUnreadable, Usage

SUMMARY = "record this host every second: what replay, diff and diagnose --at look back at"

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_options(parser)
    parser.add_argument("--samples", type=int, metavar="N", help="stop after N samples")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where a recorder writes to, how often, and how much stays there."""
    add = parser.add_argument
    add("--recording", metavar="DIR", help="where to (default /var/lib/jinmaek/recording, or as a user "
        "~/.local/state/jinmaek/recording)")  # fmt: skip
    add("--interval", type=seconds, default=1.0, metavar="TIME", help="between two samples (default 1s)")
    add("--keep", type=days, default=30 * 86_400.0, metavar="DAYS", help="remove what is older (default 30d)")
    add("--keep-size", type=size, default=2 << 30, metavar="SIZE",
        help="remove the oldest when all is larger (default 2G)")  # fmt: skip
    add("--tasks", choices=("auto", "bpf", "procfs"), default="auto", help="how processes are read")


def run(args: argparse.Namespace) -> int:
    """Record until told to stop."""
    from jinmaek.history.recording import folder
    from jinmaek.history.recording.recorder import record
    from jinmaek.tasks.choose import Refused

    if not 0.1 <= args.interval <= 60:
        raise Usage("--interval", f"{args.interval:g} s is not between 100ms and 60s", "1s is what most want")
    if args.samples is not None and args.samples < 1:
        raise Usage("--samples", f"{args.samples} is not a positive count", "give 1 or more")
    where = os.path.abspath(args.recording or folder.default())
    if sys.stderr.isatty():
        print(f"recording to {where}; Ctrl-C stops", file=sys.stderr)
    try:
        record(
            where,
            args.interval,
            way=args.tasks,
            keep_s=args.keep,
            keep_bytes=args.keep_size,
            tell=_say,
            samples=args.samples,
        )
    except folder.Busy as busy:
        raise Failure(
            where, str(busy), "name another folder, or read from this one while it goes on"
        ) from None
    except Refused as refused:
        raise SourceUnreadable(f"--tasks {args.tasks}", refused.gap.detail, "use --tasks auto") from None
    return 0


def _say(text: str) -> None:
    print(f"jinmaek: {text}", file=sys.stderr, flush=True)


def days(text: str) -> float:
    """A length of time in days: ``30``, ``30d``, or in hours: ``12h``. In seconds."""
    number = text.rstrip("dh")
    if text[len(number) :] not in ("", "d", "h") or not number.replace(".", "", 1).isdecimal():
        raise argparse.ArgumentTypeError(f"not a number of days: {text!r} (try 30d or 12h)")
    return float(number) * (3600.0 if text.endswith("h") else 86_400.0)


def size(text: str) -> int:
    """Bytes: ``500M``, ``2G``."""
    number = text.rstrip("BbiKMGT")
    unit = text[len(number) :].removesuffix("B").removesuffix("i")
    if unit not in UNITS or not number.replace(".", "", 1).isdecimal():
        raise argparse.ArgumentTypeError(f"not a size: {text!r} (try 500M or 2G)")
    return int(float(number) * UNITS[unit])
