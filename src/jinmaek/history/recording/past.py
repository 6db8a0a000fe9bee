"""What a recording says of one boot between two moments: the same questions answered as by the live ring.

What was not recorded is not there: readings before and after a gap are neighbours, and nothing is put
between.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import overload

from jinmaek.catalog import Ref
from jinmaek.history.recording.block import Block, Table
from jinmaek.history.recording.numbers import DECODE
from jinmaek.history.recording.recording import Entry, Recording
from jinmaek.history.recording.sealed import WRONG, Sealed
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.model import Gap, Labels, Points
from jinmaek.sampling import Snapshot

Lines = dict[Labels, list[tuple[float, float | None]]]
NS = 1_000_000_000
_TIME = itemgetter(0)


class Past:
    """Readings of one boot from ``start`` to ``end``, seconds since boot, both included."""

    def __init__(self, recording: Recording, boot: str, start: float, end: float) -> None:
        self.recording = recording
        self.boot = boot
        self._entries: list[tuple[Entry, int, int]] = []
        """Each block with its first sample inside and the first behind."""
        self._lines: dict[str, Lines | Gap] = {}
        self._sampled: dict[int, Sampled] = {}
        self.times = array("d")
        """Of every sample, seconds since boot."""
        self._walls: list[int] = []
        for entry in recording.entries:
            if entry.boot != boot or entry.boottime[0] > end * NS or entry.boottime[1] < start * NS:
                continue
            clocks = recording.clocks(entry)
            seconds = [at / NS for at in clocks.get("boottime", ())]
            first, behind = bisect_left(seconds, start), bisect_right(seconds, end)
            if first < behind:
                self._entries.append((entry, first, behind))
                self.times.extend(seconds[first:behind])
                self._walls.extend(clocks["wall"][first:behind])

    def __len__(self) -> int:
        return len(self.times)

    @property
    def snapshots(self) -> Sequence[Snapshot]:
        """Made one by one when asked for; tables as they were last read."""
        return _Snapshots(self)

    def wall(self, place: int) -> float:
        """When a sample was, in seconds since the epoch."""
        return self._walls[place] / NS

    def snapshot(self, place: int) -> Snapshot:
        """One sample, by its place among ``times``."""
        at = place
        for number, (entry, first, behind) in enumerate(self._entries):
            if at < behind - first:
                sampled = self._sampled.get(number)
                if sampled is None:
                    block = self.recording.whole(entry)
                    if block is None:
                        raise LookupError(f"{entry.name}: block {entry.number} cannot be read")
                    if len(self._sampled) > 1:
                        self._sampled.pop(min(self._sampled))
                    sampled = self._sampled[number] = Sampled(block)
                return sampled.at(first + at, carried=True)
            at -= behind - first
        raise IndexError(place)

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        """Readings of one column from ``start`` to ``end``, by labels; the gap where there are none."""
        lines = self._lines.get(ref.name)
        if lines is None:
            lines = self._lines[ref.name] = self._line(ref)
        if isinstance(lines, Gap):
            return lines
        found: dict[Labels, Points] = {}
        for labels, points in lines.items():
            first = bisect_left(points, start, key=_TIME)
            behind = bisect_right(points, end, first, key=_TIME)
            if first < behind:
                found[labels] = points[first:behind]
        return found

    def _line(self, ref: Ref) -> Lines | Gap:
        if not self._entries:
            return Gap("too short", ref.name, "no reading yet")
        lines: Lines = {}
        last: Table | None = None
        for entry, first, behind in self._entries:
            table = self._table(entry, ref)
            last = table
            if table is None or ref.column.name not in table.cells:
                continue
            times = [at / NS for at in self.recording.clocks(entry)["boottime"]]
            _add(lines, table, ref, times, first, behind)
        if last is None:
            return Gap("absent", ref.name, "not recorded then")
        reading = last.reading(self._entries[-1][2] - 1)
        there = None if reading is None else last.there(reading)
        if isinstance(there, Gap):
            return there
        if there is None:
            return Gap("absent", ref.name, "not recorded then")
        if not lines and there:
            return Gap("absent", ref.name, "this kernel does not have the field")
        return lines

    def _table(self, entry: Entry, ref: Ref) -> Table | None:
        found = self.recording.open(entry)
        if isinstance(found, Block) or found is None:
            return None if found is None else found.tables.get(ref.table)
        return _table(found, ref)


def _table(found: Sealed, ref: Ref) -> Table | None:
    try:
        return found.table(ref.table, (ref.column.name,))
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
    segments = [*table.said, (len(readings), ())]
    values: dict[int, list[float | None]] = {}
    for (since, there), (until, _) in pairwise(segments):
        low, high = max(since, begin), min(until, end)
        if low >= high:
            continue
        rows = () if isinstance(there, Gap) else there
        seen = set()
        for row in rows:
            known = values.get(row)
            if known is None:
                known = values[row] = _floats(
                    cells[row].code, cells[row].first, cells[row].values, len(readings)
                )
            part = list(zip(when[low - begin : high - begin], known[low:high], strict=True))
            line = lines.setdefault(labels[row], [])
            if None in known:
                _sparse(line, part)
                if not line:
                    del lines[labels[row]]
            else:
                line.extend(part)
            seen.add(labels[row])
        for label, line in lines.items():
            if label not in seen and line[-1][1] is not None:
                line.append((when[low - begin], None))


def _sparse(line: list[tuple[float, float | None]], part: Sequence[tuple[float, float | None]]) -> None:
    """A value that is not there ends a series once."""
    for point in part:
        if point[1] is not None or (line and line[-1][1] is not None):
            line.append(point)


def _floats(code: int, first: object, values: Sequence[object] | None, count: int) -> list[float | None]:
    decode = DECODE[code]

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
