"""``smem``: memory by process, user or mapping, with shared memory divided among those who share it.

The columns, their widths and the order are smem(8)'s. PSS is the kernel's own sum, which is up to 1 KiB per
mapping more than the sum smem makes of figures that are rounded down each.
"""

from __future__ import annotations

from jinmaek.views.plain import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    Field = tuple[str, str, Callable[[Any], Any], Callable[[list[Any]], Any] | None]
    """Heading, format (``%8a`` is an amount in bytes), value, and what the totals line shows of all."""

KIB = 1024
NAMED = 8
"""Processes whose lock is held that the note names."""


class Process:
    """What one process holds, in bytes."""

    __slots__ = ("command", "name", "pid", "pss", "rss", "swap", "swappss", "uid", "user", "uss", "vss")

    def __init__(self, pid: int, uid: int | None, user: str, command: str, vss: int) -> None:
        self.pid = pid
        self.uid = uid
        self.user = user
        self.command = command
        self.name = ""
        self.vss = vss
        self.swap = self.uss = self.pss = self.rss = 0
        self.swappss: int | None = None


class Group:
    """What the processes of a user, or all mappings of one name, hold together."""

    __slots__ = ("count", "name", "pids", "pss", "rss", "swap", "swappss", "uss", "vss")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = self.pids = self.swap = self.uss = self.pss = self.rss = self.vss = 0
        self.swappss: int | None = None

    def add(self, other: Any) -> None:
        """Count one more process or mapping in."""
        self.count += 1
        self.swap += other.swap
        self.uss += other.uss
        self.pss += other.pss
        self.rss += other.rss
        self.vss += other.vss
        if other.swappss is not None:
            self.swappss = (self.swappss or 0) + other.swappss


class Unread:
    """A process that could not be read, and why (``jinmaek.tasks.guarded.Missed``)."""

    __slots__ = ("missed", "name", "pid")

    def __init__(self, pid: int, name: str, missed: Any) -> None:
        self.pid = pid
        self.name = name
        self.missed = missed


def _total(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


SIZES: dict[str, Field] = {
    "swap": ("Swap", "%8a", lambda one: one.swap, _total),
    "swappss": ("SwapPss", "%8a", lambda one: one.swappss, _total),
    "uss": ("USS", "%8a", lambda one: one.uss, _total),
    "pss": ("PSS", "%8a", lambda one: one.pss, _total),
    "rss": ("RSS", "%8a", lambda one: one.rss, _total),
    "vss": ("VSS", "%8a", lambda one: one.vss, _total),
}
PROCESS: dict[str, Field] = {
    "pid": ("PID", "%5s", lambda one: one.pid, len),
    "user": ("User", "%-8s", lambda one: one.user, lambda values: len(set(values))),
    "name": ("Name", "%-24.24s", lambda one: one.name, None),
    "command": ("Command", "%-27.27s", lambda one: one.command, None),
    **SIZES,
}
USER: dict[str, Field] = {
    "user": ("User", "%-8s", lambda one: one.name, None),
    "count": ("Count", "%5s", lambda one: one.count, _total),
    **SIZES,
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


def table(
    rows: Iterable[Any],
    fields: dict[str, Field],
    columns: Sequence[str],
    *,
    sort: str = "pss",
    reverse: bool = False,
    heading: bool = True,
    totals: bool = False,
    units: bool = False,
) -> Iterator[str]:
    """The lines; amounts are KiB, with ``units`` the nearest unit with its letter."""
    shown = [fields[name] for name in columns]
    head = "".join((form.replace("a", "s") % title) + " " for title, form, _, _ in shown)
    if heading:
        yield head
    key = fields[sort][2]
    lines = [(key(one), [value(one) for _, _, value, _ in shown]) for one in rows]
    lines.sort(key=lambda line: _comparable((line[0], *line[1])), reverse=reverse)
    for _, cells in lines:
        yield _line(shown, cells, units)
    if totals:
        whole = [
            together([cells[n] for _, cells in lines]) if together else ""
            for n, (_, _, _, together) in enumerate(shown)
        ]
        yield "-" * len(head)
        yield _line(shown, whole, units)


def note(unread: Sequence[Unread]) -> str:
    """One line about the processes that are not in the table; nothing when all are."""
    if not unread:
        return ""
    why: dict[str, list[Unread]] = {}
    for one in unread:
        words = one.missed.kind
        if words == "timed out":
            words = "lock held" if "mmap_lock" in one.missed.detail else one.missed.detail
        why.setdefault(words, []).append(one)
    parts = []
    for words, them in why.items():
        part = f"{len(them)} {words}"
        if words == "lock held":
            part += ": " + ", ".join(f"{safe(one.name)} [{one.pid}]" for one in them[:NAMED])
            part += ", …" if len(them) > NAMED else ""
        parts.append(part)
    noun = "process" if len(unread) == 1 else "processes"
    return f"{len(unread)} {noun} not read: {'; '.join(parts)}"


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


def _line(shown: Sequence[Field], cells: Sequence[Any], abbreviate: bool) -> str:
    parts = []
    for (_, form, _, _), cell in zip(shown, cells, strict=True):
        if "a" in form:
            amount = "-" if cell is None else units(cell) if abbreviate else cell // KIB
            parts.append(form.replace("a", "s") % (amount,))
        else:
            parts.append(form % (safe(cell) if isinstance(cell, str) else cell,))
    return " ".join(parts) + " "


def _comparable(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(-1 if value is None else value for value in values)
