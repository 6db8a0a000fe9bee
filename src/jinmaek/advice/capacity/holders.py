"""Growers that are no process: cgroups at their limits or full of cache, the kernel's own, the page cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinmaek.accounts.heap.said import Said, say
from jinmaek.accounts.trend import theil_sen
from jinmaek.advice.capacity.grower import YOUNG, Class, Grower, confidence, inside, leaking
from jinmaek.advice.capacity.growth import Course, classify
from jinmaek.advice.capacity.headroom import Limit, of_cgroup
from jinmaek.advice.capacity.series import Cgroup, Line, Reader, Watched
from jinmaek.kernel.cgroup_memory import CgroupMemory

EXPLAINED = 0.5
"""Of the growth of a whole, in its parts."""
FULL = 0.9
"""Of a limit, in what cannot be dropped (proposed)."""
PART = 0.1
"""Of the growth of the host, from which a part of the kernel is named."""
CACHE = 0.01
"""Of RAM, or of a limit, by which page cache must grow to be named."""
PARTS = ("Shmem", "SUnreclaim", "PageTables", "VmallocUsed", "Percpu")
"""Columns of meminfo that no process owns, and reclaim cannot drop."""
SHARED = ("memfd", "shm", "sysv", "shared-anonymous")
CHARGES = ("anon", "shmem", "kernel", "slab_unreclaimable", "swap_current")


def demand(w: Watched) -> Line | None:
    """What the host has to hold, in RAM or in swap: MemTotal less MemAvailable, and swap less SwapCached."""
    names = ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree", "SwapCached")
    lines = [w.column(f"meminfo.{name}") for name in names]
    if lines[0] is None or lines[1] is None:
        return None
    zero = [0.0] * len(lines[0][1])
    columns = [zero if line is None else line[1] for line in lines]
    return lines[0][0], [a - b + c - d - e for a, b, c, d, e in zip(*columns, strict=True)]


def cgroups(w: Watched, processes: Sequence[Grower]) -> Iterator[Grower]:
    """What the processes of a limited cgroup do not explain; the deepest first, and each class once."""
    said: list[tuple[Class | None, str]] = []
    for path in sorted(w.cgroups, key=lambda path: -path.count("/")):
        for grower in _cgroup(w, w.cgroups[path], processes):
            if not any(kind == grower.kind and inside(below, path) for kind, below in said):
                said.append((grower.kind, path))
                yield grower


def _cgroup(w: Watched, group: Cgroup, processes: Sequence[Grower]) -> Iterator[Grower]:
    limit, count = of_cgroup(group.last, 0), group.hits
    held = classify(group.times, group.held, w.floor)
    full = limit is not None and limit.left <= (1 - FULL) * limit.bytes
    if full and group.came:
        text = say(
            "It came to its limit {hits} times, and next to nothing of it is cache.", hits=_times(count)
        )
        yield _whole(w, "limit", group, held, text)
    elif held.kind == "leak" and held.rate is not None:
        known = leaking(processes, group.path)
        if known is None or known.rate < EXPLAINED * held.rate.rate:
            text = say("Its processes do not explain it: {parts}.", parts=_grown(group.first, group.last))
            yield _whole(w, "leak", group, held, text)
    yield from _cache(w, group, limit, turned=not full and bool(group.came))


def _whole(w: Watched, kind: Class, group: Cgroup, course: Course, text: Said) -> Grower:
    return Grower(
        kind=kind,
        name=group.path,
        course=course,
        rate=course.rate,
        own=group.held[-1],
        cgroup=group.path,
        confidence=confidence(w, course, YOUNG),
        notes=(text,),
    )


def _times(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _cache(w: Watched, group: Cgroup, limit: Limit | None, *, turned: bool) -> Iterator[Grower]:
    """``turned`` says that the limit made room by dropping cache."""
    course = classify(group.times, group.cache, w.floor)
    least = CACHE * (limit.bytes if limit else group.last.current or 0)
    if not turned and (course.growth < w.floor or course.growth < least):
        return
    text = _dropped()
    if turned:
        text = say(
            "Its limit is filled by page cache: it came to it {hits} times, and the kernel dropped cache "
            "each time. Only {held} cannot be dropped.",
            hits=_times(group.hits),
            held=(group.held[-1], "bytes"),
        )
    reader = next((one for one in w.readers if inside(one.cgroup, group.path)), None)
    yield _read(w, group.path, course, (group.times, group.cache), reader, group.path, text)


def _dropped() -> Said:
    return say("Page cache: the kernel takes it back when it is needed.")


def _read(
    w: Watched, name: str, course: Course, line: Line, reader: Reader | None, cgroup: str | None, text: Said
) -> Grower:
    """Page cache, by who fetched most into it."""
    return Grower(
        kind="cache",
        name=reader.name if reader else name,
        course=course,
        rate=theil_sen(*line) if len(line[0]) > 1 else None,
        own=line[1][-1],
        pid=reader.pid if reader else None,
        start_time=reader.start_time if reader else None,
        cgroup=cgroup,
        confidence=confidence(w, course, YOUNG),
        notes=(text,),
    )


def _grown(first: CgroupMemory, last: CgroupMemory) -> str:
    """Which parts of a cgroup grew, in the kernel's words."""
    pairs = {name: (getattr(first, name), getattr(last, name)) for name in CHARGES}
    grown = {
        name: after - before
        for name, (before, after) in pairs.items()
        if before is not None and after is not None and after > before
    }
    largest = sorted(grown, key=lambda name: -grown[name])[:3]
    return ", ".join(f"{name} {grown[name] / (1 << 20):+.1f} MiB" for name in largest) or "?"


def host(w: Watched, growers: Sequence[Grower]) -> Iterator[Grower]:
    """What belongs to no process: shared memory, the kernel's own, the page cache."""
    held = demand(w)
    whole = held[1][-1] - held[1][0] if held else 0.0
    shared = sum(
        one.course.growth
        for one in growers
        if one.mapped and one.mapped.region and one.mapped.region.kind in SHARED
    )
    for name in PARTS:
        line = w.column(f"meminfo.{name}")
        course = classify(*line, w.floor) if line else None
        if line is None or course is None or course.kind != "leak" or course.growth < PART * whole:
            continue
        if name == "Shmem" and shared >= EXPLAINED * course.growth:
            continue
        text = say("Of no process: the kernel's own memory ({column} in /proc/meminfo).", column=name)
        if name == "Shmem":
            text = say("Of no process that could be seen: tmpfs or shared memory.")
        yield Grower(
            "leak", name, course, course.rate, line[1][-1],
            confidence=confidence(w, course, YOUNG), notes=(text,),
        )  # fmt: skip
    yield from _page_cache(w, growers)


def _page_cache(w: Watched, growers: Sequence[Grower]) -> Iterator[Grower]:
    cached, shared = w.column("meminfo.Cached"), w.column("meminfo.Shmem")
    total = w.latest("meminfo.MemTotal")
    if cached is None or shared is None or total is None:
        return
    cache = [size - part for size, part in zip(cached[1], shared[1], strict=True)]
    course = classify(cached[0], cache, w.floor)
    known = sum(max(0.0, one.course.growth) for one in growers if one.kind == "cache")
    if course.growth < CACHE * total or known >= EXPLAINED * course.growth:
        return
    named = {one.pid for one in growers if one.kind == "cache"}
    reader = next((one for one in w.readers if one.pid not in named), None)
    where = reader.cgroup if reader else None
    yield _read(w, "page cache", course, (cached[0], cache), reader, where, _dropped())
