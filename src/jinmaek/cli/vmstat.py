"""``jinmaek vmstat``: the options of vmstat(8) that show the machine as a whole."""

from __future__ import annotations

import os
import sys
import time

from jinmaek.cli import moments, remote
from jinmaek.cli.errors import Usage, row
from jinmaek.i18n import LANGUAGES, from_locale
from jinmaek.kernel import meminfo, stat
from jinmaek.kernel import vmstat as counters
from jinmaek.root import Root
from jinmaek.views import vmstat as view
from jinmaek.views import vmstat_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SUMMARY = "run queue, memory, swapping, block I/O, interrupts and CPU, since boot and by interval"

HEADER_LINES = 3


def build(parser: ArgumentParser) -> None:
    """The options of vmstat(8), ``--json`` and ``--root``."""
    parser.add_argument("delay", nargs="?", type=int, help="seconds between lines; without it one line")
    parser.add_argument("count", nargs="?", type=int, help="how many lines; without it no end")
    parser.add_argument("-a", "--active", action="store_true", help="inactive and active memory")
    parser.add_argument("-f", "--forks", action="store_true", help="processes started since boot")
    parser.add_argument("-n", "--one-header", action="store_true", help="print the header once only")
    parser.add_argument("-s", "--stats", action="store_true", help="every counter on a line")
    parser.add_argument(
        "-S", "--unit", choices=tuple(view.UNITS), default="K", help="unit of memory and swap (K)"
    )
    parser.add_argument("-t", "--timestamp", action="store_true", help="end each line with the time")
    parser.add_argument("-w", "--wide", action="store_true", help="wide columns, and guests' CPU time")
    parser.add_argument("-y", "--no-first", action="store_true", help="leave out the line since boot")
    parser.add_argument(
        "--explain", action="store_true", help="what each column means, in the figures of the last line"
    )
    parser.add_argument("--lang", choices=LANGUAGES, help="language of --explain (the locale's)")
    parser.add_argument("--json", action="store_true", help="one JSON object in base units per line")
    parser.add_argument("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")
    moments.add_options(parser)
    remote.add_options(parser)


def run(args: Namespace) -> int:
    """Print one line, or one every ``delay`` seconds."""
    _check(args)
    if remote.asked(args, "--root", "--recording", "--explain"):
        from jinmaek.cli.vmstat_scraped import shown as scraped

        return scraped(args)
    if moments.asked(args):
        from jinmaek.cli.vmstat_past import shown

        return shown(args)
    root = Root(args.root)
    if args.forks:
        return _forks(root, args)
    if args.stats:
        return _totals(root, args)
    left = args.count if args.count is not None else (1 if args.delay is None else None)
    delay = 1 if args.delay is None else args.delay
    most = height()
    now = _read(root)
    before = None
    if not args.json:
        put(header(args))
    if not args.no_first:
        line(view.Line(now), args)
        left = left and left - 1
    printed = 1
    while left is None or left > 0:
        time.sleep(delay)
        if not args.json and not args.one_header and printed % most == 0:
            put(header(args))
        before, now = now, _read(root)
        line(view.Line(now, before, now.at - before.at if args.json else delay), args)
        printed += 1
        left = left and left - 1
    if args.explain:
        _explain(root, now, before, args)
    return 0


def _check(args: Namespace) -> None:
    """Raise ``Usage`` for what does not go together."""
    for name, value in (("delay", args.delay), ("count", args.count)):
        if value is not None and not 1 <= value <= 100_000_000:
            raise Usage("vmstat", f"the {name} {value} is not a positive number", "give 1 or more")
    endless = args.delay is not None and args.count is None
    if args.explain and (args.json or args.forks or args.stats or endless):
        raise Usage(
            "vmstat", "--explain explains the last line", "give a count, and leave out --json, -f and -s"
        )


def _explain(root: Root, now: view.Reading, before: view.Reading | None, args: Namespace) -> None:
    """Each column of the last line; its rates as averages since boot where it is the first."""
    from jinmaek.explain.here import Here
    from jinmaek.i18n import tr
    from jinmaek.views.explain import WIDTH
    from jinmaek.views.explained import lines
    from jinmaek.views.fit import folded

    lang = args.lang or from_locale()
    here = Here(
        root,
        given=now.rows,
        before=before.rows if before else None,
        seconds=now.at - before.at if before else None,
    )
    names = view.shown(wide=args.wide, active=args.active)
    text = tr(lang, "Rates are of the last {seconds:.1f} s.").format(
        seconds=now.at - before.at if before else 0
    )
    if before is None:
        text = tr(
            lang,
            "Rates are averages since boot. The line above divides them by the number of CPUs as well,"
            " as vmstat does in its first line.",
        )
    for line in lines("vmstat", names, here, lang):
        put(line)
    for line in folded(text, WIDTH):
        put(line)


def _read(root: Root) -> view.Reading:
    return view.Reading(
        row(root, "proc/stat", stat.parse),
        row(root, "proc/vmstat", counters.parse),
        row(root, "proc/meminfo", meminfo.parse),
        at=time.monotonic(),
        hz=stat.CLK_TCK,
        page_size=os.sysconf("SC_PAGESIZE"),
    )


def line(of: view.Line, args: Namespace, wall: float | None = None) -> None:
    """Print one line, at this time of the day by default."""
    if args.json:
        put(_json(vmstat_json.data(of)))
        return
    text = view.line(of, unit=view.UNITS[args.unit], wide=args.wide, active=args.active)
    put(text + (time.strftime(" %Y-%m-%d %H:%M:%S", time.localtime(wall)) if args.timestamp else ""))


def header(args: Namespace) -> str:
    """The two lines above the columns."""
    zone = time.strftime("%Z") if args.timestamp else None
    return view.header(wide=args.wide, active=args.active, zone=zone)


def _totals(root: Root, args: Namespace) -> int:
    return totals(_read(root), args)


def totals(now: view.Reading, args: Namespace) -> int:
    """Print every counter."""
    put(_json(vmstat_json.totals(now)) if args.json else "\n".join(view.totals(now, args.unit)))
    return 0


def _forks(root: Root, args: Namespace) -> int:
    return forks(row(root, "proc/stat", stat.parse), args)


def forks(now: stat.Stat, args: Namespace) -> int:
    """Print how many processes were started."""
    put(_json({"schema": 1, "forks": now.processes}) if args.json else view.forks(now))
    return 0


def height() -> int:
    """Lines between two headers: what the terminal holds."""
    try:
        rows = os.get_terminal_size(sys.stdout.fileno()).lines
    except (OSError, ValueError, AttributeError):
        rows = 24
    return rows - HEADER_LINES if rows > HEADER_LINES else 22


def _json(data: dict[str, object]) -> str:
    import json

    return json.dumps(data)


def put(text: str) -> None:
    """Print at once."""
    print(text, flush=True)
