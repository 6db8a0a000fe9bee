"""What a recording tells of the page cache: the kernel's sums, what cgroups are charged, what came back.

Which files were cached is known only to who asks while they are: no recording has it.
"""

from __future__ import annotations

import time

from jinmaek.accounts.page_cache.account import Looked, Moved, PageCache
from jinmaek.accounts.page_cache.look import more, totals
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.pressure import PressureMemory
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot

TABLES = ("meminfo", "vmstat", "pressure_memory", "cgroup_memory")


def cache(first: Snapshot | None, last: Snapshot) -> PageCache:
    """The page cache at the last sample, and what moved since the first; None where there is no other."""
    began, cpu = time.monotonic(), time.process_time()
    before = first or last
    waits = [row for row in last.tables.get("pressure_memory", ()) if isinstance(row, PressureMemory)]
    groups = last.tables.get("cgroup_memory", ())
    return PageCache(
        way="recorded",
        totals=totals(last),
        files=(),
        devices=(),
        holders={},
        paths=(),
        everywhere=False,
        privileged=True,
        looked=Looked(0, 0, ()),
        gaps=(
            Gap("absent", "cachestat", "which files were cached is not recorded"),
            *(gap for name, gap in last.gaps.items() if name in TABLES),
        ),
        moved=Moved(
            span=last.monotonic - before.monotonic,
            refaults=more(before, last, "workingset_refault_file") if first else None,
            activated=more(before, last, "workingset_activate_file") if first else None,
            pressure=waits[0].some_avg10 if waits else None,
        ),
        cgroups={row.cgroup: row for row in groups if isinstance(row, CgroupMemory)},
        cpu_s=time.process_time() - cpu,
        wall_s=time.monotonic() - began,
    )
