"""Memory over time, by subject: processes, cgroups and the host. Any history can fill these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from jinmaek.advice.capacity.headroom import reclaimable
from jinmaek.advice.capacity.mapped import Mapped
from jinmaek.catalog import ref
from jinmaek.history.live import Ring
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.pid_limits import PidLimits
from jinmaek.model import Gap, Remembered, TasksRead

Identity = tuple[int, float]
"""pid and start time."""
Line = tuple[Sequence[float], Sequence[float]]
"""Times, in seconds since boot, and values."""


@dataclass(frozen=True, slots=True)
class Process:
    """One life of one process: from its first reading to its last. Columns are parallel; bytes."""

    pid: int
    start_time: float
    name: str
    cgroup: str | None
    """That its memory is charged to."""
    alive: bool
    times: Sequence[float]
    anon: Sequence[float]
    """RssAnon + VmSwap: reclaim cannot hide it."""
    shmem: Sequence[float]
    file: Sequence[float]
    """Page cache of files it maps."""
    vsize: Sequence[float]
    threads: Sequence[float]

    @property
    def identity(self) -> Identity:
        return self.pid, self.start_time

    @property
    def age(self) -> float:
        """Seconds it had lived at its last reading."""
        return self.times[-1] - self.start_time


@dataclass(frozen=True, slots=True)
class Cgroup:
    """One cgroup that has a limit, or was asked for."""

    path: str
    times: Sequence[float]
    held: Sequence[float]
    """Charged, less what reclaim can drop, and what of it is in swap."""
    cache: Sequence[float]
    """On the file lists."""
    first: CgroupMemory
    last: CgroupMemory

    @property
    def hits(self) -> int | None:
        """How often it came to its limit in the window; None where that is not counted."""
        pairs = (
            (self.first.events_max, self.last.events_max),
            (self.first.events_high, self.last.events_high),
        )
        counted = [after - before for before, after in pairs if before is not None and after is not None]
        total = sum(counted) if counted else None
        # Version 1 without swap (memsw's limit is the same): the kernel may count neither (6.18).
        uncounted = self.last.events_high is None and self.last.swap_max == 0 and self.at_limit
        return None if total == 0 and uncounted else total

    @property
    def at_limit(self) -> bool:
        """Whether it is as large as it may be, cache included."""
        limit, current = self.last.max, self.last.current
        return limit is not None and current is not None and current >= FULL * limit

    @property
    def came(self) -> bool | None:
        """Whether it came to its limit in the window; where that is not counted, whether it stands there."""
        return bool(self.hits) if self.hits is not None else self.at_limit or None


COUNTED = ("events_max", "pgfault")
FULL = 0.95


def limited(path: str, every: Sequence[tuple[float, CgroupMemory]]) -> Cgroup:
    """Since it was last made: a name is used again, its counters begin anew."""
    begin = 0
    for n, ((_, before), (_, after)) in enumerate(pairwise(every), 1):
        if any((getattr(after, name) or 0) < (getattr(before, name) or 0) for name in COUNTED):
            begin = n
    rows = every[begin:]
    return Cgroup(
        path=path,
        times=[at for at, _ in rows],
        held=[(row.current or 0) - reclaimable(row) + (row.swap_current or 0) for _, row in rows],
        cache=[(row.inactive_file or 0) + (row.active_file or 0) for _, row in rows],
        first=rows[0][1],
        last=rows[-1][1],
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """A process and what it fetched from storage in the window."""

    pid: int
    start_time: float
    name: str
    cgroup: str | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """Processes of one name whose number moved."""

    name: str
    times: Sequence[float]
    counts: Sequence[float]
    each: float | None
    """Bytes of its own that one of those born in the window has, shared pages divided; None is not known."""
    pid: int
    """Of the latest."""
    start_time: float
    cgroup: str | None
    parent: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Peak:
    """What a process has now, and had at most since it started; bytes of RSS."""

    name: str
    pid: int
    most: int
    now: int


@dataclass(frozen=True, slots=True)
class Watched:
    """One look, or one piece of any history."""

    wall: float
    """Seconds since the epoch at the last reading."""
    asked: float
    readings: int
    floor: float
    """Bytes by which something must move to be looked at."""
    history: Ring
    processes: Sequence[Process]
    """Those that moved, and the one asked for."""
    cgroups: Mapping[str, Cgroup] = field(default_factory=dict)
    crowds: Sequence[Crowd] = ()
    readers: Sequence[Reader] = ()
    peaks: Sequence[Peak] = ()
    mapped: Mapping[Identity, Mapped] = field(default_factory=dict)
    allowed: Mapping[Identity, PidLimits] = field(default_factory=dict)
    """What growers may have at most."""
    interrupted: bool = False
    tasks: TasksRead | None = None
    gaps: tuple[Gap, ...] = ()
    judged: tuple[float, float] | None = None
    """Of a long time, the end (seconds since boot) and the length of the piece in which it is judged whether
    memory is short; None is all of it."""
    remembered: Remembered | Gap | None = None
    """The history of a running recorder that is part of it, or why it is not."""

    @property
    def begin(self) -> float:
        return self.history.snapshots[0].monotonic

    @property
    def end(self) -> float:
        return self.history.snapshots[-1].monotonic

    @property
    def window(self) -> float:
        return self.end - self.begin

    @property
    def piece(self) -> tuple[float, float]:
        """The end and the length of the piece in which it is judged whether memory is short."""
        return self.judged or (self.end, self.window)

    def column(self, name: str) -> Line | None:
        """Readings of a column of the whole host; None where there are none."""
        lines = self.history.series(ref(name), self.begin, self.end)
        if isinstance(lines, Gap) or not lines:
            return None
        points = [(time, value) for time, value in next(iter(lines.values())) if value is not None]
        return ([time for time, _ in points], [value for _, value in points]) if points else None

    def latest(self, name: str) -> float | None:
        """The last reading of a column of the whole host."""
        line = self.column(name)
        return None if line is None else line[1][-1]
