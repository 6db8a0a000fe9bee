"""Growers among the processes: by name and cgroup, so as to survive restarts, and crowds of one name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jinmaek.accounts.heap.said import Said, say
from jinmaek.accounts.trend import Slope, theil_sen
from jinmaek.advice.capacity.doubts import qualified
from jinmaek.advice.capacity.grower import YOUNG, Class, Grower, added, confidence
from jinmaek.advice.capacity.growth import SAMPLES, Course, classify
from jinmaek.advice.capacity.series import Crowd, Process, Watched

SHARED = 0.5
"""Of the rise of a process' shared memory, by which that of the host must have risen too."""
ALIKE = 0.3
"""Of the speed of the life before."""
PASSING = 16
"""Times the floor, that a process which has ended must have had to be named."""
CROWD = 5
"""Processes by which a crowd must grow."""


def programs(w: Watched, pid: int | None = None) -> Iterator[Grower]:
    """Processes that moved, those of one name and cgroup together; or the one asked for alone."""
    shared = w.column("meminfo.Shmem")
    rise = max(shared[1]) - min(shared[1]) if shared else 0.0
    groups: dict[tuple[str, str | None], list[Process]] = {}
    for process in w.processes:
        if pid is not None and process.pid != pid:
            continue
        groups.setdefault((process.name, process.cgroup), []).append(process)
    for group in groups.values():
        lives = sorted(group, key=lambda life: life.start_time)
        if any(life.alive for life in lives):
            yield _program(w, lives, rise)
        else:
            yield from _ended(w, lives)


def _program(w: Watched, lives: Sequence[Process], shared: float) -> Grower:
    own = [_own(life, shared) for life in lives]
    courses = [classify(life.times, sizes, w.floor) for life, sizes in zip(lives, own, strict=True)]
    there = [n for n, life in enumerate(lives) if life.alive]
    leaks = [n for n, course in enumerate(courses) if course.kind == "leak"]
    chosen = max(there, key=lambda n: (n in leaks, courses[n].growth))
    life, course = lives[chosen], courses[chosen]
    kind: Class | None = course.kind
    rate = added(courses[n].rate for n in there if n in leaks) if kind == "leak" else course.rate
    notes: tuple[Said, ...] = ()
    before = courses[leaks[-1]].rate if leaks and kind != "leak" else None
    if before is not None and course.samples < SAMPLES and _goes_on(life, own[chosen], before):
        kind, rate = "leak", before
        notes = (say("It was restarted: this is how its life before went."),)
    elif kind is None and len(lives) - len(there) > 1:
        kind = _together(w, lives, own)
    elif kind in ("steady", None) and max(sizes[-1] - sizes[0] for sizes in own) < w.floor:
        cached = max(lives, key=lambda one: one.file[-1] - one.file[0])
        if cached.file[-1] - cached.file[0] >= w.floor:
            return _mapping_files(w, cached)
    alike = [n for n in there if n == chosen or courses[n].kind == kind]
    grower = Grower(
        kind=kind,
        name=life.name,
        course=course,
        rate=rate,
        own=sum(own[n][-1] for n in alike),
        pid=life.pid,
        start_time=life.start_time,
        cgroup=life.cgroup,
        members=len(alike),
        restarts=_restarts(lives),
        confidence=confidence(w, course, life.age),
        mapped=w.mapped.get(life.identity),
        notes=notes,
    )
    return qualified(w, grower, life)


def _goes_on(life: Process, sizes: Sequence[float], before: Slope) -> bool:
    """Whether a life too short to judge grows like one before it, and does not only bear its name."""
    return len(sizes) > 2 and theil_sen(life.times, sizes).rate >= ALIKE * before.rate


def _ended(w: Watched, lives: Sequence[Process]) -> Iterator[Grower]:
    """Who came and went within the window, with all it had: of many the largest."""
    most = max(lives, key=lambda life: max(life.anon))
    peak = max(most.anon)
    if peak < PASSING * w.floor:
        return
    lasted = most.times[-1] - most.times[0]
    there = most.anon[0] if most.start_time < w.begin else 0.0
    course = Course("burst", len(most.times), 0.0 - there, 0.0, peak, since=most.times[0], lasted=lasted)
    yield Grower(
        kind="burst",
        name=most.name,
        course=course,
        rate=None,
        own=0.0,
        pid=most.pid,
        start_time=most.start_time,
        cgroup=most.cgroup,
        members=0,
        notes=(say("It had {size} and has ended.", size=(peak, "bytes")),),
    )


def _own(life: Process, shared: float) -> Sequence[float]:
    """What is its own: shared memory counts where the host's moved as well, and is not only mapped anew."""
    rise = max(life.shmem) - min(life.shmem)
    if rise and shared >= SHARED * rise:
        return [anon + shmem for anon, shmem in zip(life.anon, life.shmem, strict=True)]
    return life.anon


def _restarts(lives: Sequence[Process]) -> int:
    """Lives that were over before one that goes on began."""
    latest = max((life.start_time for life in lives if life.alive), default=None)
    return 0 if latest is None else sum(not life.alive and life.times[-1] <= latest for life in lives)


def _together(w: Watched, lives: Sequence[Process], own: Sequence[Sequence[float]]) -> Class | None:
    """Of many short lives: how all they have moves. Where it grows it may be pages that forks share."""
    times = {snapshot.monotonic for snapshot in w.history.snapshots}.union(*(life.times for life in lives))
    sums = dict.fromkeys(sorted(times), 0.0)
    for life, sizes in zip(lives, own, strict=True):
        for time, size in zip(life.times, sizes, strict=True):
            sums[time] += size
    whole = classify(list(sums), list(sums.values()), w.floor).kind
    return whole if whole in ("steady", "burst") else None


def _mapping_files(w: Watched, life: Process) -> Grower:
    """RSS that grows by page cache of files it maps."""
    course = classify(life.times, life.file, w.floor)
    return Grower(
        kind="cache",
        name=life.name,
        course=course,
        rate=theil_sen(life.times, life.file),
        own=life.file[-1],
        pid=life.pid,
        start_time=life.start_time,
        cgroup=life.cgroup,
        confidence=confidence(w, course, life.age),
        notes=(say("Its RSS grows by page cache of files it maps: the kernel takes it back. No leak."),),
    )


def crowds(w: Watched) -> Iterator[Grower]:
    """Ever more processes of one name: each is steady, their number is not."""
    for crowd in w.crowds:
        course = classify(crowd.times, crowd.counts, CROWD)
        if course.kind == "leak" and (crowd.each is None or crowd.each * course.growth >= w.floor):
            yield _crowd(w, crowd, course)


def _crowd(w: Watched, crowd: Crowd, course: Course) -> Grower:
    each, speed = crowd.each, course.rate
    rate = None
    if each is not None and speed is not None:
        rate = Slope(each * speed.rate, each * speed.low, each * speed.high)
    note = say(
        "Not one of them grows, their number does: from {before} to {after}, started by {parent}.",
        before=f"{crowd.counts[0]:.0f}",
        after=f"{crowd.counts[-1]:.0f}",
        parent="?" if crowd.parent is None else f"{crowd.parent[1]} [{crowd.parent[0]}]",
    )
    return Grower(
        kind="leak",
        name=crowd.name,
        course=replace(course, growth=course.growth * (each or 0.0)),
        rate=rate,
        own=None if each is None else each * crowd.counts[-1],
        pid=crowd.pid,
        start_time=crowd.start_time,
        cgroup=crowd.cgroup,
        members=round(crowd.counts[-1]),
        confidence=confidence(w, course, YOUNG),
        notes=(note,),
    )
