"""Whether memory is short: pages in use that were evicted and come back, reclaim, swapping, who waits.

A level is no sign. Counters of reclaim are of the whole host alone, refaults and pressure include what the
limit of a cgroup does (mm/vmscan.c cgroup_reclaim()): that tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jinmaek.advice.capacity.series import Watched
from jinmaek.diagnosis.evaluate import Missing, evaluate
from jinmaek.diagnosis.expr import Expr, named, rate
from jinmaek.diagnosis.words import columns, unit
from jinmaek.model import Gap
from jinmaek.rules.terms import pressure

Key = Literal[
    "waits", "stalled", "activated", "refaults", "swap_in", "swap_out", "direct", "background", "faults",
    "kills", "compaction",
]  # fmt: skip
State = Literal["short", "limited", "felt", "quiet", "unknown"]
"""``limited``: by the limit of a cgroup; ``felt``: somebody waits, or pages come back, but not both."""

NOTICED = 0.01
"""Share of the time in which a thread waited, from which it is felt (proposed; 0.1 in memory.thrashing)."""
SOME_OF_IT = 0.1
"""Of all the time since boot: a mean above that part of a limit tells that it was passed (proposed)."""
SWAPPING = 10.0
"""Pages a second, as in swap.active."""

SIGNS: Mapping[Key, tuple[tuple[Expr, ...], float]] = {
    "waits": ((named("threads wait for memory", pressure("memory")),), 0.1),
    "stalled": ((named("all threads that had work wait for memory", pressure("memory", "full")),), 0.1),
    "activated": (
        (
            named(
                "evicted pages that were in use come back",
                rate("vmstat.workingset_activate_anon") + rate("vmstat.workingset_activate_file"),
            ),
            # One number until 5.8.
            named("evicted pages that were in use come back", rate("vmstat.workingset_activate")),
        ),
        100,
    ),
    "refaults": (
        (
            named(
                "evicted pages come back at all",
                rate("vmstat.workingset_refault_anon") + rate("vmstat.workingset_refault_file"),
            ),
            named("evicted pages come back at all", rate("vmstat.workingset_refault")),
        ),
        100,
    ),
    "swap_in": ((named("pages come back from swap", rate("vmstat.pswpin")),), SWAPPING),
    "swap_out": ((named("pages leave for swap", rate("vmstat.pswpout")),), SWAPPING),
    "direct": (
        (
            named("threads reclaim memory themselves", rate("vmstat.pgscan_direct")),
            # By zone until 4.7.
            named(
                "threads reclaim memory themselves",
                rate("vmstat.pgscan_direct_normal") + rate("vmstat.pgscan_direct_dma32"),
            ),
        ),
        100,
    ),
    "background": (
        (
            named("the kernel reclaims in the background", rate("vmstat.pgscan_kswapd")),
            named(
                "the kernel reclaims in the background",
                rate("vmstat.pgscan_kswapd_normal") + rate("vmstat.pgscan_kswapd_dma32"),
            ),
        ),
        100,
    ),
    "faults": ((named("page faults read from disk", rate("vmstat.pgmajfault")),), 500),
    "kills": ((named("processes killed for lack of memory", rate("vmstat.oom_kill")),), 0),
    "compaction": ((named("searches for large free blocks in vain", rate("vmstat.compact_fail")),), 1),
}
"""What is asked of the host, as other kernels have it too, and from where on it counts."""


@dataclass(frozen=True, slots=True)
class Sign:
    """``value`` is per second, or a share of the time, over the window; None is not known."""

    name: str
    value: float | None
    unit: str
    limit: float
    since_boot: float | None
    """The same over all the time since boot."""
    gap: Gap | None

    @property
    def holds(self) -> bool | None:
        return None if self.value is None else self.value > self.limit

    @property
    def held(self) -> bool | None:
        """Whether it did for some of the time since boot: the mean is of quiet hours too."""
        return None if self.since_boot is None else self.since_boot > self.limit * SOME_OF_IT


Signs = Mapping[Key, Sign]


def of_host(w: Watched) -> dict[Key, Sign]:
    """All signs of the host."""
    uptime = w.latest("uptime.uptime") or w.end
    return {key: _sign(w, exprs, limit, uptime) for key, (exprs, limit) in SIGNS.items()}


def _sign(w: Watched, exprs: tuple[Expr, ...], limit: float, uptime: float) -> Sign:
    at, span = w.piece
    told = [evaluate(expr, w.history, at, span or 1.0) for expr in exprs]
    totals = [[w.latest(column.name) for column in columns(expr)] for expr in exprs]
    known = next((n for n, total in enumerate(totals) if None not in total), 0)
    name = getattr(exprs[0], "name", "")
    vector = told[known]
    total = [value for value in totals[known] if value is not None]
    since = sum(total) / uptime if total and len(total) == len(totals[known]) and uptime > 0 else None
    if isinstance(vector, Missing):
        return Sign(name, None, unit(exprs[known]), limit, since, vector.gap)
    value = next(iter(vector.values()), None)
    gap = (
        Gap("too short", columns(exprs[known])[0].name, "one reading shows no rate")
        if value is None
        else None
    )
    return Sign(name, value, unit(exprs[known]), limit, since, gap)


def state(signs: Signs) -> State:
    """What they come to."""
    waits = signs["waits"].value
    back, reclaims = comes_back(signs), reclaims_itself(signs)
    if back is None:
        return "unknown"
    if back and (waits is None or waits >= NOTICED):
        return "limited" if reclaims is False else "short"
    return "felt" if back or (waits is not None and waits >= SIGNS["waits"][1]) else "quiet"


def comes_back(signs: Signs) -> bool | None:
    """Whether pages that are in use were evicted: they come back. None is not known."""
    activated, read, written = (signs[key].holds for key in ("activated", "swap_in", "swap_out"))
    if activated or (read and written):
        return True
    return None if activated is None and read is None else False


def reclaims_itself(signs: Signs) -> bool | None:
    """Whether it is the host that reclaims, not a cgroup at its limit."""
    direct, background = signs["direct"].holds, signs["background"].holds
    if direct or background:
        return True
    return None if direct is None and background is None else False


def before(signs: Signs) -> bool:
    """Whether the means since boot tell of a shortage, or a process was killed."""
    return any(signs[key].held for key in ("waits", "activated", "kills")) or bool(
        signs["swap_in"].held and signs["swap_out"].held
    )
