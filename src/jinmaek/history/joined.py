"""A part of a recording and the live look that goes on from it, as one history."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from jinmaek.catalog import Ref
from jinmaek.history.live import Ring
from jinmaek.history.recording.past import Past
from jinmaek.model import Gap, Labels, Points
from jinmaek.sampling import Snapshot


class Joined:
    """Readings of one boot: those of ``past``, which end before the look began, and those of the look.

    What the look could not read is as it was last recorded; what was not recorded begins with the look.
    """

    def __init__(self, past: Past, ring: Ring) -> None:
        self.past = past
        self.ring = ring
        self._times: array[float] = array("d")

    @property
    def times(self) -> Sequence[float]:
        """Of each snapshot, in seconds since boot."""
        if not self._times:
            self._times = array("d", [*self.past.times, *self.ring.times])
        return self._times

    @property
    def snapshots(self) -> Sequence[Snapshot]:
        return _Snapshots(self.past.snapshots, self.ring.snapshots)

    def read(self, table: str, index: int) -> tuple[object, ...]:
        """The rows of the first (0) or the last (-1) reading in which a table was read."""
        recorded, seen = self.past.has(table), any(table in one.tables for one in self.ring.snapshots)
        first = self.past if recorded else self.ring
        last = self.ring if seen else self.past
        return (first if index == 0 else last).read(table, index)

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        """Readings of one column from ``start`` to ``end``, by labels; the gap where there are none."""
        now = self.ring.series(ref, start, end)
        before = self.past.series(ref, start, end)
        if isinstance(before, Gap):
            return now
        if isinstance(now, Gap):
            return before
        found = dict(before)
        for labels, points in now.items():
            earlier = found.get(labels)
            found[labels] = points if earlier is None else [*earlier, *points]
        over = self._first(ref.table)
        if over is not None and start <= over <= end:
            for labels, points in before.items():
                if labels not in now and points[-1][1] is not None:
                    found[labels] = [*points, (over, None)]
        return found

    def _first(self, table: str) -> float | None:
        """When the look first read a table: what is not in it then had ended."""
        for one in self.ring.snapshots:
            if table in one.tables:
                return one.monotonic
        return None


class _Snapshots(Sequence[Snapshot]):
    """One after the other, without making those that nobody asks for."""

    def __init__(self, before: Sequence[Snapshot], now: Sequence[Snapshot]) -> None:
        self._before = before
        self._now = now

    def __len__(self) -> int:
        return len(self._before) + len(self._now)

    def __iter__(self) -> Iterator[Snapshot]:
        yield from self._before
        yield from self._now

    @overload
    def __getitem__(self, place: int) -> Snapshot: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Snapshot]: ...
    def __getitem__(self, place: int | slice) -> Snapshot | Sequence[Snapshot]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        at = place if place >= 0 else len(self) + place
        count = len(self._before)
        return self._before[at] if 0 <= at < count else self._now[at - count]
