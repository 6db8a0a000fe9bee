"""What each process did between two scans of the same machine."""

from __future__ import annotations

from dataclasses import dataclass

from jinmaek.tasks.table import Scan, TaskTable


@dataclass(frozen=True, slots=True)
class TaskDelta:
    """One process alive at the end. Times are seconds, sizes bytes; None where it could not be read."""

    pid: int
    start_time: float
    """Since boot; with ``pid`` the identity."""
    comm: str
    ppid: int
    uid: int | None
    state: str
    born: bool
    """Not in the first scan: what it did since its start is all counted."""
    cpu_s: float
    minflt: int
    majflt: int
    num_threads: int
    vsize: int
    resident: int | None
    vm_swap: int | None
    """At the end; None without details."""
    rss_anon: int | None
    """At the end; None without details."""
    vm_swap_grown: int | None
    """Since the first scan; None where either is unknown."""


def deltas(first: Scan, last: Scan) -> list[TaskDelta]:
    """Every process of ``last`` against itself in ``first``."""
    old, new = first.processes, last.processes
    earlier = _places(old)
    found = []
    for i, identity in enumerate(zip(new.pid, new.start_time, strict=True)):
        before = earlier.get(identity)
        swap = _at(new.vm_swap, i)
        swap_before = 0 if before is None else _at(old.vm_swap, before)
        found.append(
            TaskDelta(
                pid=new.pid[i],
                start_time=new.start_time[i],
                comm=new.comm[i],
                ppid=new.ppid[i],
                uid=_at(new.uid, i),
                state=new.state[i],
                born=before is None,
                cpu_s=max(0.0, _cpu(new, i) - (0.0 if before is None else _cpu(old, before))),
                minflt=new.minflt[i] - (0 if before is None else old.minflt[before]),
                majflt=new.majflt[i] - (0 if before is None else old.majflt[before]),
                num_threads=new.num_threads[i],
                vsize=new.vsize[i],
                resident=_at(new.resident, i),
                vm_swap=swap,
                rss_anon=_at(new.rss_anon, i),
                vm_swap_grown=None if swap is None or swap_before is None else swap - swap_before,
            )
        )
    return found


def exited(first: Scan, last: Scan) -> list[tuple[int, float]]:
    """Identities, (pid, start time), of the processes of ``first`` that are gone in ``last``."""
    return sorted(_places(first.processes).keys() - _places(last.processes).keys())


def _places(tasks: TaskTable) -> dict[tuple[int, float], int]:
    return {identity: i for i, identity in enumerate(zip(tasks.pid, tasks.start_time, strict=True))}


def _cpu(tasks: TaskTable, i: int) -> float:
    return tasks.utime[i] + tasks.stime[i]


def _at(column: list[int | None], i: int) -> int | None:
    return column[i] if column else None
