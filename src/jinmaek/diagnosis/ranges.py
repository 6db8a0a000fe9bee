"""Functions of the readings in a window, as Prometheus 2.42 defines them (promql/functions.go)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, assert_never

Fn = Literal["rate", "increase", "slope", "mean", "highest", "lowest"]
Readings = list[tuple[float, float]]

NEEDED: Mapping[Fn, int] = {"rate": 2, "increase": 2, "slope": 2, "mean": 1, "highest": 1, "lowest": 1}
"""How many readings a function must have to say anything."""


def over_range(fn: Fn, points: Readings, at: float, over: float) -> float:
    """One number from the readings of a series in the ``over`` seconds before ``at``, oldest first."""
    match fn:
        case "rate":
            return _growth(points, at, over, per=over)
        case "increase":
            return _growth(points, at, over, per=1.0)
        case "slope":
            return _slope(points)
        case "mean":
            return _mean(points)
        case "highest":
            return max(_numbers(points))
        case "lowest":
            return min(_numbers(points))
        case _:
            assert_never(fn)


def _growth(points: Readings, at: float, over: float, per: float) -> float:
    """``extrapolatedRate()``: growth of the readings, stretched to the window where they come near its edges.

    A counter that falls has restarted from zero, and it is not stretched to before the moment it was zero.
    """
    first_time, first = points[0]
    last_time, last = points[-1]
    grown = last - first
    before = first
    for _, number in points[1:]:
        if number < before:
            grown += before
        before = number
    to_start = first_time - (at - over)
    to_end = at - last_time
    sampled = last_time - first_time
    between = sampled / (len(points) - 1)
    if grown > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / grown))
    near = between * 1.1
    stretched = sampled
    stretched += to_start if to_start < near else between / 2
    stretched += to_end if to_end < near else between / 2
    return grown * (stretched / sampled / per)


def _slope(points: Readings) -> float:
    """``linearRegression()``: least squares, with compensated sums."""
    first = points[0][1]
    if all(number == first for _, number in points):
        return math.nan if math.isinf(first) else 0.0
    x = y = xy = xx = (0.0, 0.0)
    for time, number in points:
        since = time - points[0][0]
        x, y = _add(x, since), _add(y, number)
        xy, xx = _add(xy, since * number), _add(xx, since * since)
    n = float(len(points))
    sum_x, sum_y, sum_xy, sum_xx = (total + rest for total, rest in (x, y, xy, xx))
    return (sum_xy - sum_x * sum_y / n) / (sum_xx - sum_x * sum_x / n)


def _mean(points: Readings) -> float:
    mean = (0.0, 0.0)
    for count, (_, number) in enumerate(points, 1):
        if math.isinf(mean[0]) and not math.isnan(number) and (math.isfinite(number) or mean[0] == number):
            continue
        mean = _add(mean, number / count - mean[0] / count)
    return mean[0] if math.isinf(mean[0]) else mean[0] + mean[1]


def _add(running: tuple[float, float], number: float) -> tuple[float, float]:
    """One step of Neumaier's summation: the sum and what rounding took from it."""
    total, lost = running
    new = total + number
    lost += (total - new) + number if abs(total) >= abs(number) else (number - new) + total
    return new, lost


def _numbers(points: Readings) -> list[float]:
    """Not-a-number is beaten by every number and remains only alone."""
    real = [number for _, number in points if not math.isnan(number)]
    return real or [number for _, number in points]
