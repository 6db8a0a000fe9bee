"""Buckets of memory that was set aside: huge page pools, compressed pages, the ZFS cache, the balloon.

Each kernel tells of them in another place, and some figures overlap or lie outside MemTotal.
"""

from __future__ import annotations

from jinmaek.accounts.memory_core import Bucket, Core, Sized, optional, pages

OWN_ALLOCATORS = ("zbud", "z3fold")
"""Pools of zswap that nr_zspages does not count."""


def hugetlb(core: Core, inside: list[str]) -> list[Bucket]:
    """The pools of huge pages, of all sizes as far as they are told."""
    m = core.meminfo
    counted = [(pool.total, pool.size) for pool in core.pools if pool.total is not None]
    if m.Hugetlb is not None:
        return [Bucket("hugetlb", m.Hugetlb, "meminfo.Hugetlb")]
    if counted:
        return [Bucket("hugetlb", sum(count * size for count, size in counted), "hugepages.total * size")]
    if m.HugePages_Total is None or m.Hugepagesize is None:
        return []
    inside.append("huge pages of other sizes")
    source = "meminfo.HugePages_Total * meminfo.Hugepagesize"
    return [Bucket("hugetlb", m.HugePages_Total * m.Hugepagesize, source)]


def compressed(core: Core, inside: list[str]) -> list[Bucket]:
    """RAM that holds compressed pages: zram, and zswap whatever keeps its pages."""
    zspages = pages(core, "nr_zspages")
    source = "vmstat.nr_zspages"
    if zspages is None and core.zram:
        zspages = sum(disk.mem_used_total or 0 for disk in core.zram)
        source = "zram.mem_used_total"
    pool = core.meminfo.Zswap
    if pool is None and core.zswap_pool is not None:
        pool = core.zswap_pool.pool_total_size
    apart = zspages is None or source != "vmstat.nr_zspages"
    if pool and (apart or (core.zswap is not None and core.zswap.zpool in OWN_ALLOCATORS)):
        zspages = (zspages or 0) + pool
        source += " + the pool of zswap"
    if zspages is None and core.zswap is not None and core.zswap.enabled:
        inside.append("compressed")
    return optional("compressed", zspages, source)


def zfs_arc(core: Core, inside: list[str]) -> list[Bucket]:
    """The buffers of ZFS that are pages of their own."""
    if core.abd is not None:
        size = core.abd.scatter_data_size + core.abd.scatter_chunk_waste
        return [Bucket("zfs-arc", size, "abdstats.scatter_data_size + abdstats.scatter_chunk_waste")]
    if core.arc is not None:
        inside.append("zfs-arc")
    return []


def balloon(core: Core, rest: int) -> tuple[list[Bucket], list[Sized]]:
    """Memory given back to the hypervisor. Some drivers take it off MemTotal: then the rest has no room."""
    size = core.meminfo.Balloon
    source = "meminfo.Balloon"
    if size is None:
        size, source = pages(core, "nr_balloon_pages"), "vmstat.nr_balloon_pages"
    if size is None:
        return [], []
    if size > 0 and rest < size / 2:
        return [], [Sized("balloon", size)]
    return [Bucket("balloon", size, source)], []


def deferred(core: Core) -> list[Sized]:
    """Memory the kernel has not set up yet: in MemTotal and MemFree, in no zone and in no nr_free_pages."""
    managed = [zone.managed for zone in core.zones if zone.managed is not None]
    left = core.meminfo.MemTotal - sum(managed) * core.page if managed else 0
    free = pages(core, "nr_free_pages")
    if free is None or left <= 0:
        return []
    apart = core.meminfo.MemFree - free
    return [Sized("deferred", left)] if abs(apart - left) < left / 10 else []
