"""The memory ledger: all of MemTotal in buckets with their owners, a residual, and what tools call "used".

Read in this order: the sum twice, so that what moves meanwhile is known, then the processes and the shared
objects, which take longer. Owners are therefore of a moment later than the buckets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jinmaek.accounts import kernel_owners, memory_owners, shared_memory, shmem_in_swap
from jinmaek.accounts.memory_band import band
from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_core import Balance, Core, Sized
from jinmaek.accounts.memory_owners import By, Group, Owner
from jinmaek.accounts.memory_processes import Processes, ProcessMemory, Progress, read
from jinmaek.accounts.memory_reading import read_core, row_of, rows_of
from jinmaek.accounts.memory_used import Available, Used, available, reasons, used
from jinmaek.accounts.shared_memory import SharedMemory
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.cgroup_stat import CgroupStat
from jinmaek.kernel.cgroups import Controller
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.slab_kind import SlabKind
from jinmaek.kernel.slabinfo import Slab
from jinmaek.kernel.sockstat import Sockstat
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.sys_fs import DentryState
from jinmaek.kernel.sysvipc_shm import SharedSegment
from jinmaek.model import Gap, Locked
from jinmaek.root import Root
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks import users
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.procfs import cgroup_of

DETAILS = (
    "slabinfo", "slab_kind", "dentry_state", "cgroup_memory", "cgroup_stat", "cgroups", "sysvipc_shm",
    "swaps", "loadavg", "sockstat",
)  # fmt: skip
EXPECTED = ("meminfo", "zoneinfo", "vmstat", "hugepages", "stat_cpu", "slabinfo", "slab_kind", "sysvipc_shm")
"""Tables every host has: a gap in their place is said. Others only exist where they are used."""
BUDGET = 2.0
"""Seconds for the shares of all processes, and half of it for descriptors and for mappings each."""


OF_PROCESSES: Mapping[str, Callable[[ProcessMemory], int | None]] = {
    "anonymous": lambda one: one.anon[0],
    "page-cache": lambda one: one.file[0],
    "page-tables": lambda one: one.page_tables,
}
"""Buckets whose owners are processes, and what each has of them."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one moment."""

    core: Core
    balance: Balance
    band: tuple[Sized, ...] | None
    """Why the residual may be off 0, and by how much; None where it cannot be told."""
    owners: Mapping[str, tuple[Owner, ...]]
    """By bucket; of one that is not here nobody looked for owners."""
    cgroups: Mapping[str, tuple[Owner, ...]]
    """A second division of some buckets."""
    by: By
    processes: Processes
    shared: SharedMemory
    used: Used
    reasons: tuple[Sized, ...]
    available: Available | None
    sockets: int | None
    """Bytes sockets account for; partly in slab, partly in the residual."""
    gaps: tuple[Gap, ...]
    wall_s: float
    cpu_s: float

    @property
    def locked(self) -> tuple[Locked, ...]:
        return self.processes.locked

    @property
    def band_bytes(self) -> int | None:
        return None if self.band is None else sum(reason.bytes for reason in self.band)

    def unowned(self, bucket: str) -> tuple[int | None, bool]:
        """Bytes nobody was found for, and whether that is exact: where shares are upper bounds, the least.

        None where nobody looked, where an owner has no size, and where upper bounds exceed the bucket.
        """
        owners = self.owners.get(bucket)
        if owners is None or any(one.bytes is None for one in owners):
            return None, False
        exact = all(one.facts.get("bound") is None for one in owners)
        if bucket in OF_PROCESSES:
            every = self.processes.all
            if not every or any(OF_PROCESSES[bucket](one) is None for one in every):
                return None, False
            exact = exact and (bucket == "page-tables" or self.processes.read == len(every))
        left = self.balance.size(bucket) - sum(owner.bytes or 0 for owner in owners)
        return (left if exact or left >= 0 else None), exact


def account(
    root: Root, by: By = "command", budget: float = BUDGET, progress: Progress | None = None
) -> Ledger:
    """Read and add up. Raises ``NoMeminfo``."""
    wall, cpu = time.monotonic(), time.process_time()
    core, movement, gaps = read_core(root)
    details = take(root, DETAILS)
    gaps.update(details.gaps)
    with Scanner(root) as scanner:
        scan = scanner.scan(details=True)
    processes = read(root, scan, budget, progress)
    shared = shared_memory.look(root, processes, rows_of(details, SharedSegment), budget / 2)
    if root.live and any(one.used for one in rows_of(details, Swap)):
        shared = shmem_in_swap.measured(shared, budget / 2)
    groups = memory_owners.groups(processes.all, by, users.names(root), lambda pid: cgroup_of(root, pid))
    return ledger(
        core,
        movement,
        details,
        processes,
        shared,
        groups,
        by,
        (*expected(gaps), *processes.gaps, *shared.gaps),
        (wall, cpu),
        live=root.live,
    )


def expected(gaps: Mapping[str, Gap]) -> list[Gap]:
    """Those that are said: of tables every host has, and of others that are there and cannot be read."""
    return [gap for name, gap in gaps.items() if name in EXPECTED or gap.kind != "absent"]


def ledger(
    core: Core,
    movement: int | None,
    details: Snapshot,
    processes: Processes,
    shared: SharedMemory,
    groups: list[Group],
    by: By,
    gaps: tuple[Gap, ...],
    began: tuple[float, float],
    *,
    live: bool,
) -> Ledger:
    """The ledger of what was read. ``began`` are the wall and CPU clocks at the start."""
    made = balance(core)
    return Ledger(
        core=core,
        balance=made,
        band=band(core, movement, made.residual),
        owners=_owners(core, made, details, groups, shared, _names(processes), live=live),
        cgroups=_cgroups(rows_of(details, CgroupMemory)),
        by=by,
        processes=processes,
        shared=shared,
        used=used(core, processes.sum_rss, processes.sum_pss),
        reasons=reasons(core),
        available=available(core.meminfo, core.zones, core.page),
        sockets=_sockets(row_of(details, Sockstat), core.page),
        gaps=gaps,
        wall_s=time.monotonic() - began[0],
        cpu_s=time.process_time() - began[1],
    )


def _owners(
    core: Core,
    made: Balance,
    details: Snapshot,
    groups: list[Group],
    shared: SharedMemory,
    name_of: Callable[[int], str],
    *,
    live: bool,
) -> dict[str, tuple[Owner, ...]]:
    load = row_of(details, Loadavg)
    stacks = memory_owners.of_stacks(groups, core.meminfo.KernelStack or 0, load.nr_threads if load else 0)
    found = {
        "anonymous": memory_owners.of_groups(groups, lambda group: group.anon, shares=True),
        "page-cache": memory_owners.of_groups(groups, lambda group: group.file, shares=True),
        "shmem": memory_owners.of_objects(shared.objects, name_of, lambda one: one.ram),
        **kernel_owners.slabs(
            rows_of(details, Slab), rows_of(details, SlabKind), row_of(details, DentryState), made, core.page
        ),
        "page-tables": memory_owners.of_groups(groups, lambda group: group.page_tables),
        "kernel-stacks" if made.size("kernel-stacks") else "vmalloc": stacks,
        "percpu": kernel_owners.percpu(
            rows_of(details, Controller), row_of(details, CgroupStat), rows_of(details, CgroupMemory)
        ),
        "hugetlb": kernel_owners.hugepages(core, groups, shared.in_pools, name_of),
        "compressed": kernel_owners.compressed(core, rows_of(details, Swap)),
    }
    if not live and not shared.objects:
        del found["shmem"]
    return {name: owners for name, owners in found.items() if owners or made.size(name)}


def _cgroups(rows: tuple[CgroupMemory, ...]) -> dict[str, tuple[Owner, ...]]:
    found = {bucket: kernel_owners.by_cgroup(rows, bucket) for bucket in kernel_owners.CHARGED}
    return {bucket: owners for bucket, owners in found.items() if owners}


def _names(processes: Processes) -> Callable[[int], str]:
    names = {one.pid: one.name for one in processes.all}
    return lambda pid: names.get(pid, "?")


def _sockets(row: Sockstat | None, page: int) -> int | None:
    counts = (row.TCP_mem, row.UDP_mem) if row is not None else ()
    known = [count for count in counts if count is not None]
    return sum(known) * page if known else None
