"""Reading the swap account: processes, shared memory, and what is used last: it moves least against them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from jinmaek.accounts import memory_owners, shared_memory, shmem_in_swap
from jinmaek.accounts.memory_owners import By
from jinmaek.accounts.memory_processes import Processes, Progress, read
from jinmaek.accounts.memory_reading import read_core, rows_of
from jinmaek.accounts.swap import SwapAccount, account
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.sysvipc_shm import SharedSegment
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.sampling import take
from jinmaek.tasks import users
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.procfs import cgroup_of

EXPECTED = ("meminfo", "vmstat", "swaps", "sysvipc_shm")
"""Tables every host has: a gap in their place is said."""


@dataclass(frozen=True, slots=True)
class SwapLook:
    """The account, and what stood in its way."""

    account: SwapAccount
    moved: int
    """Bytes by which the use changed while all this was read."""
    processes: Processes
    gaps: tuple[Gap, ...]
    wall_s: float
    cpu_s: float


def look(root: Root, by: By, budget: float, progress: Progress | None = None) -> SwapLook:
    """Read and add up; processes only where anything is in swap. Raises ``memory.NoMeminfo``."""
    wall, cpu = time.monotonic(), time.process_time()
    details = take(root, ("swaps", "cgroup_memory", "sysvipc_shm"))
    with Scanner(root) as scanner:
        scan = scanner.scan(details=True)
    processes = read(root, scan, budget, progress)
    shared = shared_memory.look(root, processes, rows_of(details, SharedSegment), budget / 2)
    core, _, gaps = read_core(root)
    if root.live and any(one.used for one in rows_of(details, Swap)):
        shared = shmem_in_swap.measured(shared, budget / 2)
    # Last: what was read by now moves least against it.
    devices = rows_of(take(root, ("swaps",)), Swap)
    groups = memory_owners.groups(processes.all, by, users.names(root), lambda pid: cgroup_of(root, pid))
    made = account(core, devices, rows_of(details, CgroupMemory), processes, groups, shared)
    missing = {**gaps, **details.gaps}
    return SwapLook(
        account=made,
        moved=abs(sum(one.used for one in devices) - sum(one.used for one in rows_of(details, Swap))),
        processes=processes,
        gaps=(
            *(gap for name, gap in missing.items() if name in EXPECTED),
            *processes.gaps,
            *shared.gaps,
        ),
        wall_s=time.monotonic() - wall,
        cpu_s=time.process_time() - cpu,
    )
