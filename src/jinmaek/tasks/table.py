"""The columnar task table: one list per column, index i is the same process in all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from jinmaek.model import Gap


@dataclass(frozen=True, slots=True)
class TaskTable:
    """All processes of one scan, or all threads. Identity is (pid, start_time); seconds and bytes.

    A column that was not asked for, or that this way of reading does not give cheaply, is an empty list; a
    value that could not be read is None.
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
    rss_file: list[int | None] = field(default_factory=list)
    """Page cache it maps; with ``rss_shmem`` what statm calls shared."""
    rss_shmem: list[int | None] = field(default_factory=list)
    in_iowait: list[int | None] = field(default_factory=list)
    """Threads that sleep in io_schedule(), whose CPU counts as iowait while it idles; no file tells it."""
    run_delay: list[float | None] = field(default_factory=list)
    """Seconds runnable but waiting for a CPU, of all live threads together."""
    run_time: list[float | None] = field(default_factory=list)
    """Seconds on a CPU to the nanosecond, of all live threads together."""
    read_bytes: list[int | None] = field(default_factory=list)
    """Fetched from storage for it, with its exited threads."""
    write_bytes: list[int | None] = field(default_factory=list)
    """Page cache it dirtied, with its exited threads."""
    cgroup_id: list[int | None] = field(default_factory=list)
    """Inode of its folder in the unified cgroup tree."""

    def __len__(self) -> int:
        return len(self.pid)

    def rows(self, places: Sequence[int]) -> TaskTable:
        """A table of the entries at these places, given in ascending order."""
        columns = {one.name: getattr(self, one.name) for one in fields(TaskTable)}
        return TaskTable(**{name: [of[i] for i in places] if of else [] for name, of in columns.items()})


def place(tasks: TaskTable, pid: int) -> int | None:
    """Where a pid is in a scan's table of processes, which has them in ascending order."""
    i = bisect_left(tasks.pid, pid)
    return i if i < len(tasks.pid) and tasks.pid[i] == pid else None


@dataclass(frozen=True, slots=True)
class Changes:
    """Which processes of a scan are new, or told otherwise in any figure, since an earlier scan."""

    since: float
    """The ``time`` of that scan."""
    places: Callable[[], Sequence[int]]
    """Their places in ``processes``, ascending; found out when asked for."""


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
    """``bpf`` or ``procfs``."""
    time: float
    """CLOCK_BOOTTIME seconds when the pass began; None of a captured tree is its uptime."""
    processes: TaskTable
    waiting: tuple[Waiting, ...]
    tables: Mapping[str, tuple[object, ...]]
    """Rows of ``census.TABLES`` by table name."""
    gaps: Mapping[str, Gap]
    """By table name: what this pass could not see (hidepid, wchan denied)."""
    cpu_s: float
    threads: TaskTable | None = None
    """One entry per thread, where asked for: times, faults and state are its own, memory its process'."""
    changes: Changes | None = None
    """None where every process may have changed, as in a first scan."""
