"""What is different between two samples of a host: memory by bucket, owners, kernel caches, settings, events.

The buckets are those of the memory ledger: their differences and that of the residual add up to that of
MemTotal, exactly. Owners overlap with buckets and with each other, and are ranked, not summed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_reading import core_of, row_of, rows_of
from jinmaek.columns import columns_of, labels_of
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.slabinfo import Slab
from jinmaek.kernel.vmstat_columns import Vmstat
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import TaskTable

SETTINGS = ("sys_vm", "sys_kernel", "transparent_hugepage", "zswap", "lru_gen")
"""Tables of what somebody sets."""
EVENTS = (
    "oom_kill", "pswpin", "pswpout", "pgmajfault", "allocstall_normal", "allocstall_movable", "compact_stall",
    "compact_fail", "pgscan_direct", "workingset_refault_anon", "workingset_refault_file",
    "thp_fault_fallback", "numa_pages_migrated", "drop_pagecache", "drop_slab",
)  # fmt: skip
"""Counters of /proc/vmstat that say what happened in between."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One amount then and now; None where it was not there, or not told."""

    name: str
    before: int | None
    after: int | None

    @property
    def by(self) -> int:
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Task:
    """A process: what only its end gives back (anonymous, shared and swapped), and CPU seconds since."""

    pid: int
    start_time: float
    name: str
    before: int | None
    """Bytes; None of one that was not there."""
    after: int | None
    cpu_s: float | None
    """None of one that has ended, or where it was not recorded."""

    @property
    def by(self) -> int:
        return (self.after or 0) - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that somebody changed."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Sizes are bytes, largest differences first."""

    before: Snapshot
    after: Snapshot
    memory: tuple[Moved, ...]
    """Buckets in the order of the ledger, then ``residual``; of what both samples tell."""
    total: Moved | None
    swap: Moved | None
    tasks: tuple[Task, ...]
    names: tuple[Moved, ...]
    """Processes of one name together."""
    slabs: tuple[Moved, ...]
    cgroups: tuple[Moved, ...]
    settings: tuple[Setting, ...]
    events: tuple[Moved, ...]
    gaps: tuple[Gap, ...]

    @property
    def same_boot(self) -> bool:
        return self.before.boot_id == self.after.boot_id


def difference(before: Snapshot, after: Snapshot, page: int) -> Difference:
    """What has changed from one sample to another; ``page`` is the size of a page there."""
    total, memory, swap = _memory(before, after, page)
    tasks = _tasks(before, after)
    same = before.boot_id == after.boot_id
    return Difference(
        before=before,
        after=after,
        memory=memory,
        total=total,
        swap=swap,
        tasks=tasks,
        names=_names(tasks),
        slabs=_by(_slabs(before, page), _slabs(after, page)),
        cgroups=_by(_cgroups(before), _cgroups(after)),
        settings=tuple(setting for table in SETTINGS for setting in _settings(table, before, after)),
        events=_events(before, after) if same else (),
        gaps=tuple(dict.fromkeys((*before.gaps.values(), *after.gaps.values()))),
    )


def _memory(
    before: Snapshot, after: Snapshot, page: int
) -> tuple[Moved | None, tuple[Moved, ...], Moved | None]:
    first, last = row_of(before, Meminfo), row_of(after, Meminfo)
    if first is None or last is None:
        return None, (), None
    then, now = (
        balance(core_of(row, snapshot, snapshot, page)) for row, snapshot in ((first, before), (last, after))
    )
    sizes = [{bucket.name: bucket.bytes for bucket in one.buckets} for one in (then, now)]
    names = list(dict.fromkeys((*sizes[0], *sizes[1])))
    moved = [Moved(name, sizes[0].get(name), sizes[1].get(name)) for name in names]
    moved.append(Moved("residual", then.residual, now.residual))
    swaps = [
        None if row.SwapTotal is None or row.SwapFree is None else row.SwapTotal - row.SwapFree
        for row in (first, last)
    ]
    swap = None if None in swaps else Moved("swap", *swaps)
    return Moved("total", then.total, now.total), tuple(moved), swap


def held(tasks: TaskTable, at: int) -> int | None:
    """Bytes of a process that cannot be dropped: anonymous, shared and swapped; None where not recorded."""
    kinds = (tasks.rss_anon, tasks.rss_shmem, tasks.vm_swap)
    if not tasks.rss_anon:
        return None
    return sum(of[at] or 0 for of in kinds if of)


def _tasks(before: Snapshot, after: Snapshot) -> tuple[Task, ...]:
    if before.tasks is None or after.tasks is None:
        return ()
    old, new = before.tasks.processes, after.tasks.processes
    same = before.boot_id == after.boot_id
    known = {pair: at for at, pair in enumerate(zip(old.pid, old.start_time, strict=True))} if same else {}
    found = []
    for at, pair in enumerate(zip(new.pid, new.start_time, strict=True)):
        was = known.pop(pair, None)
        earlier = None if was is None else held(old, was)
        found.append(Task(*pair, new.comm[at], earlier, held(new, at), _used(old, was, new, at)))
    gone = known.items() if same else enumerate(zip(old.pid, old.start_time, strict=True))
    for one in gone:
        pair, at = one if same else (one[1], one[0])  # type: ignore[assignment]
        found.append(Task(*pair, old.comm[at], held(old, at), None, None))
    return tuple(sorted(found, key=lambda task: (-abs(task.by), task.pid)))


def _used(old: TaskTable, was: int | None, new: TaskTable, at: int) -> float | None:
    """CPU seconds of a process since it was at a place in an earlier table, or since it began."""
    if not new.utime or not new.stime:
        return None
    before = 0.0 if was is None or not old.utime or not old.stime else old.utime[was] + old.stime[was]
    return max(0.0, new.utime[at] + new.stime[at] - before)


def _names(tasks: Iterable[Task]) -> tuple[Moved, ...]:
    then: Counter[str] = Counter()
    now: Counter[str] = Counter()
    for task in tasks:
        if task.before is not None:
            then[task.name] += task.before
        if task.after is not None:
            now[task.name] += task.after
    return _by(then, now)


def _by(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Moved, ...]:
    names = dict.fromkeys((*before, *after))
    moved = [Moved(name, before.get(name), after.get(name)) for name in names]
    return tuple(sorted((one for one in moved if one.by), key=lambda one: (-abs(one.by), one.name)))


def _slabs(snapshot: Snapshot, page: int) -> Mapping[str, int]:
    return {slab.name: slab.num_slabs * slab.pagesperslab * page for slab in rows_of(snapshot, Slab)}


def _cgroups(snapshot: Snapshot) -> Mapping[str, int]:
    found = rows_of(snapshot, CgroupMemory)
    return {row.cgroup: row.current for row in found if row.current is not None}


def _settings(table: str, before: Snapshot, after: Snapshot) -> Iterable[Setting]:
    then, now = (
        {_labels(row): row for row in snapshot.tables.get(table, ())} for snapshot in (before, after)
    )
    for labels, row in now.items():
        if labels not in then:
            continue
        for name in type(row).__match_args__:  # type: ignore[attr-defined]
            column = columns_of(type(row)).get(name)
            values = [getattr(one, name, None) for one in (then[labels], row)]
            if (column is None or column.kind == "gauge") and values[0] != values[1] and None not in values:
                yield Setting(f"{table}.{name}", *map(_text, values))


def _labels(row: object) -> tuple[str, ...]:
    """What tells rows of settings apart: their labels, unless these are settings themselves."""
    return tuple(str(getattr(row, name)) for name in labels_of(type(row)) if name in ("size", "node", "disk"))


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _events(before: Snapshot, after: Snapshot) -> tuple[Moved, ...]:
    first, last = row_of(before, Vmstat), row_of(after, Vmstat)
    found = []
    for name in EVENTS:
        then, now = getattr(first, name, None), getattr(last, name, None)
        if then is not None and now is not None and now > then:
            found.append(Moved(name, then, now))
    return tuple(found)
