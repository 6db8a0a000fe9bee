"""``jinmaek load``: what the load average is made of, and who."""

from __future__ import annotations

import argparse
import os
import sys
import time

from jinmaek.cli import moments, progress, remote
from jinmaek.cli.diagnose import seconds
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr
from jinmaek.model import TasksRead
from jinmaek.root import Root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinmaek.accounts.load.account import Load

SUMMARY = "what the load average is made of: CPU, disk, locks, servers, or nobody; and who"


def build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for",
        dest="span",
        type=seconds,
        default=11.0,
        metavar="TIME",
        help="how long to watch (11s)",
    )
    parser.add_argument(
        "--interval", type=seconds, default=0.5, metavar="TIME", help="between two samples (default 500ms)"
    )
    parser.add_argument(
        "--all", action="store_true", help="name every process, not only the first of each kind"
    )
    parser.add_argument(
        "--tasks", choices=("auto", "bpf", "procfs"), default="auto", help="how threads are read"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--lang", choices=LANGUAGES, default=from_locale(), help="language of the text")
    parser.add_argument("--root", default="/", metavar="DIR", help="a tree with proc/: one moment, no rates")
    moments.add_options(parser)
    remote.add_options(parser)


def run(args: argparse.Namespace) -> int:
    from jinmaek.accounts.load.watch import watch
    from jinmaek.tasks.choose import Refused, Scanner

    root = Root(os.path.abspath(args.root))
    if args.interval < 0.1 or args.span < args.interval:
        raise Usage(
            "--for and --interval", "too short", "--interval is at least 100ms, and --for at least that"
        )
    cpu, wall = time.process_time(), time.monotonic()
    if remote.asked(args, "--root", "--recording"):
        from jinmaek.cli.load_scraped import look

        found = look(args)
        cost = (time.process_time() - cpu, time.monotonic() - wall)
        return shown(args, found, TasksRead("exporter", 0.0), cost)
    if moments.asked(args):
        from jinmaek.cli import accounts_past

        found, told = accounts_past.load(args)
        return shown(args, found, told, (time.process_time() - cpu, time.monotonic() - wall))
    seen = progress.countdown(tr(args.lang, "watching the load: {left} s")) if root.live else None
    try:
        with Scanner(root, args.tasks) as scanner:
            load = watch(root, scanner, args.span, args.interval, seen)
            read = scanner.reading
    except Refused as refused:
        raise SourceUnreadable(f"--tasks {args.tasks}", refused.gap.detail, "use --tasks auto") from None
    if load.load is None and not load.parts:
        raise SourceUnreadable(root.path("proc"), "no load and no process", "is it a tree with proc/?")
    return shown(args, load, read, (time.process_time() - cpu, time.monotonic() - wall))


def shown(args: argparse.Namespace, load: Load, read: TasksRead, cost: tuple[float, float]) -> int:
    """Print the account."""
    if args.json:
        import json

        from jinmaek.views.load_json import document

        print(json.dumps(document(load, read, args.lang, cost), ensure_ascii=False, indent=2))
        return 0
    from jinmaek.views.load import MOST, lines

    for line in lines(load, args.lang, sys.maxsize if args.all else MOST):
        print(line)
    return 0
