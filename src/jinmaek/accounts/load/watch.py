"""Watching a host for the load account: a sample of all threads now and then, the load average in between."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from jinmaek import procfile
from jinmaek.accounts.cpu import busy_seconds
from jinmaek.accounts.load.account import Identity, Load, Sample, Thread, held_back, parts, predicted
from jinmaek.accounts.load.places import Places
from jinmaek.accounts.load.ticks import Reading, ticks
from jinmaek.columns import Malformed
from jinmaek.kernel import loadavg, pid_cgroup
from jinmaek.kernel.cgroup_cpu import CgroupCpu
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.stat import Stat
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.files import read
from jinmaek.tasks.table import Scan, TaskTable, Waiting, place

TABLES = ("loadavg", "stat", "stat_cpu", "cgroup_cpu")
EACH = ("loadavg", "stat")
GLANCE = 0.2
"""Seconds between two looks at the load average: the moment of an update is known to that."""
CPU = ("cpu", "")
"""Whose path tells the cgroup that a quota is set on: version 1's controller, else version 2."""
KERNEL_THREAD = 0x00200000
PLACED = 64
"""Threads in D per sample whose file system is looked up."""


@dataclass(slots=True)
class _Seen:
    """What is gathered over a look."""

    root: Root
    places: Places
    samples: list[Sample] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    cgroups: dict[Identity, str | None] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)


def watch(
    root: Root,
    scanner: Scanner,
    span: float,
    interval: float,
    progress: Callable[[float], None] | None = None,
) -> Load:
    """The account of ``span`` seconds of the live machine, or of the one moment a captured tree shows."""
    seen = _Seen(root, Places(root))
    first = _look(seen, scanner, TABLES)
    if not root.live:
        return _account(seen, first, first)
    begin = time.monotonic()
    try:
        for n in range(1, max(1, round(span / interval)) + 1):
            _glance_until(seen, begin + n * interval, begin + span, progress)
            last = _look(seen, scanner, TABLES if n == max(1, round(span / interval)) else EACH)
    finally:
        if progress:
            progress(0)
    return _account(seen, first, last)


def _look(seen: _Seen, scanner: Scanner, tables: Iterable[str]) -> Snapshot:
    snapshot = take(seen.root, tables, scanner.scan(details=False, threads=True))
    seen.gaps |= snapshot.gaps
    assert snapshot.tasks is not None
    seen.gaps |= snapshot.tasks.gaps
    for row in snapshot.tables.get("loadavg", ()):
        assert isinstance(row, Loadavg)
        seen.readings.append(Reading(snapshot.monotonic, row.load1))
    running = next(
        (row.procs_running for row in snapshot.tables.get("stat", ()) if isinstance(row, Stat)), None
    )
    seen.samples.append(Sample(snapshot.tasks.time, tuple(_threads(seen, snapshot.tasks)), running))
    return snapshot


def _threads(seen: _Seen, scan: Scan) -> Iterable[Thread]:
    """Those in R or D; of a process whose threads are not known, its own state."""
    tasks, myself = scan.processes, os.getpid() if seen.root.live else 0
    table = scan.threads if scan.threads is not None and len(scan.threads) else tasks
    for i, state in enumerate(table.state):
        if state == "R" and table.tgid[i] != myself:
            yield _thread(seen, tasks, table.tgid[i], table.pid[i], table.comm[i])
    for n, waiting in enumerate(scan.waiting):
        if waiting.tgid != myself:
            yield _thread(seen, tasks, waiting.tgid, waiting.pid, waiting.comm, waiting, look_up=n < PLACED)


def _thread(
    seen: _Seen,
    tasks: TaskTable,
    pid: int,
    tid: int,
    comm: str,
    waiting: Waiting | None = None,
    *,
    look_up: bool = False,
) -> Thread:
    at = place(tasks, pid)
    start = 0.0 if at is None else tasks.start_time[at]
    identity = pid, start
    if identity not in seen.cgroups:
        seen.cgroups[identity] = _cgroup(seen.root, pid)
    return Thread(
        pid=pid,
        start_time=start,
        name=comm if at is None else tasks.comm[at],
        cgroup=seen.cgroups[identity],
        tid=tid,
        waiting=waiting is not None,
        kernel=at is not None and bool(tasks.flags[at] & KERNEL_THREAD),
        wchan=waiting.wchan if waiting else None,
        place=seen.places.of(waiting) if waiting and look_up else None,
    )


def _cgroup(root: Root, pid: int) -> str | None:
    try:
        return pid_cgroup.parse(read(root.path(f"proc/{pid}/cgroup")), (*CPU, *pid_cgroup.TELLING))
    except (procfile.Unreadable, Malformed):
        return None


def _glance_until(seen: _Seen, moment: float, end: float, progress: Callable[[float], None] | None) -> None:
    while (left := moment - time.monotonic()) > 0:
        if progress:
            progress(end - time.monotonic())
        time.sleep(min(left, GLANCE))
        try:
            row = next(loadavg.parse(read(seen.root.path("proc/loadavg"))))
        except (procfile.Unreadable, Malformed, StopIteration):
            continue
        seen.readings.append(Reading(time.clock_gettime(time.CLOCK_BOOTTIME), row.load1))


def _account(seen: _Seen, first: Snapshot, last: Snapshot) -> Load:
    loads = [row for row in last.tables.get("loadavg", ()) if isinstance(row, Loadavg)]
    cpus = len(last.tables.get("stat_cpu", ()))
    window = last.monotonic - first.monotonic
    held = held_back(_throttled(first, last), window, _runnable(seen.samples), max(1, cpus))
    counts = tuple(ticks(seen.readings))
    busy = busy_seconds(first, last) if first is not last else None
    return Load(
        load=(loads[0].load1, loads[0].load5, loads[0].load15) if loads else None,
        cpus=cpus or None,
        window_s=window,
        counts=counts,
        recovered=sum(tick.count for tick in counts) / len(counts) if counts else None,
        predicted=predicted(seen.readings[0].load1, seen.samples) if seen.readings else None,
        parts=parts(seen.samples, held),
        on_cpu=busy / window if busy is not None and window else None,
        stolen=stolen(first, last, window),
        gaps=tuple(dict.fromkeys(seen.gaps.values())),
    )


def _throttled(first: Snapshot, last: Snapshot) -> dict[str, float]:
    """Seconds for which each cgroup was held back by its quota, where it was at all."""

    def told(snapshot: Snapshot) -> dict[str, float]:
        rows = [row for row in snapshot.tables.get("cgroup_cpu", ()) if isinstance(row, CgroupCpu)]
        return {row.cgroup: row.throttled for row in rows if row.throttled is not None}

    before = told(first)
    return {
        name: seconds - before.get(name, 0.0)
        for name, seconds in told(last).items()
        if seconds > before.get(name, 0.0)
    }


def _runnable(samples: Iterable[Sample]) -> dict[str, float]:
    """The mean number of threads in R by cgroup."""
    every = list(samples)
    found: dict[str, float] = {}
    for sample in every:
        for thread in sample.threads:
            if not thread.waiting and thread.cgroup is not None:
                found[thread.cgroup] = found.get(thread.cgroup, 0.0) + 1 / len(every)
    return found


def stolen(first: Snapshot, last: Snapshot, window: float) -> float | None:
    """CPUs that the hypervisor took on the mean; None where that is not counted."""
    rows = [next((r for r in s.tables.get("stat", ()) if isinstance(r, Stat)), None) for s in (first, last)]
    before, after = (None if row is None else row.steal for row in rows)
    return None if before is None or after is None or not window else (after - before) / window
