"""The load account of a time that is over, out of the samples of a recording.

Threads in D are in each sample, with where they wait. Of those that run it has what the scheduler counted for
each process, seconds on a CPU and seconds of waiting for one: over the time, the mean number of runnable
threads. Without these (tasks read from /proc) a process in R counts as one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jinmaek.accounts.cpu import busy_seconds
from jinmaek.accounts.load.account import (
    KINDS,
    NOT_COUNTED,
    Identity,
    Load,
    Part,
    Sample,
    Thread,
    Who,
    parts,
    predicted,
)
from jinmaek.accounts.load.ticks import Reading, ticks
from jinmaek.accounts.load.watch import KERNEL_THREAD, TABLES, stolen
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.stat import Stat
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import Scan, place

LEAST = 0.005
"""Threads on the mean, below which a process is not said to run."""
GAPS = (
    Gap("absent", "proc/PID/cgroup", "not recorded: threads that a quota held back count as running"),
    Gap("absent", "proc/PID/syscall", "not recorded: on which file system a thread waits"),
)


def of_samples(
    snapshots: Sequence[Snapshot], recorder: int | None, readings: Sequence[Reading] | None = None
) -> Load:
    """The account of some samples in a row; ``recorder`` is the pid of who took them.

    ``readings`` of load1 are given where the samples are too far apart to show each of its updates.
    """
    first, last = snapshots[0], snapshots[-1]
    window = last.monotonic - first.monotonic
    loads = [(one.monotonic, row) for one in snapshots for row in one.tables.get("loadavg", ())]
    if readings is None:
        readings = [Reading(at, row.load1) for at, row in loads if isinstance(row, Loadavg)]
    counts = tuple(ticks(readings))
    busy = busy_seconds(first, last) if first is not last else None
    latest = loads[-1][1] if loads else None
    gaps = {gap: None for one in snapshots for name, gap in one.gaps.items() if name in TABLES}
    gaps |= {gap: None for one in snapshots if one.tasks for gap in one.tasks.gaps.values()}
    counted = _counted([one.tasks for one in snapshots if one.tasks is not None], window, recorder)
    samples = [_sample(one, recorder, running=counted is None) for one in snapshots if one.tasks is not None]
    made = parts(samples, lambda _: 0.0) if samples else ()
    if counted:
        made = _with(made, counted)
    why = list(GAPS)
    if not samples:
        why.append(Gap("absent", "tasks", "no process was recorded then"))
    elif counted is None:
        why.append(Gap("partial", "tasks.run_delay", "not recorded: a process in R counts as one thread"))
    return Load(
        load=(latest.load1, latest.load5, latest.load15) if isinstance(latest, Loadavg) else None,
        cpus=len(last.tables.get("stat_cpu", ())) or None,
        window_s=window,
        counts=counts,
        recovered=sum(tick.count for tick in counts) / len(counts) if counts else None,
        predicted=predicted(readings[0].load1, samples) if readings and counted is None and samples else None,
        parts=made,
        on_cpu=busy / window if busy is not None and window else None,
        stolen=stolen(first, last, window),
        gaps=(*gaps, *why),
    )


def _sample(snapshot: Snapshot, recorder: int | None, *, running: bool) -> Sample:
    scan = snapshot.tasks
    assert scan is not None
    count = next(
        (row.procs_running for row in snapshot.tables.get("stat", ()) if isinstance(row, Stat)), None
    )
    return Sample(scan.time, tuple(_threads(scan, recorder, running=running)), count)


def _threads(scan: Scan, recorder: int | None, *, running: bool) -> Iterator[Thread]:
    tasks = scan.processes
    for i, state in enumerate(tasks.state if running else ()):
        if state == "R" and tasks.pid[i] != recorder:
            yield Thread(tasks.pid[i], tasks.start_time[i], tasks.comm[i], None, tasks.pid[i])
    for one in scan.waiting:
        at = place(tasks, one.tgid)
        yield Thread(
            pid=one.tgid,
            start_time=one.start_time if at is None else tasks.start_time[at],
            name=one.comm if at is None else tasks.comm[at],
            cgroup=None,
            tid=one.pid,
            waiting=True,
            kernel=at is not None and bool(tasks.flags) and bool(tasks.flags[at] & KERNEL_THREAD),
            wchan=one.wchan,
        )


def _counted(scans: Sequence[Scan], window: float, recorder: int | None) -> tuple[Who, ...] | None:
    """Runnable threads of each process on the mean; None where the scheduler's seconds are not recorded.

    Of one that ended what it did since the sample before is not known, nor are the seconds that threads took
    along.
    """
    if len(scans) < 2 or not window:
        return None
    if any(not (one.processes.run_delay and one.processes.run_time) for one in scans):
        return None
    sums: dict[Identity, float] = {}
    names: dict[Identity, str] = {}
    before = _seconds(scans[0])
    for scan in scans[1:]:
        now = _seconds(scan)
        for i, identity in enumerate(zip(scan.processes.pid, scan.processes.start_time, strict=True)):
            sums[identity] = sums.get(identity, 0.0) + max(0.0, now[identity] - before.get(identity, 0.0))
            names[identity] = scan.processes.comm[i]
        before = now
    found = [
        Who(pid, start, names[pid, start], None, seconds / window)
        for (pid, start), seconds in sums.items()
        if seconds / window >= LEAST and pid != recorder
    ]
    return tuple(sorted(found, key=lambda who: (-who.threads, who.pid)))


def _seconds(scan: Scan) -> dict[Identity, float]:
    """Seconds on a CPU and of waiting for one, by process."""
    tasks = scan.processes
    columns = zip(tasks.pid, tasks.start_time, tasks.run_time, tasks.run_delay, strict=True)
    return {(pid, start): (run or 0.0) + (delay or 0.0) for pid, start, run, delay in columns}


def _with(made: Sequence[Part], running: tuple[Who, ...]) -> tuple[Part, ...]:
    """The parts with those that run, and the shares of all anew."""
    every = [*made, Part("running", sum(who.threads for who in running), None, running)]
    whole = sum(part.threads for part in every if part.kind not in NOT_COUNTED)
    shared = [
        replace(part, share=None if part.kind in NOT_COUNTED or not whole else part.threads / whole)
        for part in every
    ]
    return tuple(sorted(shared, key=lambda part: (-part.threads, KINDS.index(part.kind))))
