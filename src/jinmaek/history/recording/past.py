"""What a recording says of one boot between two moments: the same questions answered as by the live ring.

What was not recorded is not there: readings before and after a gap are neighbours, and nothing is put
between.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, overload

from jinmaek.catalog import Ref
from jinmaek.history.recording.block import Block, Table
from jinmaek.history.recording.encode import WAITING
from jinmaek.history.recording.numbers import DECODE, DIVISORS
from jinmaek.history.recording.recording import Entry, Recording
from jinmaek.history.recording.sealed import WRONG, Sealed
from jinmaek.history.recording.snapshots import DAMAGED, Made, Sampled
from jinmaek.model import Gap, Labels, Points
from jinmaek.sampling import Snapshot

if TYPE_CHECKING:
    from jinmaek.history.recording.block import Said

NS = 1_000_000_000
KEPT = 4
"""Snapshots that stay in memory: those at the ends of a look are asked for again and again."""


Lines = dict[Labels, "Line"]


class Past:
    """Readings of one boot from ``start`` to ``end``, seconds since boot, both included."""

    def __init__(
        self,
        recording: Recording,
        boot: str,
        start: float,
        end: float,
        entries: Sequence[Entry] | None = None,
    ) -> None:
        """``entries`` are the blocks to look in, where they are known."""
        self.only: Collection[str] | None = None
        """The tables that snapshots are made of, where not all are needed."""
        self.recording = recording
        self.boot = boot
        self._entries: list[tuple[Entry, int, int]] = []
        """Each block with its first sample inside and the first behind."""
        self._lines: dict[str, Lines | Gap] = {}
        self._sampled: dict[int, Sampled] = {}
        self._kept: dict[int, Snapshot] = {}
        self._seconds: list[list[float]] = []
        """Of all samples of each block."""
        self.times = array("d")
        """Of every sample, seconds since boot."""
        self._walls: list[int] = []
        for entry in recording.entries if entries is None else entries:
            if entry.boot != boot or entry.boottime[0] > end * NS or entry.boottime[1] < start * NS:
                continue
            clocks = recording.clocks(entry)
            seconds = [at / NS for at in clocks.get("boottime", ())]
            first, behind = bisect_left(seconds, start), bisect_right(seconds, end)
            if first < behind:
                self._entries.append((entry, first, behind))
                self._seconds.append(seconds)
                self.times.extend(seconds[first:behind])
                self._walls.extend(clocks["wall"][first:behind])

    def __len__(self) -> int:
        return len(self.times)

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the recorder said of the host and itself, last."""
        return self.recording.meta(self._entries[-1][0]) if self._entries else {}

    @property
    def snapshots(self) -> Sequence[Snapshot]:
        """Made one by one when asked for; tables as they were last read."""
        return _Snapshots(self)

    def wall(self, place: int) -> float:
        """When a sample was, in seconds since the epoch."""
        return self._walls[place] / NS

    def snapshot(self, place: int) -> Snapshot:
        """One sample, by its place among ``times``. Raises ``LookupError``."""
        known = self._kept.get(place)
        if known is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            known = self._kept[place] = self._snapshot(place)
        return known

    def _snapshot(self, place: int) -> Snapshot:
        at = place
        for number, (entry, first, behind) in enumerate(self._entries):
            if at < behind - first:
                sampled = self._sampled.get(number)
                if sampled is None:
                    block = self._block(entry)
                    if block is None:
                        raise LookupError(f"{entry.name}: block {entry.number} cannot be read")
                    if len(self._sampled) > 1:
                        self._sampled.pop(min(self._sampled))
                    sampled = self._sampled[number] = Sampled(block)
                return sampled.at(first + at, carried=True)
            at -= behind - first
        raise IndexError(place)

    def _block(self, entry: Entry) -> Block | None:
        found = None if self.only is None else self.recording.open(entry)
        if isinstance(found, Sealed) and self.only is not None:
            try:
                return found.block([*self.only, WAITING])
            except WRONG:
                return None
        return self.recording.whole(entry)

    def rows(self, table: str, place: int) -> tuple[object, ...] | Gap:
        """The rows of a table as they were last read at or before a sample, in its block."""
        at = place
        for entry, first, behind in self._entries:
            if at < behind - first:
                found = self._table(entry, table, None)
                if found is None:
                    return Gap("absent", table, "not recorded then")
                if len(found.cells) < len(found.shape.columns):
                    return Gap("malformed", table, DAMAGED)
                reading = found.reading(first + at)
                there = None if reading is None else found.there(reading)
                if reading is None or there is None:
                    return Gap("absent", table, "not recorded then")
                return there if isinstance(there, Gap) else Made(found).rows(reading, there)
            at -= behind - first
        raise IndexError(place)

    def age(self, table: str, place: int) -> float | None:
        """Seconds from the last reading of a table in its block to a sample; None where there was none."""
        at = place
        for (entry, first, behind), times in zip(self._entries, self._seconds, strict=True):
            if at < behind - first:
                found = self._table(entry, table, ())
                reading = None if found is None else found.reading(first + at)
                return (
                    None
                    if found is None or reading is None
                    else times[first + at] - times[found.readings[reading]]
                )
            at -= behind - first
        raise IndexError(place)

    def before(self, place: int, seconds: float) -> Past:
        """The samples of this boot from so long before a sample up to it: at least its own."""
        # Samples are not taken to the microsecond: the first of so many seconds is one a little earlier.
        end = self.times[place]
        return Past(self.recording, self.boot, end - seconds - 0.1, end)

    def has(self, table: str) -> bool:
        """Whether a table was read here at all."""
        for entry, first, behind in self._entries:
            found = self._table(entry, table, ())
            if found is not None and bisect_left(found.readings, first) < bisect_left(found.readings, behind):
                return True
        return False

    def read(self, table: str, index: int) -> tuple[object, ...]:
        """The rows of the first (0) or the last (-1) reading in which a table was read; none where it was
        not."""
        for entry, first, behind in self._entries if index == 0 else reversed(self._entries):
            found = self._table(entry, table, None)
            if found is None or len(found.cells) < len(found.shape.columns):
                continue
            readings = range(bisect_left(found.readings, first), bisect_left(found.readings, behind))
            for reading in readings if index == 0 else reversed(readings):
                there = found.there(reading)
                if not isinstance(there, Gap):
                    return Made(found).rows(reading, there)
        return ()

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        """Readings of one column from ``start`` to ``end``, by labels; the gap where there are none."""
        lines = self._lines.get(ref.name)
        if lines is None:
            lines = self._lines[ref.name] = self._line(ref)
        if isinstance(lines, Gap):
            return lines
        found: dict[Labels, Points] = {}
        for labels, line in lines.items():
            points = line.between(start, end)
            if points:
                found[labels] = points
        return found

    def _line(self, ref: Ref) -> Lines | Gap:
        if not self._entries:
            return Gap("too short", ref.name, "no reading yet")
        lines: Lines = {}
        last: Table | None = None
        for (entry, first, behind), times in zip(self._entries, self._seconds, strict=True):
            table = self._table(entry, ref.table, (ref.column.name,))
            last = table
            if table is None or ref.column.name not in table.cells:
                continue
            _add(lines, table, ref, times, first, behind)
        if last is None:
            return Gap("absent", ref.name, "not recorded then")
        reading = last.reading(self._entries[-1][2] - 1)
        there = None if reading is None else last.there(reading)
        if isinstance(there, Gap):
            return there
        if there is None:
            return Gap("absent", ref.name, "not recorded then")
        if not any(map(len, lines.values())) and there and not ref.column.unlimited:
            imported = "imported" in self.meta
            why = "not recorded then" if imported else "this kernel does not have the field"
            return Gap("absent", ref.name, why)
        return {labels: line for labels, line in lines.items() if len(line)}

    def _table(self, entry: Entry, name: str, columns: tuple[str, ...] | None) -> Table | None:
        found = self.recording.open(entry)
        if found is None or isinstance(found, Block):
            return None if found is None else found.tables.get(name)
        try:
            return found.table(name, columns)
        except WRONG:
            return None


def _add(lines: Lines, table: Table, ref: Ref, times: Sequence[float], first: int, behind: int) -> None:
    """The readings of one block, as the live ring would have them."""
    readings = table.readings
    begin, end = bisect_left(readings, first), bisect_left(readings, behind)
    when = [times[sample] for sample in readings[begin:end]]
    cells = table.cells[ref.column.name]
    names = table.shape.labels
    labels = [
        tuple(sorted((name, str(value)) for name, value in zip(names, row, strict=True)))
        for row in table.rows
    ]
    ended: list[tuple[int, Said]] = [*table.said, (len(readings), ())]
    values: dict[int, list[float | None]] = {}
    for (since, there), (until, _) in pairwise(ended):
        low, high = max(since, begin), min(until, end)
        if low >= high:
            continue
        rows = () if isinstance(there, Gap) else there
        seen = set()
        for row in rows:
            known = values.get(row)
            if known is None:
                cell = cells[row]
                known = values[row] = _floats(cell.code, cell.first, cell.values, len(readings))
            line = lines.get(labels[row])
            if line is None:
                line = lines[labels[row]] = Line()
            line.add(when[low - begin : high - begin], known[low:high])
            seen.add(labels[row])
        for label, line in lines.items():
            if label not in seen:
                line.end(when[low - begin])


class Line:
    """One series: its times, values, and the places at which it ended."""

    __slots__ = ("_ends", "_times", "_values")

    def __init__(self) -> None:
        self._times = array("d")
        self._values = array("d")
        self._ends: list[int] = []

    def __len__(self) -> int:
        return len(self._times)

    def add(self, times: Sequence[float], values: Sequence[float | None]) -> None:
        """Readings behind the others; one that is None ends the series."""
        if None not in values:
            self._times.extend(times)
            self._values.extend(values)  # type: ignore[arg-type]
            return
        for time, value in zip(times, values, strict=True):
            if value is None:
                self.end(time)
            else:
                self._times.append(time)
                self._values.append(value)

    def end(self, time: float) -> None:
        """The series is not there any more, if it was."""
        last = len(self._times)
        if last and (not self._ends or self._ends[-1] != last - 1):
            self._ends.append(last)
            self._times.append(time)
            self._values.append(0.0)

    def between(self, start: float, end: float) -> Points:
        """The readings from one moment to another, both included."""
        first = bisect_left(self._times, start)
        behind = bisect_right(self._times, end, first)
        points: list[tuple[float, float | None]] = list(
            zip(self._times[first:behind], self._values[first:behind], strict=True)
        )
        for place in self._ends[bisect_left(self._ends, first) : bisect_left(self._ends, behind)]:
            points[place - first] = points[place - first][0], None
        return points


def _floats(code: int, first: object, values: Sequence[object] | None, count: int) -> list[float | None]:
    decode = DECODE[code]
    if isinstance(values, array):
        by = DIVISORS.get(code)
        if by is not None:
            return [value / by for value in values]

    def number(coded: object) -> float | None:
        if isinstance(coded, int):
            return float(decode(coded))
        found = coded[0] if isinstance(coded, list) else coded
        return None if found is None else float(found)  # type: ignore[arg-type]

    if values is None:
        return [number(first)] * count
    return [number(value) for value in values]


class _Snapshots(Sequence[Snapshot]):
    def __init__(self, past: Past) -> None:
        self._past = past

    def __len__(self) -> int:
        return len(self._past.times)

    @overload
    def __getitem__(self, place: int) -> Snapshot: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Snapshot]: ...
    def __getitem__(self, place: int | slice) -> Snapshot | Sequence[Snapshot]:
        if isinstance(place, slice):
            return [self._past.snapshot(at) for at in range(*place.indices(len(self)))]
        return self._past.snapshot(place if place >= 0 else len(self) + place)
