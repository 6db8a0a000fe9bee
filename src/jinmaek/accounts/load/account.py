"""The load average divided among the threads that make it: pure arithmetic over samples.

In the load are threads that are runnable (running or waiting for a CPU) and threads in uninterruptible
sleep, D, but not those the freezer stopped. A thread held back by the quota of its cgroup is runnable, shows
R, and is not in the load: the scheduler takes it off its queues (kernel/sched/fair.c).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from jinmaek.accounts.load.places import FREEZE, Place
from jinmaek.accounts.load.ticks import Tick, average
from jinmaek.model import Gap
from jinmaek.tasks.waits import WaitClass, class_of

Kind = Literal["running", "throttled", "parked"] | WaitClass
KINDS: tuple[Kind, ...] = (
    "running", "throttled", "disk", "journal", "remote", "lock", "memory", "frozen", "parked", "vfork",
    "other",
)  # fmt: skip
NOT_COUNTED: tuple[Kind, ...] = ("throttled", "frozen")
"""Shown beside the load: the kernel leaves them out of it."""
MOST = 5

Identity = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread in R or D at the moment of a sample; ``wchan`` and ``place`` are of one in D."""

    pid: int
    """Of its process."""
    start_time: float
    name: str
    cgroup: str | None
    tid: int
    waiting: bool = False
    kernel: bool = False
    wchan: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """All threads in R or D but the observer's own, and how many /proc/stat says run, the observer too."""

    time: float
    threads: tuple[Thread, ...]
    procs_running: int | None


@dataclass(frozen=True, slots=True)
class Who:
    """Threads of one process in one part. ``threads`` is their mean number over the samples."""

    pid: int
    start_time: float
    name: str
    cgroup: str | None
    threads: float
    wchan: str | None = None
    place: Place | None = None
    freezing: bool = False
    """Wants to change a file system that is frozen, or being frozen."""


@dataclass(frozen=True, slots=True)
class Part:
    """One kind: the mean number of threads, its share of all that are in the load, and who, most first."""

    kind: Kind
    threads: float
    share: float | None
    who: tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """The account of one look. Means are over the samples; None where the kernel did not tell."""

    load: tuple[float, float, float] | None
    cpus: int | None
    window_s: float
    counts: tuple[Tick, ...]
    """What the kernel itself counted at each update of load1."""
    recovered: float | None
    predicted: float | None
    """What load1 should be at the end, by the samples; ``load`` tells what it is."""
    parts: tuple[Part, ...]
    on_cpu: float | None
    """CPUs at work."""
    stolen: float | None
    """CPUs' worth of time the hypervisor took."""
    gaps: tuple[Gap, ...]

    @property
    def counted(self) -> float:
        """The threads of all parts that are in the load."""
        return sum(part.threads for part in self.parts if part.kind not in NOT_COUNTED)

    @property
    def unexplained(self) -> float | None:
        """What the kernel counted and no part shows; negative where the parts show more."""
        return None if self.recovered is None else self.recovered - self.counted

    @property
    def waiting_for_cpu(self) -> float | None:
        """Runnable threads that are not on a CPU."""
        running = next((part.threads for part in self.parts if part.kind == "running"), 0.0)
        return None if self.on_cpu is None else max(0.0, running - self.on_cpu)


def parts(samples: Sequence[Sample], throttled: Callable[[str | None], float]) -> tuple[Part, ...]:
    """The parts, largest first. ``throttled`` gives the share of the time a cgroup's quota held it back."""
    parked = _parked(samples)
    means: dict[tuple[Kind, Identity, str | None], Who] = {}
    for sample in samples:
        for thread in sample.threads:
            for kind, weight in _kinds(thread, parked, throttled):
                key = kind, (thread.pid, thread.start_time), thread.wchan
                means[key] = _add(means.get(key), thread, weight / len(samples))
    by_kind: dict[Kind, list[Who]] = {}
    for (kind, _, _), who in means.items():
        by_kind.setdefault(kind, []).append(who)
    sums = {kind: sum(who.threads for who in them) for kind, them in by_kind.items()}
    whole = sum(threads for kind, threads in sums.items() if kind not in NOT_COUNTED)
    found = [
        Part(
            kind,
            sums[kind],
            None if kind in NOT_COUNTED or not whole else sums[kind] / whole,
            tuple(sorted(them, key=lambda who: (-who.threads, who.pid))),
        )
        for kind, them in by_kind.items()
    ]
    return tuple(sorted(found, key=lambda part: (-part.threads, KINDS.index(part.kind))))


def _kinds(
    thread: Thread, parked: set[int], throttled: Callable[[str | None], float]
) -> list[tuple[Kind, float]]:
    if not thread.waiting:
        held = throttled(thread.cgroup)
        shares: list[tuple[Kind, float]] = [("running", 1 - held), ("throttled", held)]
        return [(kind, share) for kind, share in shares if share > 0]
    if thread.tid in parked:
        return [("parked", 1.0)]
    kind: Kind = class_of(thread.wchan)
    return [(kind, 1.0)]


def _add(who: Who | None, thread: Thread, threads: float) -> Who:
    place = thread.place or (who.place if who else None)
    return Who(
        thread.pid,
        thread.start_time,
        thread.name,
        thread.cgroup,
        threads + (who.threads if who else 0.0),
        thread.wchan,
        place,
        freezing=place is not None and place.writing and thread.wchan in FREEZE,
    )


def _parked(samples: Sequence[Sample]) -> set[int]:
    """Threads of the kernel that never left one unnamed wait: parked there by a driver. Needs two samples."""
    places: dict[int, set[str | None]] = {}
    times: dict[int, int] = {}
    for sample in samples:
        for thread in sample.threads:
            if thread.waiting and thread.kernel and class_of(thread.wchan) == "other":
                places.setdefault(thread.tid, set()).add(thread.wchan)
                times[thread.tid] = times.get(thread.tid, 0) + 1
    if len(samples) < 2:
        return set()
    return {tid for tid, count in times.items() if count == len(samples) and len(places[tid]) == 1}


def predicted(load1: float, samples: Sequence[Sample]) -> float | None:
    """load1 at the last sample, from what it was at the first and the threads counted at each."""
    steps: list[tuple[float, float]] = []
    for earlier, later in pairwise(samples):
        if later.procs_running is None:
            return None
        asleep = sum(
            1 for thread in later.threads if thread.waiting and class_of(thread.wchan) not in NOT_COUNTED
        )
        # The observer runs while it looks, and sleeps when the kernel counts.
        steps.append((later.time - earlier.time, max(0, later.procs_running - 1) + asleep))
    return average(load1, steps) if steps else None


def held_back(
    seconds: Mapping[str, float], window: float, runnable: Mapping[str, float], cpus: int
) -> Callable[[str | None], float]:
    """The share of the time the threads of a cgroup were throttled, by its own quota or an ancestor's.

    ``seconds`` were counted per CPU, so of several threads each is held back for its part of them only;
    ``runnable`` is the mean number of threads in R by cgroup.
    """

    def share(cgroup: str | None) -> float:
        if cgroup is None or not window:
            return 0.0
        most, path = 0.0, cgroup
        while path not in ("", "/"):
            if path in seconds:
                inside = sum(n for name, n in runnable.items() if name == path or name.startswith(f"{path}/"))
                width = max(1.0, min(inside, cpus))
                most = max(most, min(1.0, seconds[path] / (window * width)))
            path = path.rpartition("/")[0]
        return most

    return share
