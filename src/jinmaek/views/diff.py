"""What took the memory between two moments, on a screen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from jinmaek.accounts.difference import Difference, Moved, Task
from jinmaek.accounts.memory_titles import TITLES
from jinmaek.i18n import tr
from jinmaek.views.fit import cells
from jinmaek.views.plain import safe
from jinmaek.views.units import amount, span

MOST = 8
"""Lines of a part, unless all are asked for."""
LEAST = 1 << 20
"""Bytes below which a difference is not worth a line."""


def lines(told: Difference, lang: str, *, whole: bool = False) -> Iterator[str]:
    """The screen; ``whole``: every line of every part."""
    most = 1_000_000 if whole else MOST
    least = 1 if whole else LEAST
    yield from _head(told, lang)
    yield from _memory(told, lang, least)
    names = [one for one in told.names if abs(one.by) >= least]
    yield from _part(tr(lang, "processes by name"), names, most, lang)
    yield from _tasks([one for one in told.tasks if abs(one.by) >= least], most, lang)
    slabs = [one for one in told.slabs if abs(one.by) >= least]
    yield from _part(tr(lang, "kernel caches"), slabs, most, lang)
    groups = [one for one in told.cgroups if abs(one.by) >= least]
    yield from _part(tr(lang, "cgroups, their page cache included"), groups, most, lang)
    if told.settings:
        yield ""
        yield tr(lang, "settings that were changed")
        for one in told.settings:
            yield f"  {one.name}  {safe(one.before)} → {safe(one.after)}"
    if told.events:
        yield ""
        yield tr(lang, "what happened in between")
        for event in told.events:
            yield f"  vmstat.{event.name}  +{event.by:,}"


def _head(told: Difference, lang: str) -> Iterator[str]:
    first, last = (
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.wall)) for one in (told.before, told.after)
    )
    lasting = span(told.after.wall - told.before.wall, lang)
    yield tr(lang, "from {since} to {until}, {time}").format(since=first, until=last, time=lasting)
    if not told.same_boot:
        yield tr(lang, "The host was started in between: every process and counter is another one.")


def _memory(told: Difference, lang: str, least: int) -> Iterator[str]:
    yield ""
    if told.total is None:
        yield tr(lang, "memory was not recorded")
        return
    yield tr(lang, "memory: what grew took it from what shrank")
    shown = [one for one in told.memory if abs(one.by) >= least]
    rest = sum(one.by for one in told.memory) - sum(one.by for one in shown)
    titles = TITLES | {"residual": "in no line of /proc/meminfo"}
    for one in sorted(shown, key=lambda one: -one.by):
        yield _line(tr(lang, titles[one.name]), one, lang)
    if rest:
        yield f"  {_signed(rest):>12}  {tr(lang, 'all the rest')}"
    if told.total.by:
        yield _line("MemTotal", told.total, lang)
    if told.swap is not None and told.swap.by:
        yield _line(tr(lang, "in swap, besides"), told.swap, lang)


def _part(title: str, moved: Sequence[Moved], most: int, lang: str) -> Iterator[str]:
    if not moved:
        return
    yield ""
    yield title
    for one in moved[:most]:
        yield _line(safe(one.name), one, lang)
    yield from _more(moved[most:], lang)


def _tasks(tasks: Sequence[Task], most: int, lang: str) -> Iterator[str]:
    if not tasks:
        return
    yield ""
    yield tr(lang, "processes: anonymous, shared and swapped memory")
    for task in tasks[:most]:
        moved = Moved(task.name, task.before, task.after)
        what = f"{safe(task.name)} [{task.pid}]"
        if task.before is None:
            what += "  " + tr(lang, "started since")
        elif task.after is None:
            what += "  " + tr(lang, "ended since")
        if task.cpu_s is not None and task.cpu_s >= 1:
            what += "  " + tr(lang, "{cpu:.0f} s of CPU time").format(cpu=task.cpu_s)
        yield _line(what, moved, lang)
    yield from _more(tasks[most:], lang)


def _more(left: Iterable[Moved | Task], lang: str) -> Iterator[str]:
    rest = list(left)
    if rest:
        text = tr(lang, "{count} more").format(count=len(rest))
        yield f"  {_signed(sum(one.by for one in rest)):>12}  {text}"


def _line(title: str, one: Moved, lang: str) -> str:
    nothing = tr(lang, "nothing")
    before, after = (nothing if size is None else amount(size, "bytes") for size in (one.before, one.after))
    room = " " * max(1, 46 - cells(title))
    return f"  {_signed(one.by):>12}  {title}{room}{before} → {after}"


def _signed(by: int) -> str:
    return ("+" if by > 0 else "-" if by < 0 else "") + amount(abs(by), "bytes")
