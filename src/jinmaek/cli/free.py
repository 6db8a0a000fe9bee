"""``jinmaek free``: the options of free(1)."""

from __future__ import annotations

import time

from jinmaek.cli import moments, remote
from jinmaek.cli.errors import Usage, row
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.kernel.meminfo import Meminfo, parse
from jinmaek.root import Root
from jinmaek.views import free
from jinmaek.views.procps import Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SUMMARY = "memory and swap: total, used, free, shared, buff/cache, available"

UNITS = (
    ("-b", "--bytes", 0, False, "bytes"),
    ("-k", "--kibi", 1, False, "kibibytes (the default)"),
    ("-m", "--mebi", 2, False, "mebibytes"),
    ("-g", "--gibi", 3, False, "gibibytes"),
    (None, "--tebi", 4, False, "tebibytes"),
    (None, "--pebi", 5, False, "pebibytes"),
    (None, "--kilo", 1, True, "kilobytes"),
    (None, "--mega", 2, True, "megabytes"),
    (None, "--giga", 3, True, "gigabytes"),
    (None, "--tera", 4, True, "terabytes"),
    (None, "--peta", 5, True, "petabytes"),
)


def build(parser: ArgumentParser) -> None:
    """The options of free(1), ``--json`` and ``--root``."""
    unit = parser.add_mutually_exclusive_group()
    for short, long, exponent, si, name in UNITS:
        names = (short, long) if short else (long,)
        unit.add_argument(
            *names, dest="unit", action="store_const", const=(exponent, si), help=f"show {name}"
        )
    parser.add_argument("-h", "--human", action="store_true", help="show three digits and a unit")
    parser.add_argument("--si", action="store_true", help="powers of 1000, not 1024")
    parser.add_argument("-l", "--lohi", action="store_true", help="add low and high memory")
    parser.add_argument("-L", "--line", action="store_true", help="four figures on one line")
    parser.add_argument("-t", "--total", action="store_true", help="add the sum of memory and swap")
    parser.add_argument("-v", "--committed", action="store_true", help="add commit limit and commitment")
    parser.add_argument("-w", "--wide", action="store_true", help="buffers and cache apart")
    parser.add_argument("-s", "--seconds", type=float, metavar="N", help="repeat every N seconds")
    parser.add_argument("-c", "--count", type=int, metavar="N", help="repeat N times")
    parser.add_argument("--explain", action="store_true", help="what each column means, in these figures")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of --explain (the locale's)")
    parser.add_argument("--json", action="store_true", help="one JSON object in bytes per reading")
    parser.add_argument("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")
    moments.add_options(parser)
    remote.add_options(parser)


def run(args: Namespace) -> int:
    """Print the table once, or as often as asked."""
    _check(args)
    if remote.asked(args, "--root", "--recording", "--seconds", "--count", "--explain"):
        print(_page(Memory(_scraped(args)), args))
        return 0
    if moments.asked(args):
        return _past(args)
    root = Root(args.root)
    left = args.count if args.count is not None else (None if args.seconds is not None else 1)
    while True:
        meminfo = row(root, "proc/meminfo", parse)
        print(_page(Memory(meminfo), args), flush=True)
        if args.explain:
            _explain(root, meminfo, args)
        if left is not None:
            left -= 1
            if not left:
                return 0
        if not (args.json or args.line):
            print()
        time.sleep(1.0 if args.seconds is None else args.seconds)


def _check(args: Namespace) -> None:
    """Raise ``Usage`` for what does not go together."""
    if args.seconds is not None and not 0.000001 <= args.seconds <= 1e8:
        raise Usage("free", f"-s {args.seconds:g} is no number of seconds to wait", "give 1 or more")
    if args.count is not None and args.count < 1:
        raise Usage("free", f"-c {args.count} is not a positive count", "give 1 or more")
    if args.explain and (args.json or args.line or args.seconds is not None or args.count is not None):
        raise Usage("free", "--explain explains the table of one reading", "leave out --json, -L, -s and -c")


def _past(args: Namespace) -> int:
    """The table of a moment of a recording, and of those after it with -s or -c."""
    from jinmaek.cli.recorded import Recorded

    if args.explain:
        raise Usage("free", "--explain takes its figures from this host", "leave out --recording and --at")
    left = args.count if args.count is not None else (None if args.seconds is not None else 1)
    with Recorded(args) as recorded:
        while True:
            print(_page(Memory(recorded.row("meminfo", Meminfo)), args), flush=True)
            left = None if left is None else left - 1
            if left == 0 or not recorded.go_on(1.0 if args.seconds is None else args.seconds):
                return 0
            if not (args.json or args.line):
                print()


def _scraped(args: Namespace) -> Meminfo:
    """Memory of a host in Prometheus at that time."""
    return remote.only_row(remote.readings(args, ("meminfo",)).snapshots[-1], "meminfo", Meminfo)


def _explain(root: Root, meminfo: Meminfo, args: Namespace) -> None:
    """Each column, and the lines below the first."""
    from jinmaek.explain.here import Here
    from jinmaek.views.explained import lines

    columns = [*(free.WIDE if args.wide else free.NARROW), "Swap", *(["Comm"] if args.committed else [])]
    for line in lines("free", columns, Here(root, given={"meminfo": (meminfo,)}), args.lang or from_locale()):
        print(line)


def _page(memory: Memory, args: Namespace) -> str:
    if args.json:
        import json

        return json.dumps(free.data(memory))
    exponent, si = args.unit or (1, False)
    scale = free.human(si=si or args.si) if args.human else free.in_units(exponent, si=si or args.si)
    if args.line:
        return free.one_line(memory, scale)
    shown = free.lines(
        memory, scale, wide=args.wide, lohi=args.lohi, total=args.total, committed=args.committed
    )
    return "\n".join(shown)
