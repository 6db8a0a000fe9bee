"""``smem``: memory by process, user or mapping, with shared memory divided among those who share it.

The columns, their widths and the order are smem(8)'s. PSS is the kernel's own sum, which is up to 1 KiB per
mapping more than the sum smem makes of figures that are rounded down each. VSS of a process is without the
page [vsyscall], which smem counts and the kernel does not; of a user it is that too, where smem shows PSS. A
mapping has its whole name, where smem has the first word of it: ``/memfd:x (deleted)``.
"""

from __future__ import annotations

import math

from jinmaek.tasks.guarded import BUDGET, HELD
from jinmaek.views.plain import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from jinmaek.kernel.pid_smaps import Vma
    from jinmaek.tasks.pss import Process, Unread

    Field = tuple[str, str, Callable[[Any], Any], Callable[[list[Any]], Any] | None]
    """Heading, format (``%8a`` is an amount in bytes, ``%6t`` a time), value, and what totals show of all."""

KIB = 1024
NAMED = 8
"""Processes whose lock is held that the note names."""


class Group:
    """What the processes of a user, or all mappings of one name, hold together, in bytes.

    ``at`` is when the oldest of a user's figures were read (CLOCK_MONOTONIC).
    """

    __slots__ = ("at", "count", "name", "pids", "pss", "rss", "swap", "swappss", "uss", "vss")

    def __init__(self, name: str) -> None:
        self.name = name
        self.at = math.inf
        self.count = self.pids = self.swap = self.uss = self.pss = self.rss = self.vss = 0
        self.swappss: int | None = None

    def add(self, vss: int, uss: int, pss: int, rss: int, swap: int, swappss: int | None) -> None:
        """Count one more process or mapping in."""
        self.count += 1
        self.vss += vss
        self.uss += uss
        self.pss += pss
        self.rss += rss
        self.swap += swap
        if swappss is not None:
            self.swappss = (self.swappss or 0) + swappss


def by_user(processes: Iterable[Process]) -> list[Group]:
    """The sums of each user."""
    groups: dict[str, Group] = {}
    for one in processes:
        group = groups.setdefault(one.user, Group(one.user))
        group.add(one.vss, one.uss, one.pss, one.rss, one.swap, one.swappss)
        group.at = min(group.at, one.at)
    return list(groups.values())


def mapping(groups: dict[str, Group], mappings: Iterable[Vma]) -> None:
    """Count the mappings of one process in with those of the same name."""
    seen: set[str] = set()
    for vma in mappings:
        name = vma.path or "<anonymous>"
        size = vma.sizes.get
        uss = size("Private_Clean", 0) + size("Private_Dirty", 0) + size("Private_Hugetlb", 0)
        group = groups.setdefault(name, Group(name))
        group.add(vma.end - vma.start, uss, size("Pss", 0), size("Rss", 0), size("Swap", 0), size("SwapPss"))
        group.pids += name not in seen
        seen.add(name)


def _total(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known or not values else None


SIZES: dict[str, Field] = {
    "swap": ("Swap", "%8a", lambda one: one.swap, _total),
    "swappss": ("SwapPss", "%8a", lambda one: one.swappss, _total),
    "uss": ("USS", "%8a", lambda one: one.uss, _total),
    "pss": ("PSS", "%8a", lambda one: one.pss, _total),
    "rss": ("RSS", "%8a", lambda one: one.rss, _total),
    "vss": ("VSS", "%8a", lambda one: one.vss, _total),
}
AGE: Field = ("Age", "%6t", lambda one: -one.at, lambda values: max(values, default=None))
"""Its value is greater the older a figure is."""
PROCESS: dict[str, Field] = {
    "pid": ("PID", "%5s", lambda one: one.pid, len),
    "user": ("User", "%-8s", lambda one: one.user, lambda values: len(set(values))),
    "name": ("Name", "%-24.24s", lambda one: one.name, None),
    "command": ("Command", "%-27.27s", lambda one: one.command, None),
    **SIZES,
    "age": AGE,
}
USER: dict[str, Field] = {
    "user": ("User", "%-8s", lambda one: one.name, None),
    "count": ("Count", "%5s", lambda one: one.count, _total),
    **SIZES,
    "age": AGE,
}
MAPPING: dict[str, Field] = {
    "map": ("Map", "%-40.40s", lambda one: one.name, len),
    "count": ("Count", "%5s", lambda one: one.count, _total),
    "pids": ("PIDs", "%5s", lambda one: one.pids, _total),
    "avgpss": ("AVGPSS", "%8a", lambda one: one.pss // KIB // one.pids * KIB, _total),
    "avguss": ("AVGUSS", "%8a", lambda one: one.uss // KIB // one.pids * KIB, _total),
    "avgrss": ("AVGRSS", "%8a", lambda one: one.rss // KIB // one.pids * KIB, _total),
    **SIZES,
}
DEFAULTS = {
    "process": (PROCESS, ("pid", "user", "command", "swap", "uss", "pss", "rss")),
    "user": (USER, ("user", "count", "swap", "uss", "pss", "rss")),
    "mapping": (MAPPING, ("map", "pids", "avgpss", "pss")),
}
"""By what a line is of: all fields, and those shown unless others are asked for."""


class Frame:
    """One table: its rows, and the processes not read for it.

    ``at`` is the time it is of, ``oldest`` when the oldest of its figures were read (CLOCK_MONOTONIC);
    ``kept`` of the figures of ``processes`` are those of an earlier table.
    """

    __slots__ = ("at", "kept", "kind", "oldest", "processes", "rows", "unread")

    def __init__(
        self,
        kind: str,
        rows: Sequence[Any],
        unread: Sequence[Unread],
        at: float,
        processes: Sequence[Process],
        kept: int = 0,
    ) -> None:
        self.kind = kind
        self.rows = rows
        self.unread = unread
        self.at = at
        self.processes = len(processes)
        self.kept = kept
        self.oldest = min((one.at for one in processes), default=at)


def table(
    frame: Frame,
    names: Sequence[str],
    *,
    sort: str = "pss",
    reverse: bool = False,
    heading: bool = True,
    totals: bool = False,
    units: bool = False,
) -> Iterator[str]:
    """The lines; amounts are KiB, with ``units`` the nearest unit with its letter."""
    fields = DEFAULTS[frame.kind][0]
    shown = [fields[name] for name in names]
    forms = [form.replace("a", "s").replace("t", "s") for _, form, _, _ in shown]
    head = "".join(form % title + " " for form, (title, _, _, _) in zip(forms, shown, strict=True))
    if heading:
        yield head
    values = [fields[sort][2], *[value for _, _, value, _ in shown]]
    # Column by column: thousands of rows are formatted in half the time.
    lines = list(zip(*[[value(one) for one in frame.rows] for value in values], strict=True))
    try:
        lines.sort(reverse=reverse)
    except TypeError:
        lines.sort(key=_comparable, reverse=reverse)
    columns = [list(column) for column in zip(*lines, strict=True)][1:] or [[] for _ in shown]
    form = " ".join(forms) + " "
    words = [_words(form, frame.at, abbreviate=units) for _, form, _, _ in shown]
    for cells in zip(*[word(column) for word, column in zip(words, columns, strict=True)], strict=True):
        yield form % cells
    if totals:
        yield "-" * len(head)
        whole = [
            word([together(column)])[0] if together else ""
            for word, column, (_, _, _, together) in zip(words, columns, shown, strict=True)
        ]
        yield form % tuple(whole)


def note(frame: Frame) -> str:
    """One line about what is not in the table, or not read for it; nothing where there is nothing to say."""
    why: dict[str, list[Unread]] = {}
    for one in frame.unread:
        why.setdefault(one.missed.why, []).append(one)
    late = why.pop(BUDGET, [])
    parts = []
    for words, them in why.items():
        part = f"{len(them)} {words}"
        if words == HELD:
            part += ": " + ", ".join(f"{safe(one.name)} [{one.pid}]" for one in them[:NAMED])
            part += ", …" if len(them) > NAMED else ""
        parts.append(part)
    said = []
    if parts:
        said.append(f"{_processes(len(frame.unread) - len(late))} not read: {'; '.join(parts)}")
    if late:
        said.append(f"{BUDGET}: {_processes(len(late))} not read")
    if frame.kept:
        said.append(
            f"{frame.kept} of {_processes(frame.processes)} as in an earlier table,"
            f" the oldest read {frame.at - frame.oldest:.1f} s ago"
        )
    return "; ".join(said)


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def units(size: int) -> str:
    """Bytes as smem abbreviates them: ``1.5M``."""
    if not size:
        return "0"
    value = float(size)
    for letter in ("", "K", "M", "G"):
        if value < KIB:
            return f"{value:.1f}{letter}"
        value /= KIB
    return f"{value:.1f}T"


def _words(form: str, now: float, *, abbreviate: bool) -> Callable[[list[Any]], list[Any]]:
    """What makes the cells of a column of its values."""
    if "t" in form:
        return lambda ages: ["-" if age is None else f"{now + age:.1f}" for age in ages]
    if "a" not in form:
        # Of a command line that is shown in part the rest need not be looked at.
        limit = form.partition(".")[2].rstrip("s")
        shown = int(limit) if limit else None
        return lambda cells: [safe(cell[:shown]) if isinstance(cell, str) else cell for cell in cells]
    if abbreviate:
        return lambda sizes: ["-" if size is None else units(size) for size in sizes]
    return lambda sizes: ["-" if size is None else size // KIB for size in sizes]


def _comparable(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(-1 if value is None else value for value in values)
