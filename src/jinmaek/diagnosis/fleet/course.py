"""When a condition held, from the moments at which an engine was asked: as long as it must.

As an alert counts. rules/alerting.go of Prometheus: an alert is pending from the first evaluation at which
its condition holds, fires once that was ``for`` ago, and goes on for ``keep_firing_for`` after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEPS = (15.0, 30.0, 60.0)
"""Seconds between two moments: as engines evaluate their rules."""
MOST = 240
"""Moments of a long time."""


@dataclass(frozen=True, slots=True)
class Moments:
    """``start``, then every ``step`` seconds to ``end``."""

    start: float
    end: float
    step: float

    @property
    def count(self) -> int:
        return round((self.end - self.start) / self.step) + 1

    def places(self, times: Iterable[float]) -> list[int]:
        """Which of the moments these are."""
        return sorted({round((time - self.start) / self.step) for time in times})

    def at(self, place: int) -> float:
        return self.start + place * self.step


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first to the last moment at which the condition held, short breaks included."""

    since: float
    until: float


def lately(at: float, held: float) -> Moments:
    """The moments at which a condition must hold to have been held for ``held`` seconds at ``at``."""
    step = next((step for step in reversed(STEPS) if held >= 2 * step), STEPS[0])
    count = max(1, round(held / step)) if held else 0
    return Moments(at - held, at, held / count if count else step)


def over(start: float, at: float) -> Moments:
    """At most ``MOST`` moments of a long time, counted back from its end."""
    step = next((step for step in STEPS if (at - start) / step <= MOST), (at - start) / MOST)
    count = int((at - start) / step)
    return Moments(at - count * step, at, step)


def throughout(moments: Moments, times: Iterable[float]) -> bool:
    """Whether it held at every moment."""
    return len(moments.places(times)) == moments.count


def unbroken(moments: Moments, times: Sequence[float]) -> tuple[float, bool]:
    """Since when it has held without a break up to the end, and whether it may have held before ``start``."""
    places = set(moments.places(times))
    place = moments.count - 1
    while place - 1 in places:
        place -= 1
    return moments.at(place), place == 0


def episodes(moments: Moments, times: Iterable[float], held: float, kept: float) -> tuple[Episode, ...]:
    """When an alert on it fired, oldest first; less than ``kept`` seconds apart they are one."""
    found: list[Episode] = []
    for first, last in _runs(moments.places(times)):
        since, until = moments.at(first), moments.at(last)
        if found and since - found[-1].until <= max(kept, moments.step):
            found[-1] = Episode(found[-1].since, until)
        elif until - since >= held:
            found.append(Episode(since, until))
    return tuple(found)


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1] = runs[-1][0], place
        else:
            runs.append((place, place))
    return runs
