"""The load account of a part of a recording: of some of its samples, as ``watch`` makes it of a live host.

A recording keeps the state of every process and each thread in D, but no thread that only runs: of a process
with several threads the state of its first stands for all. The cgroup of a process is not kept, so what a
quota held back cannot be told from what ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from jinmaek.accounts.cpu import busy_seconds
from jinmaek.accounts.load.account import Load, Sample, Thread, parts, predicted
from jinmaek.accounts.load.ticks import Reading, ticks
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.stat import Stat
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import Scan, place

Row = TypeVar("Row")

KERNEL_THREAD = 0x00200000
THREADS = Gap("partial", "tasks", "of a process the state of its first thread was recorded")
TABLES = ("loadavg", "stat", "stat_cpu")
"""What the account needs of a snapshot, besides its tasks."""


def over(samples: Sequence[Snapshot], readings: Sequence[Reading], observer: int | None) -> Load | None:
    """The account from the first to the last of some samples of one boot; None where one has no tasks.

    ``readings`` are those of load1 in that time, ``observer`` is the process that recorded.
    """
    if not samples or any(one.tasks is None for one in samples):
        return None
    first, last = samples[0], samples[-1]
    loads = _row(last, Loadavg)
    window = last.monotonic - first.monotonic
    seen = [
        Sample(
            one.tasks.time, tuple(_threads(one.tasks, observer)), running.procs_running if running else None
        )
        for one in samples
        if one.tasks is not None
        for running in [_row(one, Stat)]
    ]
    counts = tuple(ticks(readings))
    busy = busy_seconds(first, last) if window else None
    steal = [row.steal if (row := _row(one, Stat)) else None for one in (first, last)]
    stolen = None if None in steal or not window else (steal[1] or 0.0) - (steal[0] or 0.0)
    return Load(
        load=(loads.load1, loads.load5, loads.load15) if loads else None,
        cpus=len(last.tables.get("stat_cpu", ())) or None,
        window_s=window,
        counts=counts,
        recovered=sum(tick.count for tick in counts) / len(counts) if counts else None,
        predicted=predicted(readings[0].load1, seen) if readings else None,
        parts=parts(seen, lambda _: 0.0),
        on_cpu=busy / window if busy is not None and window else None,
        stolen=None if stolen is None else stolen / window,
        gaps=(THREADS, *(last.tasks.gaps.values() if last.tasks else ())),
    )


def _row(snapshot: Snapshot, of: type[Row]) -> Row | None:
    return next((row for rows in snapshot.tables.values() for row in rows if isinstance(row, of)), None)


def _threads(scan: Scan, observer: int | None) -> Iterator[Thread]:
    tasks = scan.processes
    for at, state in enumerate(tasks.state):
        if state == "R" and tasks.pid[at] != observer:
            yield Thread(
                pid=tasks.pid[at],
                start_time=tasks.start_time[at],
                name=tasks.comm[at],
                cgroup=None,
                tid=tasks.pid[at],
            )
    for waiting in scan.waiting:
        if waiting.tgid == observer:
            continue
        found = place(tasks, waiting.tgid)
        yield Thread(
            pid=waiting.tgid,
            start_time=waiting.start_time if found is None else tasks.start_time[found],
            name=waiting.comm if found is None else tasks.comm[found],
            cgroup=None,
            tid=waiting.pid,
            waiting=True,
            kernel=found is not None and bool(tasks.flags and tasks.flags[found] & KERNEL_THREAD),
            wchan=waiting.wchan,
        )
