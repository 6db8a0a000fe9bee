"""Whether what comes and goes needs RAM at all: it fitted, or swap can take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinmaek.advice.capacity import headroom
from jinmaek.advice.capacity.grower import Grower, inside
from jinmaek.advice.capacity.series import Watched
from jinmaek.advice.capacity.signs import Signs, reclaims_itself
from jinmaek.kernel.swaps import Swap

MATTERS = 0.05
"""Of RAM, or of the limit around it: a smaller burst needs no cushion (proposed)."""
SHORT = 600.0
"""Seconds: what stays longer is worked on while it is there, and swap would be in the way (proposed)."""


@dataclass(frozen=True, slots=True)
class Cushion:
    """One burst, bytes and seconds, and the swap that could take it; None is not known."""

    grower: Grower
    size: float
    lasted: float
    swap: int | None
    """Free for it, zram not counted."""
    fitted: bool | None
    """It came and went without reclaim, swapping, or a limit in its way."""

    @property
    def enough(self) -> bool | None:
        """Whether swap as a cushion is enough."""
        if self.fitted:
            return True
        return None if self.swap is None else self.size <= self.swap and self.lasted <= SHORT


def cushions(w: Watched, growers: Sequence[Grower], signs: Signs) -> tuple[Cushion, ...]:
    """Of every burst among the growers."""
    rows = w.history.snapshots[-1].tables.get("swaps")
    free = None if rows is None else headroom.usable_swap(row for row in rows if isinstance(row, Swap))[1]
    total = w.latest("meminfo.MemTotal") or 0.0
    found = []
    for grower in growers:
        size = grower.course.peak - grower.course.base
        caps = [cap for path in _around(w, grower) if (cap := w.cgroups[path].last.max) is not None]
        if grower.kind == "burst" and size >= MATTERS * min([total, *caps]):
            room = _room(w, grower, free)
            found.append(Cushion(grower, size, grower.course.lasted or 0.0, room, _fitted(w, grower, signs)))
    return tuple(found)


def _around(w: Watched, grower: Grower) -> list[str]:
    return [path for path in w.cgroups if inside(grower.cgroup, path)]


def _room(w: Watched, grower: Grower, free: int | None) -> int | None:
    """Free swap, of the host and of every cgroup around it."""
    if free is None:
        return None
    rows = [w.cgroups[path].last for path in _around(w, grower)]
    rooms = [max(0, row.swap_max - (row.swap_current or 0)) for row in rows if row.swap_max is not None]
    return min([free, *rooms])


def _fitted(w: Watched, grower: Grower, signs: Signs) -> bool | None:
    stopped = [w.cgroups[path].came for path in _around(w, grower)]
    if any(stopped):
        return False
    reclaims = reclaims_itself(signs)
    return None if reclaims is None else not reclaims
