"""Whether the limit of one cgroup is short: how often it came to it, and what that did to it."""

from __future__ import annotations

from dataclasses import dataclass

from jinmaek.advice.capacity.series import Cgroup, Watched
from jinmaek.advice.capacity.signs import NOTICED, SIGNS, Signs, State, reclaims_itself
from jinmaek.kernel.cgroup_pressure import CgroupPressure


@dataclass(frozen=True, slots=True)
class Squeeze:
    """How one cgroup fared at its limit in the window; None is not known."""

    path: str
    hits: int | None
    came: bool | None
    """Whether it came to its limit at all."""
    waits: float | None
    """Share of the time in which a thread of it waited for memory."""
    refaults: float | None
    """Pages a second."""
    activated: float | None
    """Pages a second that were in use; known only where this cgroup alone can have caused them."""
    state: State


def of_cgroup(w: Watched, group: Cgroup, signs: Signs) -> Squeeze:
    """Version 2 tells pressure and refaults of a cgroup; version 1 only where nobody else reclaims."""
    came = group.came
    alone = reclaims_itself(signs) is False and not any(
        other.came
        for path, other in w.cgroups.items()
        if path != group.path and not _related(path, group.path)
    )
    waits = _pressure(w, group.path)
    if waits is None and alone and came:
        waits = signs["waits"].value
    refaults = _refaults(w, group)
    all_of_them = signs["refaults"].value
    if refaults is None and alone and came:
        refaults = all_of_them
    mine = alone or (refaults is not None and all_of_them is not None and refaults >= all_of_them / 2)
    activated = signs["activated"].value if mine and came else None
    return Squeeze(
        group.path, group.hits, came, waits, refaults, activated, _state(came, waits, refaults, activated)
    )


def _state(came: bool | None, waits: float | None, refaults: float | None, activated: float | None) -> State:
    if came is False:
        return "quiet"
    if came is None or (activated is None and refaults is None):
        return "unknown"
    if activated is not None and activated >= SIGNS["activated"][1] and (waits is None or waits >= NOTICED):
        return "short"
    noticed = (refaults or 0) >= SIGNS["refaults"][1] or (waits or 0) >= SIGNS["waits"][1]
    return "felt" if noticed else "quiet"


def _related(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _pressure(w: Watched, path: str) -> float | None:
    at, span = w.piece
    told: list[tuple[float, float]] = []
    for snapshot in w.history.snapshots:
        if at - span <= snapshot.monotonic <= at:
            rows = [
                row for row in snapshot.tables.get("cgroup_pressure", ()) if isinstance(row, CgroupPressure)
            ]
            mine = (row.some_total for row in rows if (row.cgroup, row.resource) == (path, "memory"))
            total = next(mine, None)
            told += [] if total is None else [(snapshot.monotonic, total)]
    if len(told) < 2 or told[-1][0] == told[0][0]:
        return None
    return (told[-1][1] - told[0][1]) / (told[-1][0] - told[0][0])


def _refaults(w: Watched, group: Cgroup) -> float | None:
    first, last = group.first, group.last
    pairs = (
        (first.workingset_refault_anon, last.workingset_refault_anon),
        (first.workingset_refault_file, last.workingset_refault_file),
    )
    counted = [after - before for before, after in pairs if before is not None and after is not None]
    return sum(counted) / w.window if counted and w.window else None
