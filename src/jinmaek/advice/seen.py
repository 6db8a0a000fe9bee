"""What was read of a host for its tuning: figures now, and what counters did in the look and since boot.

A figure that is not there raises ``Missing`` with the gap, so that no judgement can take it for 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from jinmaek.catalog import ref
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot

Spanned = Literal["now", "in this look", "since boot"]


class Missing(Exception):
    """A figure that could not be read, and why."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(f"{gap.source}: {gap.kind}")
        self.gap = gap


@dataclass(frozen=True, slots=True)
class Fact:
    """One number a judgement rests on, in the unit of its column."""

    column: str
    value: float
    unit: str
    span: Spanned


def figure(snapshot: Snapshot, column: str) -> float:
    """A column of one reading, summed over the rows that have it; raises ``Missing``."""
    known = ref(column)
    if known.table in snapshot.gaps:
        raise Missing(snapshot.gaps[known.table])
    if known.table not in snapshot.tables:
        raise Missing(Gap("absent", column, "not read in this look"))
    values = [getattr(row, known.column.name) for row in snapshot.tables[known.table]]
    there = [value for value in values if value is not None]
    if not there:
        raise Missing(Gap("absent", column, "this kernel does not have the field"))
    return float(sum(there))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time over which counters are told: the look, or all since boot (``first`` is None)."""

    span: Literal["in this look", "since boot"]
    first: Snapshot | None
    last: Snapshot

    @property
    def seconds(self) -> float:
        """How long it is; raises ``Missing``."""
        if self.first is None:
            return figure(self.last, "uptime.uptime")
        return self.last.monotonic - self.first.monotonic

    def grew(self, *columns: str) -> float:
        """By how much counters grew together; raises ``Missing`` if one of them is."""
        return sum(self._grew(column) for column in columns)

    def grew_some(self, *columns: str) -> float:
        """The same of counters a kernel may have or not (one per zone); raises ``Missing`` if it has none."""
        grown: list[float] = []
        lacking: list[Missing] = []
        for column in columns:
            try:
                grown.append(self._grew(column))
            except Missing as missing:
                lacking.append(missing)
        if not grown:
            raise lacking[0]
        return sum(grown)

    def _grew(self, column: str) -> float:
        began = 0.0 if self.first is None else figure(self.first, column)
        return figure(self.last, column) - began

    def rate(self, *columns: str) -> float:
        """By how much they grew each second; raises ``Missing``."""
        return self.grew(*columns) / self.seconds

    def share(self, part: float, whole: float) -> float:
        """``part`` of ``whole``; 0 of nothing."""
        return part / whole if whole else 0.0

    def facts(self, *columns: str) -> tuple[Fact, ...]:
        """What the counters did, of those that are there."""
        found: list[Fact] = []
        for column in columns:
            try:
                grown = self.grew(column)
            except Missing:
                continue
            found.append(Fact(column, grown, ref(column).column.unit, self.span))
        return tuple(found)


@dataclass(frozen=True)
class Seen:
    """Readings of one host from first to last. The one look at a captured tree is a single reading."""

    snapshots: tuple[Snapshot, ...]
    texts: Mapping[str, str | Gap]
    """The text of the knobs' own files by path, as the kernel wrote it."""
    page: int
    """Bytes."""

    @property
    def last(self) -> Snapshot:
        return self.snapshots[-1]

    @cached_property
    def boot(self) -> Window:
        return Window("since boot", None, self.last)

    @cached_property
    def look(self) -> Window | None:
        """From the first reading to the last; None for a single one."""
        return Window("in this look", self.snapshots[0], self.last) if len(self.snapshots) > 1 else None

    def watched(self, column: str) -> Window:
        """The look; raises ``Missing`` for ``column`` where there was a single reading."""
        if self.look is None:
            raise Missing(Gap("too short", column, "one reading is not enough for a rate"))
        return self.look

    def telling(self, *columns: str, least: float) -> Window:
        """The look if the counters moved enough in it to tell anything, else all since boot."""
        if self.look is not None and self.look.grew_some(*columns) >= least:
            return self.look
        return self.boot

    def now(self, column: str) -> float:
        """A column at the last reading; raises ``Missing``."""
        return figure(self.last, column)

    def known(self, column: str) -> float | None:
        """The same, or None."""
        try:
            return self.now(column)
        except Missing:
            return None

    def highest(self, *columns: str) -> float:
        """The highest sum of columns over the readings that have them; raises ``Missing``."""
        return max(sum(figure(snapshot, column) for column in columns) for snapshot in self.snapshots)

    def rows(self, table: str) -> tuple[Any, ...]:
        """The rows of a table at the last reading; raises ``Missing``."""
        if table in self.last.gaps:
            raise Missing(self.last.gaps[table])
        if table not in self.last.tables:
            raise Missing(Gap("absent", table, "not read in this look"))
        return self.last.tables[table]

    def facts(self, *columns: str) -> tuple[Fact, ...]:
        """Figures as they are now, of those that are there."""
        told = ((column, self.known(column)) for column in columns)
        return tuple(
            Fact(name, value, ref(name).column.unit, "now") for name, value in told if value is not None
        )

    def text(self, path: str) -> str:
        """The text of a knob's file without the line's end; raises ``Missing``."""
        text = self.texts.get(path, Gap("absent", path))
        if isinstance(text, Gap):
            raise Missing(text)
        return text.strip()
