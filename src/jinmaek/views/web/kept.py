"""The numbers of the last hour that charts are drawn from, as arrays: a second costs bytes, not objects."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from threading import Lock

from jinmaek.catalog import Ref
from jinmaek.model import Gap, Labels, Points
from jinmaek.sampling import Snapshot

LABELLED = 64
"""Rows of a table that are kept: of a host with hundreds of disks the first ones."""


class Kept:
    """Readings of some columns over the last ``seconds``. Filled by one thread, read by others."""

    def __init__(self, refs: Iterable[Ref], seconds: float) -> None:
        self._refs = tuple(refs)
        self._seconds = seconds
        self._lock = Lock()
        self._boot = ""
        self._times: dict[tuple[str, Labels], array[float]] = {}
        self._values: dict[tuple[str, Labels], array[float]] = {}
        self._gaps: dict[str, Gap] = {}
        self.offset = 0.0
        """Seconds since the epoch at boot, as the clock has it now."""
        self.first: float | None = None
        self.last: float | None = None
        """Of the readings, in seconds since boot; None before there is one."""

    def add(self, snapshot: Snapshot) -> None:
        """Take what is wanted of one more reading."""
        with self._lock:
            if self._boot != snapshot.boot_id:
                self._times.clear()
                self._values.clear()
                self._boot, self.first = snapshot.boot_id, None
            now = self.last = snapshot.monotonic
            self.first = now if self.first is None else max(self.first, now - self._seconds)
            self.offset = snapshot.wall - now
            for ref in self._refs:
                self._take(ref, snapshot, now)

    def _take(self, ref: Ref, snapshot: Snapshot, now: float) -> None:
        gap = snapshot.gaps.get(ref.table)
        if gap is not None:
            self._gaps[ref.name] = gap
            return
        rows = snapshot.tables.get(ref.table)
        if rows is None:
            return
        there = False
        for row in rows[:LABELLED]:
            value = getattr(row, ref.column.name)
            if value is None:
                continue
            there = True
            key = ref.name, tuple(sorted((name, str(getattr(row, name))) for name in ref.labels))
            times = self._times.get(key)
            if times is None:
                times = self._times[key] = array("d")
                self._values[key] = array("d")
            times.append(now)
            self._values[key].append(value)
            # A quarter too many, then all of it at once: each second would move an hour of numbers.
            if now - times[0] > 1.25 * self._seconds:
                old = bisect_left(times, now - self._seconds)
                del times[:old]
                del self._values[key][:old]
        if there:
            self._gaps.pop(ref.name, None)
        elif rows:
            self._gaps[ref.name] = Gap("absent", ref.name, "this kernel does not have the field")

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        """Readings of one column from ``start`` to ``end``, by labels; the gap where there are none."""
        with self._lock:
            if ref.name in self._gaps:
                return self._gaps[ref.name]
            found: dict[Labels, Points] = {}
            for (name, labels), times in self._times.items():
                if name == ref.name:
                    low, high = bisect_left(times, start), bisect_right(times, end)
                    if low < high:
                        values = self._values[name, labels]
                        found[labels] = list(zip(times[low:high], values[low:high], strict=True))
            return found
