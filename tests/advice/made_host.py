"""A host made by hand: 8 GiB, one node, 2 GiB of swap, idle; counters are 0 unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.made import snapshot

from jinmaek.advice import reclaim
from jinmaek.advice.knob import Answer, Knob
from jinmaek.advice.seen import Seen
from jinmaek.advice.tuning import find, judged
from jinmaek.catalog import tables
from jinmaek.kernel.slabinfo import Slab
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.zoneinfo import Zone
from jinmaek.model import Gap

GIB = 1 << 30
MIB = 1 << 20
PAGE = 4096
LOOK = 10.0

COUNTERS = (
    *reclaim.SCANNED,
    *reclaim.STOLEN,
    *reclaim.REFAULTS,
    *(name for name in reclaim.STALLS if name != "vmstat.allocstall"),
    "vmstat.pgscan_kswapd",
    "vmstat.pgscan_direct",
    "vmstat.pgsteal_kswapd",
    "vmstat.pgsteal_direct",
    "vmstat.pageoutrun",
    "vmstat.pswpin",
    "vmstat.pswpout",
    "vmstat.slabs_scanned",
    "vmstat.pginodesteal",
    "vmstat.kswapd_inodesteal",
    "vmstat.kswapd_low_wmark_hit_quickly",
    "vmstat.nr_dirtied",
    "vmstat.nr_written",
    "vmstat.swap_ra",
    "vmstat.swap_ra_hit",
    "vmstat.thp_fault_alloc",
    "vmstat.thp_collapse_alloc",
    "vmstat.thp_fault_fallback",
    "vmstat.thp_split_page",
    "vmstat.compact_stall",
    "vmstat.compact_fail",
    "vmstat.zone_reclaim_success",
    "vmstat.zone_reclaim_failed",
    "vmstat.numa_hit",
    "vmstat.numa_miss",
    "vmstat.pgfault",
    "vmstat.oom_kill",
)

NOW: Mapping[str, float] = {
    "uptime.uptime": 86400.0,
    "uptime.idle": 1.0,
    "meminfo.MemTotal": 8 * GIB,
    "meminfo.MemFree": 2 * GIB,
    "meminfo.MemAvailable": 5 * GIB,
    "meminfo.Buffers": 100 * MIB,
    "meminfo.Cached": 3 * GIB,
    "meminfo.SReclaimable": 200 * MIB,
    "meminfo.KReclaimable": 200 * MIB,
    "meminfo.Active_file": 1 * GIB,
    "meminfo.Inactive_file": 2 * GIB,
    "meminfo.Active_anon": 1 * GIB,
    "meminfo.Inactive_anon": 1 * GIB,
    "meminfo.AnonPages": 2 * GIB,
    "meminfo.AnonHugePages": 512 * MIB,
    "meminfo.PageTables": 20 * MIB,
    "meminfo.SwapTotal": 2 * GIB,
    "meminfo.SwapFree": 2 * GIB,
    "meminfo.Committed_AS": 3 * GIB,
    "meminfo.CommitLimit": 6 * GIB,
    "meminfo.Hugetlb": 0,
    "meminfo.HugePages_Total": 0,
    "meminfo.HugePages_Free": 0,
    "meminfo.HugePages_Rsvd": 0,
    "meminfo.Hugepagesize": 2 * MIB,
    "vmstat.nr_free_pages": 2 * GIB // PAGE,
    "vmstat.nr_inactive_file": 2 * GIB // PAGE,
    "vmstat.nr_active_file": 1 * GIB // PAGE,
    "vmstat.nr_dirty": 0,
    "vmstat.nr_writeback": 0,
    "vmstat.nr_dirty_threshold": 262144,
    "vmstat.nr_dirty_background_threshold": 131072,
    "dentry_state.nr_dentry": 500_000,
    "dentry_state.nr_unused": 400_000,
    "dentry_state.age_limit": 45,
    "dentry_state.want_pages": 0,
    "inode_nr.nr_inodes": 300_000,
    "inode_nr.nr_free_inodes": 200_000,
    "sys_vm.overcommit_memory": 0,
    "sys_vm.overcommit_ratio": 0.5,
    "sys_vm.overcommit_kbytes": 0,
    "sys_vm.admin_reserve_kbytes": 8 * MIB,
    "sys_vm.user_reserve_kbytes": 128 * MIB,
    "sys_vm.swappiness": 60,
    "sys_vm.vfs_cache_pressure": 100,
    "sys_vm.min_free_kbytes": 11584 * 1024,
    "sys_vm.watermark_scale_factor": 10,
    "sys_vm.dirty_ratio": 0.2,
    "sys_vm.dirty_bytes": 0,
    "sys_vm.dirty_background_ratio": 0.1,
    "sys_vm.dirty_background_bytes": 0,
    "sys_vm.dirty_expire_centisecs": 30.0,
    "sys_vm.dirty_writeback_centisecs": 5.0,
    "sys_vm.zone_reclaim_mode": 0,
    "sys_vm.page_cluster": 3,
    "sys_vm.nr_hugepages": 0,
    "pressure_memory.some_total": 0.0,
    "pressure_io.some_total": 0.0,
    "zswap.enabled": 0,
    **dict.fromkeys(COUNTERS, 0),
}
FILES = {
    "overcommit_ratio": 100.0,
    "overcommit_kbytes": 1 / 1024,
    "min_free_kbytes": 1 / 1024,
    "dirty_ratio": 100.0,
    "dirty_background_ratio": 100.0,
    "dirty_expire_centisecs": 100.0,
    "dirty_writeback_centisecs": 100.0,
}
"""From a column of sys_vm to the number in its file."""


ZoneRow: Any = Zone
"""Columns that are not given are None."""


def zone(
    node: int = 0, name: str = "Normal", managed: int = 8 * GIB // PAGE, free: int = 2 * GIB // PAGE
) -> object:
    """Watermarks as the kernel makes them of the settings in ``NOW``."""
    return ZoneRow(
        node=node, zone=name, free=free, min=2896, low=4993, high=7090, managed=managed, protection_max=0
    )


def slab(name: str, size: int) -> Slab:
    return Slab(
        name=name,
        active_objs=1,
        num_objs=1,
        objsize=192,
        objperslab=21,
        pagesperslab=1,
        active_slabs=size // PAGE,
        num_slabs=size // PAGE,
    )


def thp(enabled: str = "madvise", defrag: str = "madvise") -> object:
    row = tables()["transparent_hugepage"].row
    return row(enabled=enabled, defrag=defrag, shmem_enabled="never", hpage_pmd_size=2 * MIB)


def cgroup(name: str, anon: int, file: int, swappiness: int | None) -> object:
    return tables()["cgroup_memory"].row(cgroup=name, anon=anon, file=file, swappiness=swappiness)


SWAP_ON_DISK = (Swap(filename="/dev/sda2", type="partition", size=2 * GIB, used=0, priority=-2),)
SWAP_ON_ZRAM = (Swap(filename="/dev/zram0", type="partition", size=2 * GIB, used=0, priority=100),)
ROWS: Mapping[str, tuple[object, ...]] = {
    "zoneinfo": (zone(),),
    "swaps": SWAP_ON_DISK,
    "slabinfo": (slab("dentry", 60 * MIB), slab("ext4_inode_cache", 120 * MIB), slab("kmalloc-64", GIB)),
    "transparent_hugepage": (thp(),),
}
GAPS = {
    "cgroup_memory": Gap("absent", "sys/fs/cgroup/**/memory.stat"),
    "lru_gen": Gap("absent", "sys/kernel/mm/lru_gen/enabled"),
    "zram": Gap("absent", "sys/block/zram*/disksize"),
}


def host(
    now: Mapping[str, float | None] | None = None,
    *,
    grew: Mapping[str, float] | None = None,
    look: float | None = LOOK,
    rows: Mapping[str, tuple[object, ...]] | None = None,
    gaps: Mapping[str, Gap] | None = None,
) -> Seen:
    """``now`` are figures at the end, counters since boot too; ``grew`` is what counters did in the look.

    A column set to None is one this kernel lacks. ``look`` None is a single reading.
    """
    at_end: dict[str, float | None] = {**NOW, **(now or {})}
    for column, grown in (grew or {}).items():
        if not now or column not in now:
            at_end[column] = (at_end[column] or 0) + grown
    at_start = dict(at_end)
    for column, grown in (grew or {}).items():
        at_start[column] = (at_end[column] or 0) - grown
    missing = {**GAPS, **(gaps or {})}
    more = {**ROWS, **(rows or {})}
    for name in rows or {}:
        missing.pop(name, None)
    snapshots = [snapshot(100.0, _tables(at_start, more, missing), missing)] if look is not None else []
    snapshots.append(snapshot(100.0 + (look or 0.0), _tables(at_end, more, missing), missing))
    return Seen(tuple(snapshots), _texts(at_end, more), PAGE)


def _tables(
    values: Mapping[str, float | None], rows: Mapping[str, tuple[object, ...]], gaps: Mapping[str, Gap]
) -> dict[str, tuple[object, ...]]:
    grouped: dict[str, dict[str, float]] = {}
    for name, value in values.items():
        table, _, column = name.partition(".")
        columns = grouped.setdefault(table, {})
        if value is not None:
            columns[column] = value
    made: dict[str, tuple[object, ...]] = {
        table: (tables()[table].row(**of),) for table, of in grouped.items()
    }
    return {table: of for table, of in {**made, **rows}.items() if table not in gaps}


def _texts(
    values: Mapping[str, float | None], rows: Mapping[str, tuple[object, ...]]
) -> dict[str, str | Gap]:
    texts: dict[str, str | Gap] = {}
    for name, value in values.items():
        table, _, column = name.partition(".")
        if table == "sys_vm" and value is not None:
            file = "page-cluster" if column == "page_cluster" else column
            texts[f"proc/sys/vm/{file}"] = f"{round(value * FILES.get(column, 1.0))}\n"
    for huge in rows.get("transparent_hugepage", ()):
        for name in ("enabled", "defrag"):
            text = f"some [{getattr(huge, name)}] others\n"
            texts[f"sys/kernel/mm/transparent_hugepage/{name}"] = text
    return texts


def knob(name: str) -> Knob:
    found = find(name)
    assert found is not None, name
    return found


def answer(name: str, seen: Seen) -> Answer:
    return judged(knob(name), seen).answer
