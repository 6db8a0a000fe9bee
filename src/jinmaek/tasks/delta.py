"""What each process did between two scans of the same machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from jinmaek.model import Explained
from jinmaek.tasks.table import Scan, TaskTable, place


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
    rss_anon_grown: int | None
    """Since the first scan; None where either is unknown."""
    rss_shmem: int | None
    """At the end; None without details."""
    system_s: float
    """The part of ``cpu_s`` in the kernel."""
    read_bytes: int | None
    """Fetched from storage for it; None without usage at both ends."""
    write_bytes: int | None
    """Page cache it dirtied; None without usage at both ends."""


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
                rss_anon_grown=_grown(old.rss_anon, before, new.rss_anon, i),
                rss_shmem=_at(new.rss_shmem, i),
                system_s=max(0.0, new.stime[i] - (0.0 if before is None else old.stime[before])),
                read_bytes=_grown(old.read_bytes, before, new.read_bytes, i),
                write_bytes=_grown(old.write_bytes, before, new.write_bytes, i),
            )
        )
    return found


SUMS = (
    "cpu_s",
    "system_s",
    "minflt",
    "majflt",
    "read_bytes",
    "write_bytes",
    "vm_swap_grown",
    "rss_anon_grown",
)
"""What of a process adds up over parts of a time; all else is as of their end."""


def through(scans: Sequence[Scan]) -> list[TaskDelta]:
    """Every process that is in any scan but the first, against itself in the first it is in; what ended in
    between is told as of the last scan it is in."""
    found: dict[tuple[int, float], TaskDelta] = {}
    for first, last in pairwise(scans):
        for one in deltas(first, last):
            identity = one.pid, one.start_time
            before = found.get(identity)
            found[identity] = one if before is None else _joined(before, one)
    return [found[identity] for identity in sorted(found)]


def _joined(before: TaskDelta, after: TaskDelta) -> TaskDelta:
    sums: dict[str, Any] = {}
    for name in SUMS:
        parts = getattr(before, name), getattr(after, name)
        sums[name] = None if None in parts else sum(parts)
    return replace(after, born=before.born, **sums)


@dataclass(frozen=True, slots=True)
class _Shares:
    """CPU seconds between two scans, apart by who used them."""

    alive: float
    left: Mapping[int, float]
    """Of exited processes, by the pid of who waited for them or for their parents."""
    orphaned: float
    """Of processes that were there before and have gone with their parent: not of this time."""


def account(busy_s: float, first: Scan, last: Scan) -> Explained:
    """Divide the ``busy_s`` CPU seconds of the host between two scans among live and exited processes."""
    shares = _shares(first, last)
    return Explained(
        busy_s=busy_s,
        alive_s=shares.alive,
        exited_s=max(0.0, sum(max(0.0, seconds) for seconds in shares.left.values()) - shares.orphaned),
    )


def waited(first: Scan, last: Scan) -> Mapping[int, float]:
    """CPU seconds of processes that exited between two scans, by the pid of who waited for them."""
    return {pid: seconds for pid, seconds in _shares(first, last).left.items() if seconds > 0}


def _shares(first: Scan, last: Scan) -> _Shares:
    """A process waited for leaves all it used since it started, and what its own children left, in the cutime
    and cstime of its parent (kernel/exit.c wait_task_zombie()). What it had used before the first scan is
    not of this time: it is taken off what its parent got, or off all, where its parent has gone too.
    """
    old, new = first.processes, last.processes
    now = new.rows(_changed(first, last))
    before = old.rows([i for pid in now.pid if (i := place(old, pid)) is not None])
    known = {pid: i for i, pid in enumerate(before.pid)}
    # A pid used again was another process.
    started = zip(now.pid, now.start_time, strict=True)
    reused = {pid for pid, start in started if pid in known and before.start_time[known[pid]] != start}
    gone = old.rows(_gone(old, new, reused))
    left, alive = {}, 0.0
    for i, pid in enumerate(now.pid):
        earlier = None if pid in reused else known.get(pid)
        left[pid] = _left(now, i) - (0.0 if earlier is None else _left(before, earlier))
        alive += max(0.0, _cpu(now, i) - (0.0 if earlier is None else _cpu(before, earlier)))
    orphaned = 0.0
    for i, parent in enumerate(gone.ppid):
        used = _cpu(gone, i) + _left(gone, i)
        if parent in left:
            left[parent] = max(0.0, left[parent] - used)
        elif place(new, parent) is None:
            orphaned += used
    return _Shares(alive, left, orphaned)


def _grown(old: list[int | None], before: int | None, new: list[int | None], i: int) -> int | None:
    """By how much a figure grew; all of it where the process was born meanwhile."""
    now, then = _at(new, i), 0 if before is None else _at(old, before)
    return None if now is None or then is None else now - then


def _changed(first: Scan, last: Scan) -> Sequence[int]:
    """Places of the processes of ``last`` that may be told otherwise than in ``first``."""
    if last.changes is not None and last.changes.since == first.time:
        return last.changes.places()
    return range(len(last.processes))


def _gone(old: TaskTable, new: TaskTable, reused: set[int]) -> list[int]:
    """Places in ``old`` of those that are not in ``new``."""
    if old.pid == new.pid and not reused:
        return []
    there = set(new.pid) - reused
    return [i for i, pid in enumerate(old.pid) if pid not in there]


def exited(first: Scan, last: Scan) -> list[tuple[int, float]]:
    """Identities, (pid, start time), of the processes of ``first`` that are gone in ``last``."""
    return sorted(_places(first.processes).keys() - _places(last.processes).keys())


def _places(tasks: TaskTable) -> dict[tuple[int, float], int]:
    return {identity: i for i, identity in enumerate(zip(tasks.pid, tasks.start_time, strict=True))}


def _cpu(tasks: TaskTable, i: int) -> float:
    return tasks.utime[i] + tasks.stime[i]


def _left(tasks: TaskTable, i: int) -> float:
    return tasks.cutime[i] + tasks.cstime[i]


def _at(column: list[int | None], i: int) -> int | None:
    return column[i] if column else None
