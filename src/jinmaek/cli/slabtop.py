"""``jinmaek slabtop``: the options of slabtop(1)."""

from __future__ import annotations

import os
import sys

from jinmaek.cli import moments
from jinmaek.cli.errors import Usage, rows
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.kernel.slabinfo import parse
from jinmaek.root import Root
from jinmaek.views import slabtop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from jinmaek.kernel.slabinfo import Slab

SUMMARY = "kernel object caches by size, count or use"

DELAY = 3
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME, TO_LINE_END, TO_SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"
REVERSE, PLAIN = "\x1b[7m", "\x1b[m"


def build(parser: ArgumentParser) -> None:
    """The options of slabtop(1), ``--json`` and ``--root``."""
    letters = ", ".join(f"{letter} {words}" for letter, (_, _, words) in slabtop.KEYS.items())
    parser.add_argument("-o", "--once", action="store_true", help="print everything once")
    parser.add_argument("-d", "--delay", type=int, metavar="N", help=f"seconds between updates ({DELAY})")
    parser.add_argument("-s", "--sort", default="o", choices=tuple(slabtop.KEYS), help=f"sort by {letters}")
    parser.add_argument(
        "--explain", action="store_true", help="print once, and what each column means, by the first cache"
    )
    parser.add_argument("--lang", choices=LANGUAGES, help="language of --explain (the locale's)")
    parser.add_argument("--json", action="store_true", help="one JSON object in bytes and counts")
    parser.add_argument("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")
    moments.add_options(parser)


def run(args: Namespace) -> int:
    """Print once, or follow on a terminal until ``q``."""
    _check(args)
    page_size = os.sysconf("SC_PAGESIZE")
    if moments.asked(args):
        args.once = True
        read, page_size = _past(args)
    else:
        read = _read(args)
    slabs = slabtop.ordered(read, args.sort)
    if args.json:
        import json

        print(json.dumps(slabtop.data(slabs, page_size)))
    elif (
        args.once or args.explain or not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))
    ):
        for line in (*slabtop.head(slabs), slabtop.HEADING):
            print(line)
        for slab in slabs:
            print(slabtop.line(slab, page_size))
        if args.explain and slabs:
            _explain(slabs[0], args)
    else:
        _follow(args, page_size)
    return 0


def _check(args: Namespace) -> None:
    """Raise ``Usage`` for what does not go together."""
    if args.explain and (args.json or args.delay is not None):
        raise Usage("slabtop", "--explain explains one page", "leave out --json and -d")
    if args.delay is not None:
        if args.once:
            raise Usage("slabtop", "-d and -o exclude each other", "leave one out")
        if not 1 <= args.delay <= 1_000_000:
            raise Usage("slabtop", f"-d {args.delay} is not a positive number", "give 1 or more")
    if moments.asked(args) and (args.explain or args.delay is not None):
        raise Usage("slabtop", "a recording shows one moment", "leave out --explain and -d")


def _explain(slab: Slab, args: Namespace) -> None:
    """Each column, in the figures of one cache."""
    from jinmaek.explain.here import Here
    from jinmaek.views.explained import lines
    from jinmaek.views.plain import safe

    here = Here(Root(args.root), given={"slabinfo": (slab,)}, alone=True)
    columns = ("NAME", *(name for name in slabtop.COLUMNS if name != "NAME"))
    given = {"NAME": safe(slab.name)}
    for line in lines("slabtop", columns, here, args.lang or from_locale(), given):
        print(line)


def _past(args: Namespace) -> tuple[tuple[Slab, ...], int]:
    """The caches at a moment of a recording, and the size of a page there."""
    from jinmaek.cli.recorded import Recorded
    from jinmaek.kernel.slabinfo import Slab

    with Recorded(args) as recorded:
        return recorded.rows("slabinfo", Slab), int(recorded.meta.get("page_size", 4096))


def _read(args: Namespace) -> tuple[Slab, ...]:
    return rows(Root(args.root), "proc/slabinfo", parse)


def _follow(args: Namespace, page_size: int) -> None:
    """Redraw until ``q``; a sort letter sorts."""
    import select
    import termios
    import tty

    letter = args.sort
    terminal = sys.stdin.fileno()
    saved = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)  # keys typed already stay
        print(ENTER, end="")
        while True:
            print(_screen(slabtop.ordered(_read(args), letter), page_size), end="", flush=True)
            if select.select([terminal], [], [], args.delay or DELAY)[0]:
                key = os.read(terminal, 1).decode("ascii", "replace").lower()
                if key in ("q", ""):
                    return
                letter = key if key in slabtop.KEYS else letter
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, saved)
        print(LEAVE, end="", flush=True)


def _screen(slabs: list[Slab], page_size: int) -> str:
    width, height = os.get_terminal_size(sys.stdout.fileno())
    columns, rows = width or 80, height or 24
    caches = slabs[: max(0, rows - slabtop.HEAD_LINES - 1)]
    head = [*(text[:columns] for text in slabtop.head(slabs)), REVERSE + slabtop.HEADING[:columns] + PLAIN]
    shown = head + [slabtop.line(slab, page_size)[:columns] for slab in caches]
    return HOME + "".join(f"{text}{TO_LINE_END}\n" for text in shown[: rows - 1]) + TO_SCREEN_END
