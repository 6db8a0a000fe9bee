"""How many threads the kernel counts into the load average, beside how many were seen to run."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from jinmaek import procfile
from jinmaek.accounts.load.ticks import PERIOD, Reading, ticks
from jinmaek.kernel import loadavg

EVERY = 0.1
AROUND = 0.35
"""Seconds before and after an update in which running threads are looked at."""
CLOSE = 3.0
"""Threads by which two counts of the same may differ: others come and go in the moment between them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Means over some updates of the load average."""

    counted: float
    """Threads the kernel counted."""
    running: float
    """Threads that ran or waited for a CPU around those moments (/proc/loadavg), the reader left out."""
    spread: float
    """How far the differences of the two lie apart."""

    @property
    def others(self) -> float:
        """Counted, and not running."""
        return self.counted - self.running

    @property
    def steady(self) -> bool:
        """Whether others on this host come and go so little that something can be told."""
        return self.spread <= 2 * CLOSE


def load_now() -> loadavg.Loadavg:
    """/proc/loadavg."""
    return next(iter(loadavg.parse(procfile.read("/proc/loadavg"))))


def watched(updates: int) -> list[tuple[Reading, int]]:
    """Readings over so many updates, each within a tenth of a second of it, and the threads that ran then."""
    end = time.monotonic() + (updates + 0.5) * PERIOD
    found = []
    while time.monotonic() < end:
        now = load_now()
        found.append((Reading(time.clock_gettime(time.CLOCK_BOOTTIME), now.load1), now.nr_running - 1))
        time.sleep(EVERY)
    return found


def counted(updates: int) -> Counted:
    """What the kernel counted at the next updates."""
    seen = watched(updates)
    counts, beside = [], []
    for tick in ticks([reading for reading, _ in seen]):
        near = [running for reading, running in seen if abs(reading.time - tick.time) <= AROUND]
        if near:
            counts.append(tick.count)
            beside.append(statistics.fmean(near))
    if not counts:
        return Counted(0.0, 0.0, 2 * CLOSE + 1)
    apart = [count - running for count, running in zip(counts, beside, strict=True)]
    return Counted(statistics.fmean(counts), statistics.fmean(beside), max(apart) - min(apart))
