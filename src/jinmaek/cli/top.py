"""``jinmaek top``: the main options of top(1), in batch and live."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

from jinmaek.cli import moments
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.cli.top_frames import frames
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.root import Root
from jinmaek.tasks import users
from jinmaek.tasks.choose import WAYS, Refused, Scanner, Way
from jinmaek.tasks.commands import Identity
from jinmaek.views.plain import safe
from jinmaek.views.top import KEYS, WIDEST, Printed, Shown, arrange, render
from jinmaek.views.top_frame import Frame

SUMMARY = "the processes that use most CPU or memory, once, repeatedly or live"

PROG = "jinmaek top"
FIRST_SPAN = 0.15
"""Seconds between the two readings of the first frame."""
NARROWEST = 3


def build(parser: argparse.ArgumentParser) -> None:
    """The options of top(1) that are here, ``--json`` and ``--root``."""
    parser.add_argument("-b", "--batch", action="store_true", help="print frames as text; needs no terminal")
    parser.add_argument("-n", "--iterations", type=int, metavar="N", help="stop after N frames")
    parser.add_argument("-d", "--delay", type=float, default=3.0, metavar="S", help="seconds between frames")
    parser.add_argument(
        "-o",
        "--sort",
        nargs="?",
        default="%CPU",
        metavar="FIELD",
        help="sort by FIELD, largest first; -FIELD smallest first. Fields: "
        + " ".join(KEYS).replace("%", "%%"),
    )
    for field in KEYS:
        # Otherwise "-o -RES" would be -o without a field and an option nobody knows.
        parser.add_argument(
            f"-{field}", dest="sort", action="store_const", const=f"-{field}", help=argparse.SUPPRESS
        )
    parser.add_argument("-p", "--pid", metavar="PID,...", help="only these processes")
    parser.add_argument(
        "-u", "--user", metavar="USER", help="only processes of this user, with !USER of all others"
    )
    parser.add_argument("-i", "--idle", action="store_true", help="leave out processes that used no CPU time")
    parser.add_argument("-H", "--threads", action="store_true", help="threads instead of processes")
    parser.add_argument(
        "-c", "--cmdline-toggle", dest="command_line", action="store_true", help="command lines for names"
    )
    parser.add_argument("-1", dest="each_cpu", action="store_true", help="a line for each CPU")
    parser.add_argument(
        "-w",
        "--width",
        nargs="?",
        type=int,
        const=0,
        metavar="COLS",
        help="columns to use (without COLS: all)",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="what the columns mean, with the figures of the process given by -p, or of the first",
    )
    parser.add_argument(
        "--lang", choices=LANGUAGES, default=from_locale(), help="language of the live page and of --explain"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per frame; needs no terminal")
    parser.add_argument("--tasks", choices=WAYS, default="auto", help="how processes are read")
    parser.add_argument("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")
    moments.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print frames, or show them live."""
    root = Root(os.path.abspath(args.root))
    shown = _shown(args)
    if args.iterations is not None and args.iterations < 1:
        raise Usage(PROG, f"-n {args.iterations} is not a positive count", "give 1 or more")
    if not 0 <= args.delay <= 1e6:
        raise Usage(PROG, f"-d {args.delay:g} is no number of seconds to wait", "give 0 or more")
    only = _pids(args.pid)
    # Swap is told by a file of its own, read only where it is shown.
    if moments.asked(args):
        from jinmaek.cli.top_past import shown as shown_past

        return shown_past(args, shown, only)
    details = args.json or args.explain or shown.field == "SWAP"
    with _scanner(root, args.tasks) as scanner:
        live = not (args.batch or args.json or args.explain) and root.live
        next_frame = frames(root, scanner, only, details=details, accounts=live or args.json)
        if args.explain:
            return _explain(next_frame(shown), shown, args.lang)
        if live:
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                raise Usage(PROG, "no terminal to show it on", "use -b for text, or --json")
            from jinmaek.views.top_live import Live, watch

            return watch(
                next_frame,
                Live(shown=shown, delay=args.delay, user_id=users.uid_of, lang=args.lang),
                args.iterations,
            )
        # A tree does not move, and a single object is what most want of --json.
        left = args.iterations or (None if args.batch and root.live else 1)
        return _print(next_frame, shown, args, left, scanner)


def _print(
    next_frame: Callable[[Shown], Frame],
    shown: Shown,
    args: argparse.Namespace,
    left: int | None,
    scanner: Scanner,
) -> int:
    """Frames as text or JSON, ``left`` of them, without end where that is None."""
    wide, printed, told = columns(args.width), Printed(), Told()
    between = ""
    while True:
        made = next_frame(shown)
        lines = [_json(made, shown, scanner)] if args.json else render(made, shown, wide, printed)
        # One write for one frame: who reads along sees whole frames.
        sys.stdout.write(between + "\n".join(lines) + "\n")
        sys.stdout.flush()
        if not args.json:
            told.tell(made)
        if left is not None:
            left -= 1
            if not left:
                return 0
        between = "" if args.json else "\n"
        time.sleep(args.delay)


def _scanner(root: Root, way: Way) -> Scanner:
    try:
        return Scanner(root, way)
    except Refused as refused:
        raise SourceUnreadable(f"--tasks {way}", refused.gap.detail, "use --tasks auto") from None


class Told:
    """What standard error was told beside the frames: each held lock once."""

    def __init__(self) -> None:
        self._locked: set[Identity] = set()

    def tell(self, made: Frame) -> None:
        for one in made.locked:
            if (one.pid, one.start_time) not in self._locked:
                self._locked.add((one.pid, one.start_time))
                print(f"jinmaek: lock held: {safe(one.name)} [{one.pid}]: {one.gap.detail}", file=sys.stderr)


def _json(made: Frame, shown: Shown, scanner: Scanner) -> str:
    import json

    from jinmaek.views.top_json import data

    return json.dumps(data(made, arrange(made, shown), scanner.reading))


def _explain(made: Frame, shown: Shown, lang: str) -> int:
    from jinmaek.views.top_explain import explain

    chosen = arrange(made, shown)
    if not chosen:
        raise Usage(PROG, "--explain: no such process", "give -p a process that is there")
    sys.stdout.write("\n".join(explain(chosen[0], made, lang)) + "\n")
    return 0


def _shown(args: argparse.Namespace) -> Shown:
    word = args.sort or ""
    field = next((name for name in KEYS if name.lower() == word.lstrip("+-").lower()), None)
    if field is None:
        raise Usage(PROG, f"-o: there is no field {word or 'given'}", f"one of {' '.join(KEYS)}")
    uid, others = None, False
    if args.user is not None:
        if args.pid is not None:
            raise Usage(PROG, "-p and -u exclude each other", "give one of them")
        others = args.user.startswith("!")
        uid = users.uid_of(args.user.removeprefix("!"))
        if uid is None:
            raise Usage(
                PROG, f"-u: there is no user {args.user.removeprefix('!')}", "give a name or a number"
            )
    return Shown(
        field=field,
        descending=not word.startswith("-"),
        uid=uid,
        others=others,
        idle=not args.idle,
        each_cpu=args.each_cpu,
        threads=args.threads,
        command_line=args.command_line,
    )


def _pids(text: str | None) -> frozenset[int] | None:
    if text is None:
        return None
    words = text.split(",")
    if not all(word.isdigit() and word.isascii() for word in words):
        raise Usage(PROG, f"-p {text} is no list of pids", "give numbers with commas between them")
    return frozenset(int(word) or os.getpid() for word in words)


def columns(width: int | None) -> int:
    """How many columns to use; raises ``Usage``."""
    import shutil

    if width:
        if not NARROWEST <= width <= WIDEST:
            raise Usage(PROG, f"-w {width} is no width", f"give {NARROWEST} to {WIDEST}")
        return width
    if width == 0 and not os.environ.get("COLUMNS", "").isdigit():
        return WIDEST
    return max(NARROWEST, min(shutil.get_terminal_size((80, 24)).columns, WIDEST))
