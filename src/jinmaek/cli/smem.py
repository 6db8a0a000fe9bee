"""``jinmaek smem``: the main options of smem(8), and no process left out without a word."""

from __future__ import annotations

import itertools
import os
import re
import sys
import time

from jinmaek import procfile
from jinmaek.cli import progress
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.i18n import LANGUAGES, from_locale, tr
from jinmaek.kernel import pid_smaps
from jinmaek.root import Root
from jinmaek.tasks import pss, users
from jinmaek.tasks.pss import TABLES, Asked
from jinmaek.views import smem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from jinmaek.tasks.guarded import Tick

    Look = tuple[list[pss.Process], list[pss.Unread], int]
    """Processes, those not read, and how many are as in an earlier table."""

SUMMARY = "memory by process, user or mapping: own (USS), proportional (PSS), resident and in swap"

PROG = "smem"
DELAY = 3.0
"""Seconds between tables where only their count is given."""
BUDGET = 1.0
"""Seconds of reading for each table after the first, unless another limit is given."""
LONGEST = 1e6
NAMED = 50
"""Cells of the command whose figures are explained."""


def build(parser: ArgumentParser) -> None:
    """The options of smem(8) that are here, those that repeat the table, ``--json`` and ``--root``."""
    add = parser.add_argument
    add("-H", "--no-header", action="store_true", help="no heading")
    add("-c", "--columns", metavar="FIELDS", help="the fields to show, in one word with spaces or commas")
    add("-t", "--totals", action="store_true", help="a last line with the sums")
    add("-m", "--mappings", action="store_true", help="by mapping; reads smaps, the dearest file there is")
    add("-u", "--users", action="store_true", help="by user")
    add("-P", "--processfilter", metavar="REGEX", help="only processes of this name or command")
    add("-U", "--userfilter", metavar="REGEX", help="only processes of this user")
    add("-s", "--sort", metavar="FIELD", default="pss", help="sort by FIELD (pss)")
    add("-r", "--reverse", action="store_true", help="largest first; on a live screen smallest first")
    add("-k", "--abbreviate", action="store_true", help="amounts with a unit")
    add("-d", "--delay", type=float, metavar="SECONDS", help="another table every SECONDS; q ends it")
    add("-n", "--count", type=int, metavar="COUNT", help="so many tables")
    add("-b", "--batch", action="store_true", help="tables one below the other on a terminal, too")
    add(
        "--budget",
        type=float,
        metavar="SECONDS",
        help="read for so long per table, the largest first (first table: no limit, others: 1)",
    )
    add(
        "--keep",
        type=int,
        default=TABLES,
        metavar="TABLES",
        help="read a process that did nothing again after TABLES at the latest (32; 1: each time)",
    )
    add("--explain", action="store_true", help="what each column means, by the line with the largest PSS")
    add("--lang", choices=LANGUAGES, help="language of --explain (the locale's)")
    add("--json", action="store_true", help="one JSON object in bytes, for each table on a line")
    add("--root", default="/", metavar="DIR", help="a tree with proc/ instead of this host")


def run(args: Namespace) -> int:
    """Print one table or several; what could not be read is said on standard error, in JSON in ``gaps``."""
    columns = _checked(args)
    again = args.delay is not None or (args.count or 1) > 1
    live = again and not (args.batch or args.json) and sys.stdin.isatty() and sys.stdout.isatty()
    progress = Progress() if sys.stderr.isatty() and not live else None
    frames = _frames(args, columns, progress, again=again)

    def lines(frame: smem.Frame, *, reverse: bool) -> Iterator[str]:
        return smem.table(
            frame,
            columns,
            sort=args.sort,
            reverse=reverse,
            heading=not args.no_header,
            totals=args.totals,
            units=args.abbreviate,
        )

    delay = DELAY if args.delay is None else args.delay
    count = args.count or (None if again else 1)
    if live:
        from jinmaek.views.smem_live import watch

        return watch(frames, lines, delay, count, reverse=not args.reverse)
    for n in itertools.count(1):
        try:
            frame = next(frames)
        finally:
            if progress is not None:
                progress.clear()
        _print(args, frame, lines(frame, reverse=args.reverse))
        if args.explain and frame.rows:
            _explain(frame, columns, args)
        if n == count:
            break
        time.sleep(delay)
        if not args.json:
            print()
    return 0


def _checked(args: Namespace) -> tuple[str, ...]:
    """The columns to show."""
    if args.mappings and args.users:
        raise Usage(PROG, "-m and -u exclude each other", "leave one out")
    fields, columns = smem.DEFAULTS[_kind(args)]
    if args.columns is not None:
        columns = tuple(args.columns.replace(",", " ").split())
    for name in (*columns, args.sort):
        if name not in fields:
            raise Usage(PROG, f"there is no field {name}", "fields: " + " ".join(fields))
    if args.explain and args.json:
        raise Usage(PROG, "--explain explains the table", "leave out --json")
    for option, count in (("-n", args.count), ("--keep", args.keep)):
        if count is not None and count < 1:
            raise Usage(PROG, f"{option} {count} is not a positive count", "give 1 or more")
    for option, seconds in (("-d", args.delay), ("--budget", args.budget)):
        if seconds is not None and not 0 <= seconds <= LONGEST:
            raise Usage(PROG, f"{option} {seconds:g} is no number of seconds", "give 0 or more")
    return columns


def _kind(args: Namespace) -> str:
    return "mapping" if args.mappings else "user" if args.users else "process"


def _frames(
    args: Namespace, columns: tuple[str, ...], progress: Progress | None, *, again: bool
) -> Iterator[smem.Frame]:
    """Table after table, without end."""
    root, kind = Root(os.path.abspath(args.root)), _kind(args)
    shown = frozenset(smem.DEFAULTS[kind][0]) if args.json else frozenset((*columns, args.sort))
    groups: dict[str, smem.Group] = {}
    asked = Asked(
        _into(groups) if kind == "mapping" else pss.sums(),
        users.names(root),
        file="smaps" if kind == "mapping" else "smaps_rollup",
        commands="command" in shown,
        names="name" in shown,
        users="user" in shown or kind == "user",
        sizes="vss" in shown and kind != "mapping",
        command=_pattern(args.processfilter),
        user=_pattern(args.userfilter),
    )
    tick = None if progress is None else progress.tick
    looks = _once(root, asked, args.budget, tick)
    if again and kind != "mapping":
        looks = _keeping(root, asked, args.budget, args.keep, tick)
    while True:
        groups.clear()
        try:
            found, unread, kept = next(looks)
        except procfile.Unreadable as missing:
            raise SourceUnreadable(missing.path, missing.why, "is it a tree with proc/?") from None
        if not (found or unread) and not pss.pids(root):
            raise SourceUnreadable(root.path("proc"), "it holds no process", "is it a tree with proc/PID/?")
        rows: Sequence[Any] = found
        if kind != "process":
            rows = smem.by_user(found) if kind == "user" else list(groups.values())
        yield smem.Frame(kind, rows, unread, time.monotonic(), found, kept)


def _once(root: Root, asked: Asked, budget: float | None, tick: Tick | None) -> Iterator[Look]:
    while True:
        yield (*pss.once(root, asked, budget=budget, tick=tick), 0)


def _keeping(root: Root, asked: Asked, budget: float | None, keep: int, tick: Tick | None) -> Iterator[Look]:
    from jinmaek.tasks.pss_kept import Tables

    with Tables(root, asked, tables=keep, tick=tick) as tables:
        limit = budget
        while True:
            table = tables.table(limit)
            yield table.processes, table.unread, table.kept
            limit = BUDGET if budget is None else budget


def _print(args: Namespace, frame: smem.Frame, lines: Iterable[str]) -> None:
    if args.json:
        import json

        from jinmaek.views.smem_json import data

        print(json.dumps(data(frame)), flush=True)
        return
    # One write for one table: who reads along sees whole tables.
    sys.stdout.write("".join([f"{line}\n" for line in lines]))
    sys.stdout.flush()
    note = smem.note(frame)
    if note:
        print(note, file=sys.stderr)


def _explain(frame: smem.Frame, columns: Iterable[str], args: Namespace) -> None:
    """Each column, in the figures of the line with the largest PSS."""
    from jinmaek.explain.here import Here
    from jinmaek.views.explained import lines
    from jinmaek.views.fit import cut
    from jinmaek.views.plain import safe
    from jinmaek.views.units import amount

    lang = args.lang or from_locale()
    fields, _ = smem.DEFAULTS[frame.kind]
    one = max(frame.rows, key=lambda row: row.pss)
    sizes = {name: fields[name][2](one) for name in smem.SIZES if name in columns}
    given = {name: amount(size, "bytes") for name, size in sizes.items() if size is not None}
    of = cut(safe(one.command or one.name if isinstance(one, pss.Process) else one.name), NAMED)
    of += f" [{one.pid}]" if isinstance(one, pss.Process) else ""
    print("\n" + tr(lang, "In the figures of {name}:").format(name=of), end="")
    for line in lines("smem", columns, Here(Root(os.path.abspath(args.root))), lang, given):
        print(line)


class Progress:
    """A line on a terminal about a reading that takes more than a second."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._shown = False

    def tick(self, left: int) -> None:
        """So many processes are left to read."""
        now = time.monotonic()
        self._began = self._began or now
        if now - self._began > 1:
            self._shown = True
            progress.show(f"{left} processes to read")

    def clear(self) -> None:
        """Reading is over."""
        self._began = None
        if self._shown:
            self._shown = False
            progress.clear()


def _into(groups: dict[str, smem.Group]) -> Callable[[pss.Process, bytes], None]:
    """What adds the mappings in a smaps file to those of the same name."""

    def take(_: pss.Process, data: bytes) -> None:
        # All of a process or nothing: its file may turn out to be malformed.
        smem.mapping(groups, tuple(pid_smaps.parse(data.decode("utf-8", "backslashreplace"))))

    return take


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise Usage(
            PROG, f"{text} is no regular expression: {error}", "quote the characters meant as such"
        ) from None
