"""From what was watched to the answer: classify who moved, hold it against the limits, judge."""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.advice.capacity import squeeze
from jinmaek.advice.capacity.answer import Answer, Case, Demand, Focus
from jinmaek.advice.capacity.changes import changes
from jinmaek.advice.capacity.cushion import cushions
from jinmaek.advice.capacity.fragments import fragments
from jinmaek.advice.capacity.grower import Grower, inside
from jinmaek.advice.capacity.holders import cgroups, demand, host
from jinmaek.advice.capacity.limits import more, outlooks
from jinmaek.advice.capacity.programs import crowds, programs
from jinmaek.advice.capacity.series import Peak, Watched
from jinmaek.advice.capacity.signs import of_host
from jinmaek.advice.capacity.verdict import judge as verdict_of

PEAK = 0.05
"""Of RAM, by which a process must once have had more to be named."""
PEAKS = 3


def judge(w: Watched, focus: Focus, adds: Sequence[int] = ()) -> Answer:
    """``adds`` are bytes of memory to try on the tightest limit."""
    signs = of_host(w)
    many = list(crowds(w))
    crowded = {(one.name, one.cgroup) for one in many}
    alone = [one for one in programs(w) if one.kind == "leak" or (one.name, one.cgroup) not in crowded]
    processes = [*alone, *many]
    holding = [*processes, *cgroups(w, processes)]
    every = [*holding, *host(w, holding), *fragments(w, signs)]
    every.sort(key=lambda one: one.place)
    mine = sorted(_asked(w, every, focus), key=lambda one: one.place)
    told = [squeeze.of_cgroup(w, group, signs) for group in w.cgroups.values()]
    case = Case(
        w=w,
        focus=focus,
        growers=tuple(mine),
        every=tuple(every),
        outlooks=tuple(outlooks(w, every, focus.cgroup, focus.pid)),
        signs=signs,
        squeezes=tuple(one for one in told if one.came or inside(focus.cgroup, one.path)),
        cushions=cushions(w, mine, signs),
    )
    judged = verdict_of(case)
    return Answer(
        verdict=judged.verdict,
        cause=judged.cause,
        sentence=judged.sentence,
        confidence=judged.confidence,
        case=case,
        more=more(case.outlooks, adds),
        restart=_restart(mine),
        demand=_demand(w, focus),
        peaks=_peaks(w, focus),
        would_change=tuple(changes(case, judged.cause)),
    )


def _asked(w: Watched, every: Sequence[Grower], focus: Focus) -> list[Grower]:
    if focus.pid is not None:
        return list(programs(w, focus.pid))
    return [one for one in every if focus.cgroup is None or inside(one.cgroup, focus.cgroup)]


def _restart(growers: Sequence[Grower]) -> tuple[Grower, float] | None:
    """What a new start of the fastest leak gives back takes so long to grow again, at most."""
    for one in growers:
        if one.kind == "leak" and one.pid is not None and one.rate is not None and one.own is not None:
            return one, one.own / one.rate.rate
    return None


def _demand(w: Watched, focus: Focus) -> Demand | None:
    group = w.cgroups.get(focus.cgroup or "")
    line = demand(w) if group is None else (group.times, group.held)
    if line is None:
        return None
    most, at = max(zip(line[1], line[0], strict=True))
    if group is not None:
        return Demand(most, at, line[1][-1], group.last.max, group.last.peak)
    return Demand(most, at, line[1][-1], w.latest("meminfo.MemTotal"), None)


def _peaks(w: Watched, focus: Focus) -> tuple[Peak, ...]:
    total = w.latest("meminfo.MemTotal") or 0.0
    once = [one for one in w.peaks if one.most - one.now >= PEAK * total and focus.pid in (None, one.pid)]
    return tuple(sorted(once, key=lambda one: one.now - one.most)[:PEAKS])
