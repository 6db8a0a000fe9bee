"""What rises to stay, told from what comes and goes: the lowest level in each sixth of a window.

A peak that passes, a heap between two collections, a cache that is dropped and filled again leave the lowest
levels where they were; a leak lifts each above the one before. By chance six are in order once in 720 times.
On a history shorter than the window nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from jinmaek.diagnosis.expr import (
    AllOf,
    Const,
    Expr,
    all_of,
    any_of,
    highest,
    limit,
    lowest,
    named,
    now,
    slope,
)

PARTS = 6
HALF_HOUR = 1800.0


def window(seconds: float = HALF_HOUR) -> Const:
    """The time a trend is told from; ``--set RULE.window=SECONDS`` is another."""
    return limit("window", seconds)


def lowest_in(part: int, span: Const, of: Sequence[str], less: Sequence[str] = ()) -> Expr:
    """In one part of the window, 0 the oldest, the sum of columns ``of`` without ``less`` was never below."""
    over, ago = span / PARTS, span * ((PARTS - 1 - part) / PARTS) if part < PARTS - 1 else 0.0
    first, *others = of
    level: Expr = lowest(first, over=over, ago=ago)
    for column in others:
        level = level + lowest(column, over=over, ago=ago)
    for column in less:
        level = level - highest(column, over=over, ago=ago)
    return level


def rising(least: Expr, span: Const, of: Sequence[str], less: Sequence[str] = ()) -> AllOf:
    """The lowest level rose by more than ``least``, from each part to the next, and has not come to rest."""
    levels = [lowest_in(part, span, of, less) for part in range(PARTS)]
    rise = named("rise of the lowest level over the window", levels[-1] - levels[0])
    return all_of(
        rise > least,
        *(
            named("rise of the lowest level from one sixth of the window to the next", later - earlier) > 0
            for earlier, later in pairwise(levels)
        ),
        named("rise of the lowest level in the last third", levels[-1] - levels[-3])
        >= rise * limit("steady", 0.2),
    )


def trend(span: Const, of: Sequence[str], less: Sequence[str] = ()) -> Expr:
    """Growth of such a sum per second, by all readings of a window that was seen from its beginning."""
    first, *others = of
    # Of a window that has only just begun a slope can be had too, and says nothing.
    whole: Expr = slope(first, over=span) + lowest_in(0, span, (first,)) * 0
    for column in others:
        whole = whole + slope(column, over=span)
    for column in less:
        whole = whole - slope(column, over=span)
    return whole


BOOT = limit("boot", 3600)
JUST_STARTED = any_of(
    now("uptime.uptime") < BOOT,
    # Where the uptime is not exported the time of the start is: two of them in the window are a restart.
    highest("stat.btime", over=BOOT) > lowest("stat.btime", over=BOOT) + limit("clock-step", 10),
)
"""Everything grows after a start."""
