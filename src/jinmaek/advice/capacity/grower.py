"""One that moved: its class, its speed, how sure that is, and what else is to be said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from jinmaek.accounts.heap.said import Said
from jinmaek.accounts.trend import Slope
from jinmaek.advice.capacity.growth import Course
from jinmaek.advice.capacity.mapped import Mapped
from jinmaek.advice.capacity.series import Watched
from jinmaek.model import Confidence

Class = Literal["leak", "limit", "burst", "fragmentation", "cache", "warm-up", "steady"]
CLASSES: tuple[Class, ...] = get_args(Class)

YOUNG = 900.0
"""Seconds of age below which growth may be a warm-up."""
LONG, LONGER = 600.0, 3600.0
"""Seconds of a window for medium and for high confidence."""
MANY = 30
"""Readings for more than low confidence."""
TURNS = 10
"""Cycles of a saw-tooth for high confidence."""


@dataclass(frozen=True, slots=True)
class Grower:
    """``pid`` is the one to look at: of several the one that grew most, of a cache who reads."""

    kind: Class | None
    """None: it moved, and this look does not show which kind it is."""
    name: str
    course: Course
    rate: Slope | None
    """Bytes per second, of all members together."""
    own: float | None
    """Bytes it has now."""
    pid: int | None = None
    start_time: float | None = None
    cgroup: str | None = None
    members: int = 1
    """Processes alive that are meant."""
    restarts: int = 0
    confidence: Confidence = "low"
    mapped: Mapped | None = None
    notes: tuple[Said, ...] = ()
    ceiling: float | None = None
    """Bytes by which it may grow until a limit of its own stops it (-Xmx)."""

    @property
    def place(self) -> tuple[float, float, float]:
        """Leaks first, then the fastest."""
        order = CLASSES.index(self.kind or "cache") - (self.kind is None) / 2
        return order, -(self.rate.rate if self.rate else 0.0), -abs(self.course.growth)


def added(rates: Iterable[Slope | None]) -> Slope | None:
    """The speed of several together; None of none."""
    every = [rate for rate in rates if rate is not None]
    if not every:
        return None
    return Slope(*(sum(each) for each in zip(*((r.rate, r.low, r.high) for r in every), strict=True)))


def confidence(w: Watched, course: Course, age: float) -> Confidence:
    """Of a class: by the length of the window, the readings, and the age of who is meant."""
    if w.window < LONG or course.samples < MANY or age < YOUNG:
        return "low"
    return "high" if w.window >= LONGER and (not course.cycles or course.cycles >= TURNS) else "medium"


def inside(path: str | None, cgroup: str) -> bool:
    """Whether a cgroup is another one or below it."""
    return path is not None and (cgroup == "/" or path == cgroup or path.startswith(f"{cgroup}/"))


def leaking(growers: Iterable[Grower], cgroup: str | None = None) -> Slope | None:
    """The leaks together, of the host or of one cgroup."""
    return added(
        one.rate for one in growers if one.kind == "leak" and (cgroup is None or inside(one.cgroup, cgroup))
    )
