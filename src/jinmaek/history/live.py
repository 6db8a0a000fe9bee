"""A ring of snapshots that answers ``series()``: the history of the look that is going on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter

from jinmaek.catalog import Ref
from jinmaek.model import Gap, Labels, Points
from jinmaek.sampling import Snapshot

TIME = itemgetter(0)
"""Of a point."""
Lines = Mapping[Labels, list[tuple[float, float | None]]]


class Ring:
    """The last snapshots of this boot, oldest first. Times are seconds since boot.

    Only the first and the last keep their tasks: those of one reading take as much as its tables do in a
    hundred.
    """

    def __init__(self, capacity: int = 3600) -> None:
        self._snapshots: deque[Snapshot] = deque(maxlen=capacity)
        self._lines: dict[str, Lines | Gap] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Take one more snapshot; what an earlier boot said is forgotten."""
        if self._snapshots and self._snapshots[-1].boot_id != snapshot.boot_id:
            self._snapshots.clear()
        if len(self._snapshots) > 1:
            self._snapshots[-1] = replace(self._snapshots[-1], tasks=None)
        self._snapshots.append(snapshot)
        self._lines.clear()

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        return tuple(self._snapshots)

    @property
    def times(self) -> tuple[float, ...]:
        """Of each snapshot, in seconds since boot."""
        return tuple(snapshot.monotonic for snapshot in self._snapshots)

    def read(self, table: str, index: int) -> tuple[object, ...]:
        """The rows of the first (0) or the last (-1) reading in which a table was read."""
        read = [s.tables[table] for s in self._snapshots if table in s.tables]
        return read[index] if read else ()

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        """Readings of one column from ``start`` to ``end``, by labels; the gap where there are none."""
        if ref.name not in self._lines:
            self._lines[ref.name] = self._line(ref)
        lines = self._lines[ref.name]
        if isinstance(lines, Gap):
            return lines
        cut: dict[Labels, Points] = {}
        for labels, points in lines.items():
            first = bisect_left(points, start, key=TIME)
            behind = bisect_right(points, end, first, key=TIME)
            if first < behind:
                cut[labels] = points[first:behind]
        return cut

    def _line(self, ref: Ref) -> Lines | Gap:
        if not self._snapshots:
            return Gap("too short", ref.name, "no reading yet")
        last = self._snapshots[-1]
        if ref.table in last.gaps:
            return last.gaps[ref.table]
        if ref.table not in last.tables:
            return Gap("absent", ref.name, "not read in this look")
        lines: dict[Labels, list[tuple[float, float | None]]] = {}
        for snapshot in self._snapshots:
            if ref.table not in snapshot.tables and ref.table not in snapshot.gaps:
                continue  # not asked for in this reading: it is none
            seen = _values(ref, snapshot)
            for labels, value in seen.items():
                lines.setdefault(labels, []).append((snapshot.monotonic, value))
            for labels, points in lines.items():
                if labels not in seen and points[-1][1] is not None:
                    points.append((snapshot.monotonic, None))
        if not lines and last.tables[ref.table] and not ref.column.unlimited:
            return Gap("absent", ref.name, "this kernel does not have the field")
        return lines


def _values(ref: Ref, snapshot: Snapshot) -> Mapping[Labels, float]:
    """The values of a column in one reading."""
    found: dict[Labels, float] = {}
    for row in snapshot.tables.get(ref.table, ()):
        value = getattr(row, ref.column.name)
        if value is not None:
            found[tuple(sorted((name, str(getattr(row, name))) for name in ref.labels))] = float(value)
    return found
