"""How many threads the kernel counted at each update of the load average, recovered from its values in a row.

kernel/sched/loadavg.c calc_load(): every 5 s and a tick ``load = load·e + active·(1 − e)`` in units of
1/2048, ``e`` is 1884/2048 for load1; /proc/loadavg shows it plus 1/200, cut to two decimals. Two values in a
row so allow one count of threads at most, and show it exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

FIXED = 2048
EXP_1 = 1884 / FIXED
PERIOD = 5.004
"""Seconds between two updates: 5 s and one tick, 5.001 to 5.01 by the kernel's HZ."""
ROUNDED = 0.005
"""Half of the last decimal shown, about which the value may lie to either side."""
SLACK = 0.0006
"""What the kernel's own rounding to 1/2048 may add."""


@dataclass(frozen=True, slots=True)
class Reading:
    """``load1`` at a moment, CLOCK_BOOTTIME seconds."""

    time: float
    load1: float


@dataclass(frozen=True, slots=True)
class Tick:
    """One update. ``count`` is what the kernel counted then; whole where ``exact``."""

    time: float
    """By which it was seen; it happened since the reading before."""
    count: float
    exact: bool


def counted(before: float, after: float) -> tuple[float, bool]:
    """The count of runnable and uninterruptible threads between two values; whether it is a whole number.

    Not whole where the two are not successive, or where idle CPUs were folded in late.
    """
    gain = 1 - EXP_1
    least = (after - ROUNDED - SLACK - (before + ROUNDED) * EXP_1) / gain
    most = (after + ROUNDED + SLACK - (before - ROUNDED) * EXP_1) / gain
    nearest = round((least + most) / 2)
    if least <= nearest <= most:
        return float(max(0, nearest)), True
    return max(0.0, (least + most) / 2), False


def ticks(readings: Sequence[Reading]) -> list[Tick]:
    """The updates among readings, taken more often than the kernel updates, in their order.

    An update that changes nothing cannot be seen: it is known by its time once another was seen, and
    where none was seen over a whole period, by that.
    """
    found = [
        Tick(later.time, *counted(earlier.load1, later.load1))
        for earlier, later in pairwise(readings)
        if later.load1 != earlier.load1
    ]
    for time in _silent(readings, [tick.time for tick in found]):
        same = next(reading.load1 for reading in reversed(readings) if reading.time <= time)
        found.append(Tick(time, *counted(same, same)))
    return sorted(found, key=lambda tick: tick.time)


def _silent(readings: Sequence[Reading], seen: list[float]) -> list[float]:
    """When the value was updated to what it was: whole periods before, between and after changes."""
    if not readings:
        return []
    first, last = readings[0].time, readings[-1].time
    if not seen:
        return [first + PERIOD * n for n in range(1, math.floor((last - first) / PERIOD) + 1)]
    times = [seen[0] - PERIOD * n for n in range(1, math.ceil((seen[0] - first) / PERIOD))]
    for start, end in pairwise(seen):
        times += [start + PERIOD * n for n in range(1, round((end - start) / PERIOD))]
    times += [seen[-1] + PERIOD * n for n in range(1, math.floor((last - seen[-1]) / PERIOD) + 1)]
    return times


def average(start: float, samples: Iterable[tuple[float, float]]) -> float:
    """What load1 becomes from ``start`` when each count holds for its seconds: (seconds, threads) pairs."""
    load = start
    for seconds, threads in samples:
        keep = EXP_1 ** (seconds / PERIOD)
        load = load * keep + threads * (1 - keep)
    return load
