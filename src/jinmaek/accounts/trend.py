"""Trends of a series, whatever its noise is like: slope, significance, and where it turns.

Theil (1950) and Sen (1968): the slope is the median of the slopes of all pairs. Mann (1945) and Kendall:
whether later values are larger than earlier ones more often than chance would have it. Neither is moved by a
few values far off. Readings a second apart resemble each other, which makes any such test too sure of itself:
``blocks`` makes few medians of many readings first.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

MOST = 150
"""Points of which all pairs are made: more are put together in blocks first."""
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Kendall:
    """Pairs that rise less pairs that fall; its variance, ties counted; ``z`` and the two-sided ``p``."""

    s: int
    variance: float
    z: float
    p: float


@dataclass(frozen=True, slots=True)
class Slope:
    """Per unit of time, and between what it lies with the confidence asked for."""

    rate: float
    low: float
    high: float


def mann_kendall(values: Sequence[float]) -> Kendall:
    """The test of a trend, the normal approximation with its correction for continuity."""
    before: list[float] = []
    s = 0
    for value in values:
        right = bisect_right(before, value)
        s += bisect_left(before, value) - (len(before) - right)
        before.insert(right, value)
    variance = _variance(values)
    z = (s - math.copysign(1, s)) / math.sqrt(variance) if s and variance > 0 else 0.0
    return Kendall(s, variance, z, math.erfc(abs(z) / math.sqrt(2)))


def _variance(values: Sequence[float]) -> float:
    ties = Counter(values).values()
    return (_cube(len(values)) - sum(_cube(count) for count in ties if count > 1)) / 18


def _cube(n: int) -> int:
    return n * (n - 1) * (2 * n + 5)


def theil_sen(times: Sequence[float], values: Sequence[float], confidence: float = 0.9) -> Slope:
    """The slope of two points or more whose times differ; raises ``ValueError`` for fewer."""
    if len(times) > MOST:
        times, values = blocks(times, values, MOST)
    slopes = sorted(
        (values[j] - values[i]) / (times[j] - times[i])
        for j in range(1, len(times))
        for i in range(j)
        if times[j] != times[i]
    )
    if not slopes:
        raise ValueError("no two points in time")
    spread = NORMAL.inv_cdf((1 + confidence) / 2) * math.sqrt(max(_variance(values), 0.0))
    last = len(slopes) - 1
    low = max(round((len(slopes) - spread) / 2) - 1, 0)
    high = min(round((len(slopes) + spread) / 2), last)
    return Slope(median(slopes), slopes[low], slopes[high])


def blocks(times: Sequence[float], values: Sequence[float], count: int) -> tuple[list[float], list[float]]:
    """The medians of ``count`` parts of a series, as equal as can be, all of it where it is no longer."""
    count = min(count, len(values))
    cuts = [n * len(values) // count for n in range(count + 1)] if count else []
    parts = [slice(cuts[n], cuts[n + 1]) for n in range(count)]
    return [median(times[part]) for part in parts], [median(values[part]) for part in parts]


def turns(values: Sequence[float], least: float) -> list[int]:
    """Places of the lows and highs a series goes through, in turn, each at least ``least`` from the last.

    The first is where the first such move began; the last is the farthest it has got since the one before.
    Empty where it never moved that much.
    """
    found: list[int] = []
    low = high = 0
    rising: bool | None = None
    for i, value in enumerate(values):
        if rising is None:
            low = i if value < values[low] else low
            high = i if value > values[high] else high
            if values[high] - values[low] >= least:
                rising = high > low
                found.append(low if rising else high)
        elif rising:
            if value > values[high]:
                high = i
            elif values[high] - value >= least:
                found.append(high)
                rising, low = False, i
        elif value < values[low]:
            low = i
        elif value - values[low] >= least:
            found.append(low)
            rising, high = True, i
    if rising is not None:
        found.append(high if rising else low)
    return found
