"""A span of time in a recording as parts in which seconds since boot and since the epoch go together, and the
moments at which such a span is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jinmaek.history.recording.recording import Recording

NS = 1_000_000_000
SAME = 1.0
"""Seconds by which the wall clock may move against boottime within a part."""
STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
"""Seconds between two moments that people find on a clock."""


@dataclass(frozen=True, slots=True)
class Part:
    """Samples of one boot between two settings of the clock; seconds since boot, ends included."""

    boot: str
    start: float
    end: float
    offset: float
    """Seconds to add to those since boot for those since the epoch."""


def parts(recording: Recording, since: float, until: float) -> list[Part]:
    """The parts between two moments in seconds since the epoch, in the order of time."""
    found: list[Part] = []
    for entry in recording.entries:
        clocks = recording.clocks(entry)
        walls, boottimes = clocks.get("wall", ()), clocks.get("boottime", ())
        inside = [at for at, wall in enumerate(walls) if since <= wall / NS <= until]
        if not inside:
            continue
        first, last = inside[0], inside[-1]
        start, end = boottimes[first] / NS, boottimes[last] / NS
        offset = (walls[first] - boottimes[first]) / NS
        before = found[-1] if found else None
        if before is not None and before.boot == entry.boot and abs(before.offset - offset) < SAME:
            found[-1] = Part(entry.boot, before.start, end, before.offset)
        else:
            found.append(Part(entry.boot, start, end, offset))
    return found


def step_for(seconds: float, most: int, least: float = 0.0) -> float:
    """The shortest step of at least ``least`` that cuts so many seconds into at most ``most``."""
    for step in STEPS:
        if step >= least and seconds / step <= most:
            return float(step)
    return float(math.ceil(seconds / most / STEPS[-1]) * STEPS[-1])


def edges(since: float, until: float, step: float) -> list[float]:
    """The ends of steps, at whole multiples of them since the epoch; the last is cut at the end."""
    first = math.floor(since / step) + 1
    last = math.ceil(until / step)
    found = [at * step for at in range(first, last)]
    return [*found, until]
