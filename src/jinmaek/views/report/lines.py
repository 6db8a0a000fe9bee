"""Readings of a column as points of a line: the mean over each step, and nothing where nothing was recorded.

A mean of a counter is its rate. What was not recorded is None: nothing is put between the readings before and
behind a gap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from jinmaek.model import Points

Values = list[float | None]
WIDE = 1.6
"""A sample that comes later than so many intervals leaves a gap, as in ``recording.holes``."""
COVERED = 0.5
"""The part of a step that readings of a counter must cover for a rate."""


def gaps(times: Sequence[float], interval: float) -> list[float]:
    """The last samples before a gap."""
    return [before for before, after in pairwise(times) if after - before > WIDE * interval]


def updates(points: Points, every: float) -> Points:
    """Of a counter that the kernel brings up to date now and then, ``every`` so many seconds at most: the
    readings that show it anew. When the first was brought up to date is not known: it is left out."""
    kept: list[tuple[float, float | None]] = []
    before: float | None = None
    shown = 0.0
    for time, value in points:
        if value is None:
            kept.append((time, None))
        elif before is None:
            shown = time
        elif value != before or time - shown >= every:
            kept.append((time, value))
            shown = time
        before = value
    return kept


def rates(points: Points, edges: Sequence[float], start: float, gaps: Sequence[float]) -> Values:
    """The mean rate over each step. ``edges`` are the ends of the steps, ``start`` is where the first begins.

    A counter that went back was set back: over that step between two readings no rate is known.
    """
    gained, covered = [0.0] * len(edges), [0.0] * len(edges)
    for (t0, v0), (t1, v1) in pairwise(points):
        if v0 is None or v1 is None or v1 < v0 or t1 <= t0 or t1 <= start:
            continue
        crossed = bisect_left(gaps, t0)
        if crossed < len(gaps) and gaps[crossed] < t1:
            continue
        rate = (v1 - v0) / (t1 - t0)
        at = bisect_left(edges, max(t0, start))
        low = max(t0, start)
        while at < len(edges) and low < t1:
            high = min(t1, edges[at])
            if high > low:
                gained[at] += rate * (high - low)
                covered[at] += high - low
            low = max(low, edges[at])
            at += 1
    widths = [after - before for before, after in pairwise([start, *edges])]
    return [
        gain / seconds if seconds > 0 and seconds >= COVERED * width else None
        for gain, seconds, width in zip(gained, covered, widths, strict=True)
    ]


def means(points: Points, edges: Sequence[float], start: float, times: Sequence[float]) -> Values:
    """The mean of the readings in each step; of a table that is read more rarely, its last reading.

    ``times`` are those of all samples: in a step without any nothing is known.
    """
    found: Values = []
    begin = start
    at = [time for time, _ in points]
    for edge in edges:
        low, high = bisect_right(at, begin), bisect_right(at, edge)
        sampled = bisect_right(times, edge) > bisect_right(times, begin)
        values = [value for _, value in points[low:high] if value is not None]
        last = points[high - 1][1] if high else None
        if values:
            found.append(sum(values) / len(values))
        else:
            found.append(last if sampled and low == high else None)
        begin = edge
    return found


def together(lines: Iterable[Values], *, mean: bool = False) -> Values:
    """The sum, or the mean, of lines point by point, of what is known of them."""
    found: Values = []
    for values in zip(*lines, strict=True):
        known = [value for value in values if value is not None]
        found.append(None if not known else sum(known) / (len(known) if mean else 1))
    return found


def less(line: Values, other: Values) -> Values:
    """The difference of two lines, where both are known."""
    return [None if a is None or b is None else a - b for a, b in zip(line, other, strict=True)]


def short(value: float | None) -> float | int | None:
    """Four digits: more cannot be seen in a chart."""
    if value is None:
        return None
    cut = float(f"{value:.4g}")
    return int(cut) if cut == int(cut) else cut
