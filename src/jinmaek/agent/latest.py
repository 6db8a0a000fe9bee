"""What was read last of every table, by whichever thread read it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import Scan

LATE = 1.5
"""Intervals between two samples from which on one was missed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Tables with the time of the reading of each, in seconds since boot, and gaps, as of one moment."""

    number: int
    """Grows with every reading."""
    tables: Mapping[str, tuple[object, ...]]
    times: Mapping[str, float]
    gaps: Mapping[str, Gap]
    sampled: float | None
    """When the last whole sample was taken, in seconds since boot; None before the first."""
    samples: int
    missed: int
    """Samples that the interval asks for and that were not taken: the host or its disk was too slow."""


class Latest:
    """May be used by several threads."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._lock = threading.Lock()
        self._number = 0
        self._tables: dict[str, tuple[object, ...]] = {}
        self._times: dict[str, float] = {}
        self._gaps: dict[str, Gap] = {}
        self._scan: Scan | None = None
        self._sampled: float | None = None
        self._samples = self._missed = 0

    def sampled(self, snapshot: Snapshot) -> None:
        """Take a sample of the recorder."""
        with self._lock:
            if self._sampled is not None:
                between = (snapshot.monotonic - self._sampled) / self._interval
                self._missed += round(between) - 1 if between > LATE else 0
            self._sampled = snapshot.monotonic
            self._samples += 1
            self._scan = snapshot.tasks
            self._take(snapshot)

    def read(self, snapshot: Snapshot) -> None:
        """Take tables that somebody else read."""
        with self._lock:
            self._take(snapshot)

    def _take(self, snapshot: Snapshot) -> None:
        self._number += 1
        for table, rows in snapshot.tables.items():
            self._tables[table] = rows
            self._times[table] = snapshot.monotonic
            self._gaps.pop(table, None)
        for table, gap in snapshot.gaps.items():
            self._gaps[table] = gap
            self._tables.pop(table, None)
            self._times.pop(table, None)

    @property
    def scan(self) -> Scan | None:
        """The last task scan."""
        return self._scan

    def seen(self) -> Seen:
        """All of it as it is now."""
        with self._lock:
            return Seen(
                self._number,
                dict(self._tables),
                dict(self._times),
                dict(self._gaps),
                self._sampled,
                self._samples,
                self._missed,
            )


def now() -> float:
    """Seconds since boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
