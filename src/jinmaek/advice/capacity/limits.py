"""Every limit that those who grow run against, when each is reached, and what more memory would buy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinmaek.accounts.trend import Slope, theil_sen
from jinmaek.advice.capacity import headroom
from jinmaek.advice.capacity.grower import Grower, added, inside, leaking
from jinmaek.advice.capacity.growth import Course, classify
from jinmaek.advice.capacity.headroom import Limit, Outlook, outlook, tightest, urgency
from jinmaek.advice.capacity.holders import demand
from jinmaek.advice.capacity.series import Line, Watched
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.sys_vm import SysVm

EXPLAINED = 0.5


@dataclass(frozen=True, slots=True)
class More:
    """What ``add`` bytes more at the tightest limit come to: the outlook of what is then the tightest."""

    add: int
    outlook: Outlook


def outlooks(w: Watched, growers: Sequence[Grower], within: str | None, pid: int | None) -> list[Outlook]:
    """Of the host, of cgroups (of those around ``within`` alone), of processes; soonest first."""
    found = [*_host(w, growers), *_cgroups(w, growers, within), *_processes(w, growers, pid)]
    return sorted(found, key=urgency)


def more(every: Sequence[Outlook], adds: Sequence[int]) -> tuple[More, ...]:
    """With the tightest limit raised. Without ``adds`` by half of it and by all of it."""
    first = tightest(every)
    if first is None:
        return ()
    found = []
    for add in adds or (first.limit.bytes // 2, first.limit.bytes):
        raised = outlook(first.limit.raised(add), first.rate, first.above)
        best = tightest([raised, *(one for one in every if one is not first)])
        assert best is not None
        found.append(More(add, best))
    return tuple(found)


def _host(w: Watched, growers: Sequence[Grower]) -> Iterator[Outlook]:
    last = w.history.snapshots[-1].tables
    memory = next((row for row in last.get("meminfo", ()) if isinstance(row, Meminfo)), None)
    if memory is None:
        return
    limit = headroom.host(memory, _swaps(w))
    if limit is not None:
        yield _outlook(w, limit, demand(w), growers, None)
    vm = next((row for row in last.get("sys_vm", ()) if isinstance(row, SysVm)), None)
    promised = headroom.of_commit(memory, vm)
    if promised is not None:
        yield _outlook(w, promised, w.column("meminfo.Committed_AS"), (), None)


def _swaps(w: Watched) -> list[Swap] | None:
    rows = w.history.snapshots[-1].tables.get("swaps")
    return None if rows is None else [row for row in rows if isinstance(row, Swap)]


def _cgroups(w: Watched, growers: Sequence[Grower], within: str | None) -> Iterator[Outlook]:
    free = headroom.usable_swap(_swaps(w) or ())[1]
    for path, group in w.cgroups.items():
        limit = headroom.of_cgroup(group.last, free)
        if limit is not None and (within is None or inside(within, path)):
            yield _outlook(w, limit, (group.times, group.held), growers, path)


def _outlook(
    w: Watched, limit: Limit, line: Line | None, growers: Sequence[Grower], cgroup: str | None
) -> Outlook:
    """By what is held against it itself where that only grows, else by the leaks that are known."""
    course = classify(*line, w.floor) if line else None
    ceilings = [
        one for one in growers if one.ceiling is not None and (cgroup is None or inside(one.cgroup, cgroup))
    ]
    bounded = [one for one in ceilings if (one.ceiling or 0.0) <= limit.left]
    free = added(one.rate for one in ceilings if one not in bounded)
    known = added([leaking(growers, cgroup), free])
    if course is not None and course.kind == "leak" and course.rate is not None:
        tame = added(one.rate for one in bounded)
        if tame is not None and tame.rate >= EXPLAINED * course.rate.rate and known is None:
            return Outlook(limit, None, None)
        return outlook(limit, course.rate, course.above)
    return outlook(limit, known, _above(course))


def _above(course: Course | None) -> float:
    return course.above if course is not None else 0.0


def _processes(w: Watched, growers: Sequence[Grower], pid: int | None) -> Iterator[Outlook]:
    """RLIMIT_AS of those that leak: their address space against it."""
    lives = {life.identity: life for life in w.processes}
    for grower in growers:
        if grower.pid is None or grower.start_time is None or (pid is not None and grower.pid != pid):
            continue
        life = lives.get((grower.pid, grower.start_time))
        allowed = w.allowed.get((grower.pid, grower.start_time))
        if grower.kind != "leak" or life is None or allowed is None or allowed.address_space is None:
            continue
        name = f"{life.name} [{life.pid}]"
        limit = headroom.of_address_space(name, allowed.address_space, life.vsize[-1])
        speed: Slope | None = theil_sen(life.times, life.vsize) if len(life.times) > 1 else None
        yield outlook(limit, speed)
