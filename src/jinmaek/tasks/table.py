"""The columnar task table: one list per column, index i is the same process in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jinmaek.model import Gap


@dataclass(frozen=True, slots=True)
class TaskTable:
    """All processes of one scan, or all threads. Identity is (pid, start_time); seconds and bytes.

    A column that was not asked for is an empty list; a value that could not be read is None.
    """

    pid: list[int] = field(default_factory=list)
    """The thread's own id in a table of threads."""
    tgid: list[int] = field(default_factory=list)
    ppid: list[int] = field(default_factory=list)
    start_time: list[float] = field(default_factory=list)
    """Since boot (stat field 22 / CLK_TCK)."""
    comm: list[str] = field(default_factory=list)
    state: list[str] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    """PF_* of include/linux/sched.h; PF_KTHREAD is 0x00200000."""
    utime: list[float] = field(default_factory=list)
    stime: list[float] = field(default_factory=list)
    cutime: list[float] = field(default_factory=list)
    cstime: list[float] = field(default_factory=list)
    minflt: list[int] = field(default_factory=list)
    majflt: list[int] = field(default_factory=list)
    priority: list[int] = field(default_factory=list)
    nice: list[int] = field(default_factory=list)
    rt_priority: list[int] = field(default_factory=list)
    policy: list[int] = field(default_factory=list)
    processor: list[int] = field(default_factory=list)
    num_threads: list[int] = field(default_factory=list)
    vsize: list[int] = field(default_factory=list)
    tty_nr: list[int] = field(default_factory=list)
    resident: list[int | None] = field(default_factory=list)
    """statm field 2."""
    shared: list[int | None] = field(default_factory=list)
    """statm field 3."""
    uid: list[int | None] = field(default_factory=list)
    """Effective user: the owner of /proc/PID."""
    vm_swap: list[int | None] = field(default_factory=list)
    """status VmSwap: anonymous pages only."""
    rss_anon: list[int | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pid)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thread in uninterruptible sleep. ``wchan`` is None where it may not be read."""

    pid: int
    tgid: int
    start_time: float
    comm: str
    wchan: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over all tasks: processes, every thread in D, and the tables counted from them."""

    way: str
    """``procfs``."""
    time: float
    """CLOCK_BOOTTIME seconds when the pass began; None of a captured tree is its uptime."""
    processes: TaskTable
    waiting: tuple[Waiting, ...]
    tables: Mapping[str, tuple[object, ...]]
    """Rows of ``census.TABLES`` by table name."""
    gaps: Mapping[str, Gap]
    """By table name: what this pass could not see (hidepid, wchan denied)."""
    cpu_s: float
