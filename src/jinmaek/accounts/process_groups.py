"""Processes put together by name, the largest groups apart and the rest as one: so many, and sums that close.

What is a number now is summed over the processes there are. What only grows is counted on from scan to
scan, so that a group's count does not fall when one of its processes ends; of processes that come and go
between two scans nothing is known.
A group keeps its place until another is clearly larger: series do not come and go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinmaek.tasks.table import Scan, TaskTable

REST = "all other groups"
"""Longer than the name of any process can be (TASK_COMM_LEN)."""
MOST = 20
KERNEL_THREAD = 0x0020_0000
"""PF_KTHREAD of include/linux/sched.h."""
FADES = 0.9
"""What is left of a group's largest share at the next scan."""
CLEARLY = 1.25
"""How many times larger a group must be than the one whose place it takes."""
COUNTERS = ("utime", "stime", "majflt", "minflt", "read_bytes", "write_bytes")

Identity = tuple[int, float]
Counts = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Processes of one name. Seconds and bytes; None where it could not be read of every one of them."""

    name: str
    processes: int
    threads: int
    resident: int | None
    virtual: int
    swapped: int | None
    user: float | None
    system: float | None
    major_faults: int | None
    minor_faults: int | None
    read_bytes: int | None
    write_bytes: int | None
    states: Mapping[str, int]


@dataclass(slots=True)
class _Sum:
    """What is gathered of one group in a scan."""

    processes: int = 0
    threads: int = 0
    resident: int | None = 0
    virtual: int = 0
    swapped: int | None = 0
    grown: list[float | None] = field(default_factory=lambda: [0.0] * len(COUNTERS))
    states: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    """A group that has a place of its own: how large it was lately, and its counts since."""

    size: float
    counts: list[float | None]


class Groups:
    """The groups of one host from scan to scan."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._before: dict[Identity, Counts] = {}
        self._last: float | None = None
        self._places: dict[str, _Place] = {}
        self._rest: list[float | None] = [0.0] * len(COUNTERS)

    def add(self, scan: Scan) -> tuple[Group, ...]:
        """The groups of a scan, at most ``most`` and the rest, which is always there."""
        sums = self._gathered(scan.processes)
        self._last = scan.time
        self._rank(sums)
        rest = _Sum(grown=_blank(scan.processes))
        _count(self._rest, rest.grown)
        for name, one in sums.items():
            place = self._places.get(name)
            if place is None:
                _join(rest, one)
                _count(self._rest, one.grown)
            else:
                _count(place.counts, one.grown)
        found = [_group(name, sums.get(name) or _Sum(), place.counts) for name, place in self._places.items()]
        return (*sorted(found, key=lambda group: group.name), _group(REST, rest, self._rest))

    def _gathered(self, tasks: TaskTable) -> dict[str, _Sum]:
        sums: dict[str, _Sum] = {}
        now: dict[Identity, Counts] = {}
        blank = _blank(tasks)
        for i, counts in enumerate(_counts(tasks)):
            kernel = bool(tasks.flags) and bool(tasks.flags[i] & KERNEL_THREAD)
            name = group_of(tasks.comm[i], kernel=kernel)
            one = sums.get(name)
            if one is None:
                one = sums[name] = _Sum(grown=list(blank))
            one.processes += 1
            one.threads += tasks.num_threads[i]
            one.virtual += tasks.vsize[i]
            # Of one that has just ended, a zombie or a thread of the kernel: it has no memory.
            one.resident = _plus(one.resident, (tasks.resident[i] or 0) if tasks.resident else None)
            one.swapped = _plus(one.swapped, (tasks.vm_swap[i] or 0) if tasks.vm_swap else None)
            state = tasks.state[i]
            one.states[state] = one.states.get(state, 0) + 1
            identity = tasks.pid[i], tasks.start_time[i]
            now[identity] = counts
            self._grow(one.grown, identity, counts)
        self._before = now
        return sums

    def _grow(self, grown: list[float | None], identity: Identity, counts: Counts) -> None:
        """Of a process seen before what came since, of one born since all it did."""
        before = self._before.get(identity)
        if before is None:
            if self._last is None or identity[1] < self._last:
                return  # from before anybody looked
            before = (0,) * len(COUNTERS)
        for place, (was, told) in enumerate(zip(before, counts, strict=True)):
            so_far = grown[place]
            if was is None or told is None or so_far is None:
                grown[place] = None
            elif told > was:
                grown[place] = so_far + told - was

    def _rank(self, sums: Mapping[str, _Sum]) -> None:
        """Give free places to the largest, and one place a scan to a group that is clearly larger."""
        sizes = _sizes(sums)
        for name, place in self._places.items():
            place.size = max(sizes.get(name, 0.0), place.size * FADES)
        others = sorted((name for name in sizes if name not in self._places), key=lambda name: -sizes[name])
        for name in others:
            if len(self._places) < self._most:
                self._places[name] = _Place(sizes[name], [0.0] * len(COUNTERS))
                continue
            if self._places:
                least = min(self._places, key=lambda one: self._places[one].size)
                if sizes[name] > CLEARLY * self._places[least].size:
                    del self._places[least]
                    self._places[name] = _Place(sizes[name], [0.0] * len(COUNTERS))
            return


def group_of(comm: str, *, kernel: bool) -> str:
    """The group of a process. Threads of the kernel have the CPU they are for after a slash."""
    return f"[{comm.partition('/')[0]}]" if kernel else comm


def _counts(tasks: TaskTable) -> Iterator[Counts]:
    """The counters of each process; None where they were not read."""
    nothing: list[None] = [None] * len(tasks)
    columns = [getattr(tasks, name) or nothing for name in COUNTERS]
    return zip(*columns, strict=True)


def _blank(tasks: TaskTable) -> list[float | None]:
    """Nothing counted yet of what was read, nothing known of what was not."""
    return [0.0 if getattr(tasks, name) or not len(tasks) else None for name in COUNTERS]


def _sizes(sums: Mapping[str, _Sum]) -> dict[str, float]:
    """The largest share a group has of anything: CPU time, faults, writes, memory, swap, threads, waits."""
    parts = {
        name: (
            (one.grown[0] or 0.0) + (one.grown[1] or 0.0),
            one.grown[2] or 0.0,
            one.grown[5] or 0.0,
            one.resident or 0,
            one.swapped or 0,
            one.threads,
            one.states.get("D", 0) + one.states.get("Z", 0),
        )
        for name, one in sums.items()
    }
    wholes = [sum(column) for column in zip(*parts.values(), strict=True)]
    return {
        name: max((part / whole for part, whole in zip(those, wholes, strict=True) if whole), default=0.0)
        for name, those in parts.items()
    }


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _join(into: _Sum, one: _Sum) -> None:
    into.processes += one.processes
    into.threads += one.threads
    into.virtual += one.virtual
    into.resident = _plus(into.resident, one.resident)
    into.swapped = _plus(into.swapped, one.swapped)
    for state, count in one.states.items():
        into.states[state] = into.states.get(state, 0) + count


def _count(counts: list[float | None], grown: list[float | None]) -> None:
    for place, more in enumerate(grown):
        so_far = counts[place]
        counts[place] = None if so_far is None or more is None else so_far + more


def _group(name: str, one: _Sum, counts: list[float | None]) -> Group:
    user, system, major, minor, read, written = counts
    return Group(
        name=name,
        processes=one.processes,
        threads=one.threads,
        resident=one.resident,
        virtual=one.virtual,
        swapped=one.swapped,
        user=user,
        system=system,
        major_faults=_whole(major),
        minor_faults=_whole(minor),
        read_bytes=_whole(read),
        write_bytes=_whole(written),
        states=one.states,
    )


def _whole(count: float | None) -> int | None:
    return None if count is None else int(count)
