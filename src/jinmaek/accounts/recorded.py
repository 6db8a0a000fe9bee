"""What the accounts of memory are made of, out of a moment of a recording.

A recording has the tables of the kernel and the figures of every process, but nothing for which a process
must be looked into: no smaps, no descriptors, no cgroup path. What is missing is a gap, and what is made of
it a bound.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from jinmaek.accounts import memory, memory_owners, shared_memory, swap
from jinmaek.accounts.memory_owners import By
from jinmaek.accounts.memory_processes import KTHREAD, Processes, ProcessMemory
from jinmaek.accounts.memory_reading import MOVING, STILL, NoMeminfo, core_of, row_of, rows_of
from jinmaek.accounts.swap_reading import EXPECTED, SwapLook
from jinmaek.history.recording.past import Past
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.sysvipc_shm import SharedSegment
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks import users
from jinmaek.tasks.table import Scan

LEDGER = (*MOVING, *STILL, *memory.DETAILS)
SWAP = (*MOVING, *STILL, "swaps", "cgroup_memory", "sysvipc_shm")
"""The tables an account is made of."""
OLD = 1.5
"""Seconds from which on a table is said to be of another moment than the rest."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A sample with every table as it was last read."""

    snapshot: Snapshot
    page: int
    """Bytes of a page of that host."""
    ages: Mapping[str, float]
    """How many seconds before the sample tables had been read, of those where that is not 0."""
    user_of: Callable[[int], str]
    """What that host called a user."""


def moment(past: Past, at: int, tables: Collection[str]) -> Moment:
    """The sample at ``at``, with these tables. Raises ``LookupError`` where it cannot be read."""
    past.only = tables
    meta = past.meta
    ages = {name: past.age(name, at) or 0.0 for name in tables}
    page = meta.get("page_size")
    return Moment(
        snapshot=past.snapshot(at),
        page=page if isinstance(page, int) else os.sysconf("SC_PAGESIZE"),
        ages={name: age for name, age in ages.items() if age},
        user_of=users.names_of(meta.get("host")),
    )


def ledger(moment: Moment, by: By) -> memory.Ledger:
    """The memory ledger of that moment. Raises ``NoMeminfo``."""
    began = time.monotonic(), time.process_time()
    snapshot = moment.snapshot
    core = core_of(_meminfo(snapshot), snapshot, snapshot, moment.page)
    found = processes(snapshot.tasks)
    shared = shared_memory.recorded(rows_of(snapshot, SharedSegment))
    groups = memory_owners.groups(found.all, by, moment.user_of, lambda _: None)
    missing = memory.expected(_missing(snapshot, LEDGER, memory.EXPECTED))
    gaps = (*missing, *_old(moment, MOVING), *found.gaps, *shared.gaps)
    made = memory.ledger(core, None, snapshot, found, shared, groups, by, gaps, began, live=False)
    # What moved between tables of different moments is in the rest, and nobody knows how much that is.
    return replace(made, band=None) if any(moment.ages.get(name) for name in MOVING) else made


def swap_look(moment: Moment, by: By) -> SwapLook:
    """The swap account of that moment. Raises ``NoMeminfo``."""
    began = time.monotonic(), time.process_time()
    snapshot = moment.snapshot
    meminfo = _meminfo(snapshot)
    core = core_of(meminfo, snapshot, snapshot, moment.page)
    found = processes(snapshot.tasks)
    shared = shared_memory.recorded(rows_of(snapshot, SharedSegment))
    groups = memory_owners.groups(found.all, by, moment.user_of, lambda _: None)
    devices = rows_of(snapshot, Swap)
    account = swap.account(core, devices, rows_of(snapshot, CgroupMemory), found, groups, shared)
    told = (
        None
        if meminfo.SwapTotal is None or meminfo.SwapFree is None
        else meminfo.SwapTotal - meminfo.SwapFree
    )
    return SwapLook(
        account=account,
        moved=0 if told is None or not devices else abs(told - sum(one.used for one in devices)),
        processes=found,
        gaps=(
            *_missing(snapshot, EXPECTED, EXPECTED).values(),
            *_old(moment, ("swaps",)),
            *found.gaps,
            *shared.gaps,
        ),
        wall_s=time.monotonic() - began[0],
        cpu_s=time.process_time() - began[1],
    )


def processes(scan: Scan | None) -> Processes:
    """Every process that had memory, by its resident set: what is shared counts for each that maps it."""
    if scan is None or not scan.processes.rss_anon:
        gap = Gap("absent", "tasks", "the memory of processes is not recorded")
        return Processes((), 0, (), (), (gap,))
    tasks = scan.processes
    all_of_them = tuple(
        ProcessMemory(
            pid=pid,
            start_time=tasks.start_time[i],
            name=tasks.comm[i],
            uid=tasks.uid[i] if tasks.uid else None,
            threads=tasks.num_threads[i],
            resident=tasks.resident[i] if tasks.resident else None,
            rss_anon=tasks.rss_anon[i],
            rss_file=tasks.rss_file[i] if tasks.rss_file else None,
            rss_shmem=tasks.rss_shmem[i] if tasks.rss_shmem else None,
            swap=tasks.vm_swap[i] if tasks.vm_swap else None,
            page_tables=None,
            hugetlb=None,
            sums=None,
        )
        for i, pid in enumerate(tasks.pid)
        if not tasks.flags[i] & KTHREAD and tasks.state[i] not in "ZX"
    )
    gaps = (
        Gap(
            "absent",
            "proc/PID/smaps_rollup",
            "not recorded: shared pages count for every process that maps them",
        ),
        Gap("absent", "proc/PID/status VmPTE", "not recorded: page tables by process"),
    )
    return Processes(all_of_them, 0, (("absent", len(all_of_them)),), (), gaps)


def _meminfo(snapshot: Snapshot) -> Meminfo:
    found = row_of(snapshot, Meminfo)
    if found is None:
        raise NoMeminfo(snapshot.gaps.get("meminfo", Gap("absent", "meminfo", "not recorded then")))
    return found


def _old(moment: Moment, tables: Iterable[str]) -> list[Gap]:
    """Tables the sum is made of that are not of the same moment: what they do not agree on is in the rest."""
    return [
        Gap("partial", name, f"as it was {age:.1f} s before")
        for name in tables
        if (age := moment.ages.get(name, 0.0)) > OLD
    ]


def _missing(snapshot: Snapshot, tables: Iterable[str], every: Iterable[str]) -> dict[str, Gap]:
    """Why tables are not there; those of ``every`` host that are simply not in the record too."""
    wanted = set(tables)
    found = {name: gap for name, gap in snapshot.gaps.items() if name in wanted}
    for name in every:
        if name not in snapshot.tables and name not in found:
            found[name] = Gap("absent", name, "not recorded then")
    return found
