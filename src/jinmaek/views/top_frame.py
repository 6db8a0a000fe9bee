"""One picture of ``top``: what two readings of a host say about its CPUs, memory and processes."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.stat import Stat, StatCpu
from jinmaek.kernel.uptime import Uptime
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks.delta import deltas
from jinmaek.tasks.table import TaskTable
from jinmaek.views.procps import Memory

Row = TypeVar("Row")

TABLES = ("stat", "stat_cpu", "loadavg", "meminfo", "uptime")
"""What a reading for ``top`` must hold besides the tasks."""

MODES = {
    "us": "user",
    "sy": "system",
    "ni": "nice",
    "id": "idle",
    "wa": "iowait",
    "hi": "irq",
    "si": "softirq",
    "st": "steal",
}
"""What top calls a share of CPU time, and its column in /proc/stat."""

Shares = Mapping[str, float | None]
"""The key of ``MODES`` to a share from 0 to 1; None where one reading cannot tell."""

SHORTEST = 0.005
"""Seconds taken for a span that is none, as procps does."""


@dataclass(frozen=True, slots=True)
class Process:
    """One line. Sizes are bytes, times seconds, shares 1 for one whole CPU or all memory; None is unknown."""

    pid: int
    ppid: int
    uid: int | None
    user: str
    priority: int
    nice: int
    num_threads: int
    processor: int
    state: str
    virtual: int
    resident: int | None
    shared: int | None
    swap: int | None
    cpu: float | None
    memory: float | None
    time: float
    majflt: int
    minflt: int
    comm: str
    start_time: float


@dataclass(frozen=True, slots=True)
class Frame:
    """All of one picture; ``processes`` in the order of their pids."""

    wall: float
    uptime: float | None
    load: tuple[float, float, float] | None
    sessions: int
    shares: Shares
    cpus: Mapping[int, Shares]
    memory: Memory | None
    processes: Sequence[Process]
    pid_width: int
    gaps: Sequence[Gap]


def frame(
    before: Snapshot | None,
    now: Snapshot,
    *,
    name_of: Callable[[int], str],
    sessions: int,
    pid_width: int,
    only: Container[int] | None = None,
) -> Frame:
    """The picture of ``now``; without a reading before it nothing that is a rate is known."""
    up = _one(now, "uptime", Uptime)
    load = _one(now, "loadavg", Loadavg)
    meminfo = _one(now, "meminfo", Meminfo)
    earlier = (
        {row.cpu: row for row in before.tables.get("stat_cpu", ()) if isinstance(row, StatCpu)}
        if before
        else {}
    )
    return Frame(
        wall=now.wall,
        uptime=up.uptime if up else None,
        load=(load.load1, load.load5, load.load15) if load else None,
        sessions=sessions,
        shares=_shares(_one(before, "stat", Stat) if before else None, _one(now, "stat", Stat)),
        cpus={
            row.cpu: _shares(earlier.get(row.cpu), row)
            for row in now.tables.get("stat_cpu", ())
            if isinstance(row, StatCpu)
        },
        memory=Memory(meminfo) if meminfo else None,
        processes=_processes(before, now, name_of, meminfo.MemTotal if meminfo else None, only),
        pid_width=pid_width,
        gaps=tuple(dict.fromkeys(now.gaps.values())),
    )


def _processes(
    before: Snapshot | None,
    now: Snapshot,
    name_of: Callable[[int], str],
    total: int | None,
    only: Container[int] | None,
) -> list[Process]:
    if now.tasks is None:
        return []
    tasks = now.tasks.processes
    used: Sequence[float | None] = [None] * len(tasks)
    if before is not None and before.tasks is not None:
        span = max(now.tasks.time - before.tasks.time, SHORTEST)
        used = [task.cpu_s / span for task in deltas(before.tasks, now.tasks)]
    chosen = [i for i in range(len(tasks)) if only is None or tasks.pid[i] in only]
    return [_process(tasks, i, used[i], name_of, total) for i in chosen]


def _process(
    tasks: TaskTable, i: int, used: float | None, name_of: Callable[[int], str], total: int | None
) -> Process:
    uid, resident = tasks.uid[i], tasks.resident[i]
    return Process(
        pid=tasks.pid[i],
        ppid=tasks.ppid[i],
        uid=uid,
        user="?" if uid is None else name_of(uid),
        priority=tasks.priority[i],
        nice=tasks.nice[i],
        num_threads=tasks.num_threads[i],
        processor=tasks.processor[i],
        state=tasks.state[i],
        virtual=tasks.vsize[i],
        resident=resident,
        shared=tasks.shared[i],
        swap=tasks.vm_swap[i] if tasks.vm_swap else None,
        cpu=None if used is None else min(used, tasks.num_threads[i]),
        memory=resident / total if resident is not None and total else None,
        time=tasks.utime[i] + tasks.stime[i],
        majflt=tasks.majflt[i],
        minflt=tasks.minflt[i],
        comm=tasks.comm[i],
        start_time=tasks.start_time[i],
    )


def _shares(before: Stat | StatCpu | None, now: Stat | StatCpu | None) -> Shares:
    """Shares of the time between two readings. Idle and iowait may step back a little: counted as none."""
    if before is None or now is None:
        return dict.fromkeys(MODES)
    spent: dict[str, float | None] = {}
    for name, column in MODES.items():
        a, b = getattr(before, column), getattr(now, column)
        spent[name] = None if a is None or b is None else max(0.0, b - a)
    whole = sum(value for value in spent.values() if value is not None)
    if not whole:
        # Less than one tick went by.
        return {name: None if value is None else float(name == "id") for name, value in spent.items()}
    return {name: None if value is None else value / whole for name, value in spent.items()}


def _one(snapshot: Snapshot, table: str, kind: type[Row]) -> Row | None:
    return next((row for row in snapshot.tables.get(table, ()) if isinstance(row, kind)), None)
