"""How one series of memory sizes moves: grows on, fills up to a ceiling, comes and goes, or stays.

Pure over readings of any history. What counts is what stays: of a saw-tooth (a garbage collector, a pool that
is emptied) only the lows are looked at, its lower envelope. All thresholds are proposed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from jinmaek.accounts.trend import Slope, blocks, mann_kendall, theil_sen, turns

Kind = Literal["leak", "burst", "warm-up", "steady"]

SAMPLES = 12
"""Fewer readings show a movement, not its kind."""
TURN = 0.25
"""Of the whole range: a smaller fall is noise upon a trend."""
CYCLES = 3
"""Falls that make a saw-tooth."""
LOWS = 6
"""Lows of a saw-tooth that must rise before it is called a leak: six in a row do by chance once in 720."""
RISES = 0.2
"""Of the swing, that its lows must have risen by: lows of mere noise wander too."""
RETURNED = 0.3
"""Of the rise of a burst that may be left at its end."""
BURST = 0.1
"""Of what was there before: a smaller rise and fall is no burst."""
STEP = 0.8
"""Of all growth, in two intervals: it came at once."""
FLAT = 0.05
"""Of the range: within it nothing moves."""
STOPPED = 0.2
"""Of the time it grew: so long has it stood still since."""
SLOWED = 0.5
"""Speed of the last third against the first."""
CHANCE = 0.01
BLOCKS = 24


@dataclass(frozen=True, slots=True)
class Course:
    """What a series did. Bytes, and seconds by the clock of its times."""

    kind: Kind | None
    """None: it moved, and the readings do not show which kind it is."""
    samples: int
    growth: float
    """Last less first."""
    base: float
    peak: float
    rate: Slope | None = None
    """Of what stays, bytes per second: of a leak, and of a warm-up at its end."""
    since: float | None = None
    """When it began; None where it did before the first reading, or never."""
    lasted: float | None = None
    """Seconds a burst was above half its height."""
    cycles: int = 0
    swing: float = 0.0
    """From the lows of a saw-tooth to its highs."""
    above: float = 0.0
    """By how much the last high of a saw-tooth is above the last reading."""
    step: bool = False
    """All of it came at once, and stayed."""
    stopped: bool = False
    """A warm-up that has come to its ceiling."""


def moved(values: Sequence[float], floor: float) -> bool:
    """Whether there is anything to classify."""
    return len(values) > 1 and max(values) - min(values) >= floor


def classify(times: Sequence[float], values: Sequence[float], floor: float) -> Course:
    """The kind of a series; ``floor`` is the change, in bytes, below which nothing has happened."""
    count = len(values)
    course = Course(
        kind="steady",
        samples=count,
        growth=values[-1] - values[0] if count else 0.0,
        base=min(values, default=0.0),
        peak=max(values, default=0.0),
    )
    if not moved(values, floor):
        return course
    if count < SAMPLES:
        return replace(course, kind=None)
    pivots = turns(values, max(floor / 2, TURN * (course.peak - course.base)))
    falls = [(high, low) for high, low in itertools.pairwise(pivots) if values[high] > values[low]]
    if len(falls) >= CYCLES:
        return _cyclic(course, times, values, falls, floor)
    if falls:
        return _passing(course, times, values, pivots, floor)
    return _rising(course, times, values, floor)


def _cyclic(
    course: Course,
    times: Sequence[float],
    values: Sequence[float],
    falls: Sequence[tuple[int, int]],
    floor: float,
) -> Course:
    """A saw-tooth: a leak where its lows rise."""
    # A fall that the last reading is still part of has not shown its low.
    lows = [low for _, low in falls if low < len(values) - 1]
    swing = median(values[high] - values[low] for high, low in falls)
    last = max(values[falls[-1][0] :])
    found = replace(course, cycles=len(falls), swing=swing, above=max(0.0, last - values[-1]))
    if len(lows) < CYCLES:
        return found
    at, least = [times[low] for low in lows], [values[low] for low in lows]
    rate, trend = theil_sen(at, least), mann_kendall(least)
    grown = rate.rate * (at[-1] - at[0])
    # A low is seen where a reading happens to be: up to the rise of one interval above the real one.
    unsure = 2 * swing * len(falls) / len(values)
    if grown < max(floor, RISES * swing, unsure) or trend.z <= 0:
        return found
    if len(lows) < LOWS or trend.p > CHANCE:
        return replace(found, kind=None, rate=rate)
    return replace(found, kind="leak", rate=rate)


def _passing(
    course: Course, times: Sequence[float], values: Sequence[float], pivots: Sequence[int], floor: float
) -> Course:
    """It fell once or twice: a burst that is over, what was given back, or too little to tell."""
    top = max(range(1, len(pivots)), key=lambda n: values[pivots[n]]) if len(pivots) > 1 else 0
    high = pivots[top]
    end = median(values[-2:])
    if not top or values[pivots[top - 1]] >= values[high] or values[pivots[0]] >= values[high]:
        return course if end <= values[0] + floor else replace(course, kind=None)
    base = min(values[: high + 1])
    rise = values[high] - base
    if end - base <= RETURNED * rise:
        if rise < max(floor, BURST * base):
            return course
        above = [time for time, value in zip(times, values, strict=True) if value >= base + rise / 2]
        begin = times[pivots[top - 1]]
        return replace(course, kind="burst", base=base, since=begin, lasted=above[-1] - above[0])
    return course if course.growth < floor else replace(course, kind=None)


def _rising(course: Course, times: Sequence[float], values: Sequence[float], floor: float) -> Course:
    """It never fell: at once, up to a ceiling, or on and on."""
    grown = course.growth
    if grown < floor:
        return course
    jump, at = max((values[i + 2] - values[i], i) for i in range(len(values) - 2))
    if jump >= STEP * grown:
        return replace(course, step=True, since=times[at])
    quiet = max(floor / 4, FLAT * (course.peak - course.base))
    begin, stop = _first_moves(values, quiet), _last_moves(values, quiet)
    took = times[stop] - times[begin]
    slow = quiet / ((values[stop] - values[begin]) / took) if took > 0 and values[stop] > values[begin] else 0
    head, tail = times[begin] - times[0], times[-1] - times[stop]
    late = begin >= 3 and head > 3 * slow
    first = begin if late else 0
    since = times[begin] if late else None
    plateau = _longest_rest(times[begin : stop + 1], values[begin : stop + 1], quiet)
    if len(values) - stop >= 4 and tail > max(STOPPED * took, 2 * plateau, 3 * slow):
        return replace(course, kind="warm-up", since=since, stopped=True, rate=Slope(0.0, 0.0, 0.0))
    times, values = times[first:], values[first:]
    if len(values) < SAMPLES:
        return replace(course, kind=None, since=since)
    trend = mann_kendall(blocks(times, values, BLOCKS)[1])
    if trend.p > CHANCE or trend.z <= 0:
        return replace(course, kind=None, since=since)
    third = len(values) // 3
    early = _gain(values[: third + 1]) / (times[third] - times[0])
    late_gain = _gain(values[-third - 1 :]) / (times[-1] - times[-third - 1])
    if late_gain < SLOWED * early:
        return replace(course, kind="warm-up", since=since, rate=theil_sen(times[-third:], values[-third:]))
    return replace(course, kind="leak", since=since, rate=_steady_rate(times, values))


def _steady_rate(times: Sequence[float], values: Sequence[float]) -> Slope:
    """The speed; its bounds hold that of either half too: readings in a row are surer than what comes."""
    half = len(values) // 2
    whole, *halves = (
        theil_sen(times, values),
        theil_sen(times[: half + 1], values[: half + 1]),
        theil_sen(times[half:], values[half:]),
    )
    low, high = (sorted(one.rate for one in halves)[n] for n in (0, 1))
    return Slope(whole.rate, min(whole.low, low), max(whole.high, high))


def _gain(values: Sequence[float]) -> float:
    """From the first to the last, one odd reading at an end not counted."""
    return median(values[-2:]) - median(values[:2])


def _first_moves(values: Sequence[float], quiet: float) -> int:
    """The last place up to which nothing moves."""
    low = high = values[0]
    for i, value in enumerate(values):
        low, high = min(low, value), max(high, value)
        if high - low > quiet:
            return max(0, i - 1)
    return len(values) - 1


def _last_moves(values: Sequence[float], quiet: float) -> int:
    """The first place from which nothing moves."""
    return len(values) - 1 - _first_moves(values[::-1], quiet)


def _longest_rest(times: Sequence[float], values: Sequence[float], quiet: float) -> float:
    """The longest time in which a series that rises stays within ``quiet``."""
    longest, start = 0.0, 0
    for i, value in enumerate(values):
        while value - values[start] > quiet:
            start += 1
        longest = max(longest, times[i] - times[start])
    return longest
