"""The processes, or threads, of one picture of ``top``; those that rest are made once and kept."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

from jinmaek.kernel.stat import CLK_TCK
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import Scan, TaskTable

SHORTEST = 0.005
"""Seconds taken for a span that is none, as procps does."""


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """One line: a process or a thread. Sizes are bytes, times seconds, shares 1 for one whole CPU or all
    memory; None is unknown. One that did not change between two frames is the same object in both.
    """

    pid: int
    """Of a thread its own id."""
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
    tgid: int
    """Of a process its pid."""


Line = tuple[Any, ...]
"""What the task table says of one task: the columns of ``COLUMNS`` in their order."""

COLUMNS = (
    "pid",
    "start_time",
    "utime",
    "stime",
    "state",
    "resident",
    "shared",
    "vsize",
    "processor",
    "minflt",
    "majflt",
    "priority",
    "nice",
    "num_threads",
    "ppid",
    "uid",
    "comm",
    "vm_swap",
    "tgid",
)


@dataclass(slots=True)
class Kept:
    """The tasks of the last frame by pid, so that the next makes anew only those that changed."""

    scan: Scan | None = None
    total: int | None = None
    threads: bool = False
    lines: dict[int, Line] = field(default_factory=dict)
    made: dict[int, Process] = field(default_factory=dict)
    busy: list[int] = field(default_factory=list)
    """Of those who are not known to have used no CPU time."""


def processes(
    before: Snapshot | None,
    now: Snapshot,
    name_of: Callable[[int], str],
    total: int | None,
    only: Container[int] | None,
    threads: bool,
    kept: Kept | None,
) -> list[Process]:
    """The processes of ``now`` in the order of their pids; ``kept`` is what making ``before`` left there."""
    if now.tasks is None or (table := _table(now.tasks, threads)) is None:
        return []
    earlier = before.tasks if before is not None else None
    old = None if earlier is None else _table(earlier, threads)
    kept = Kept() if kept is None else kept
    part = table
    if earlier is None or old is None or kept.scan is not earlier or kept.threads != threads:
        kept.made, kept.busy = {}, []
        kept.lines = {} if old is None else {line[0]: line for line in _lines(old)}
    elif kept.total != total:
        kept.made = {}
    elif not threads and (changes := now.tasks.changes) and changes.since == earlier.time:
        part = table.rows(changes.places())
    span = None if earlier is None or old is None else max(now.tasks.time - earlier.time, SHORTEST)
    _renew(kept, part, span, name_of, total, threads)
    kept.scan, kept.total, kept.threads = now.tasks, total, threads
    pids, made = table.pid, kept.made
    found = [made[pid] for pid in pids]
    if len(made) > len(pids):
        kept.lines = {pid: kept.lines[pid] for pid in pids}
        kept.made = dict(zip(pids, found, strict=True))
    if only is None:
        return found
    owners = table.tgid if threads else pids
    return [one for one, owner in zip(found, owners, strict=True) if owner in only]


def _renew(
    kept: Kept,
    table: TaskTable,
    span: float | None,
    name_of: Callable[[int], str],
    total: int | None,
    threads: bool,
) -> None:
    """Bring what is kept up to date: those of the table, and who no longer uses what it used."""
    lines, made = kept.lines, kept.made
    busy: list[int] = []
    rest = set(kept.busy)
    for line in _lines(table):
        pid = line[0]
        known, same = lines.get(pid), made.get(pid)
        rest.discard(pid)
        if known == line and same is not None and same.cpu == 0:
            continue
        used = None
        if span is not None:
            used = line[2] + line[3]
            # The same pid with another start time is another task.
            if known is not None and known[1] == line[1]:
                used = max(0.0, used - (known[2] + known[3]))
            used = min(used / span, 1 if threads else line[13])
        lines[pid] = line
        made[pid] = _process(line, used, name_of, total)
        if used != 0:
            busy.append(pid)
    for pid in rest.intersection(made):
        made[pid] = replace(made[pid], cpu=0.0)
    kept.busy = busy


def _table(scan: Scan, threads: bool) -> TaskTable | None:
    return scan.threads if threads else scan.processes


def _lines(table: TaskTable) -> zip[Line]:
    # A column that was not asked for is empty, and None in every line.
    columns = (getattr(table, name) or repeat(None, len(table)) for name in COLUMNS)
    return zip(*columns, strict=False)


def _process(line: Line, used: float | None, name_of: Callable[[int], str], total: int | None) -> Process:
    (pid, start_time, utime, stime, state, resident, shared, vsize, processor, minflt, majflt) = line[:11]
    (priority, nice, num_threads, ppid, uid, comm, swap, tgid) = line[11:]
    return Process(
        pid=pid,
        ppid=ppid,
        uid=uid,
        user="?" if uid is None else name_of(uid),
        priority=priority,
        nice=nice,
        num_threads=num_threads,
        processor=processor,
        state=state,
        virtual=vsize,
        resident=resident,
        shared=shared,
        swap=swap,
        cpu=used,
        memory=resident / total if resident is not None and total else None,
        # Whole ticks of each, as /proc shows them, whatever finer figures are to be had.
        time=(int(utime * CLK_TCK + 1e-6) + int(stime * CLK_TCK + 1e-6)) / CLK_TCK,
        majflt=majflt,
        minflt=minflt,
        comm=comm,
        start_time=start_time,
        tgid=tgid,
    )
