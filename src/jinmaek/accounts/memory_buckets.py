"""MemTotal as a sum: named buckets that do not overlap, and what is left over, with its error band.

Pure: from rows of kernel tables. Which line of /proc/meminfo holds what differs by kernel; it is decided by
the fields there are and by their values, never by a version. What a kernel does not tell is not guessed: it
stays in the residual, and ``inside`` names it.

fs/proc/meminfo.c meminfo_proc_show(), mm/vmstat.c, mm/percpu.c pcpu_nr_pages(), mm/vmalloc.c.
"""

from __future__ import annotations

from jinmaek.accounts.memory_core import Balance, Bucket, Core, Sized, expected, known_sum, optional, pages
from jinmaek.accounts.memory_set_aside import balloon, compressed, deferred, hugetlb, zfs_arc
from jinmaek.kernel.meminfo import Meminfo


def balance(core: Core) -> Balance:
    """The buckets of one reading, in the order of a screen."""
    m = core.meminfo
    inside: list[str] = []
    buckets = [
        Bucket("free", m.MemFree, "meminfo.MemFree", "yes"),
        *_cpu_free(core, inside),
        *expected("anonymous", m.AnonPages, "meminfo.AnonPages", inside, parts=_huge(m.AnonHugePages)),
        *_cache(m),
        *expected("shmem", m.Shmem, "meminfo.Shmem", inside, parts=_huge(m.ShmemHugePages)),
        *expected("buffers", m.Buffers, "meminfo.Buffers", inside, "partly"),
        *_swap_cache(core),
        *_slab(m, inside),
        *expected("page-tables", m.PageTables, "meminfo.PageTables", inside),
        *expected("secondary-page-tables", m.SecPageTables, "meminfo.SecPageTables", inside),
        *_stacks(m, inside),
        *expected("percpu", m.Percpu, "meminfo.Percpu", inside),
        *expected("bounce", m.Bounce, "meminfo.Bounce", inside),
        *expected("fuse-writeback", m.WritebackTmp, "meminfo.WritebackTmp", inside),
        *optional("quicklists", m.Quicklists, "meminfo.Quicklists"),
        *optional("memmap", pages(core, "nr_memmap_pages"), "vmstat.nr_memmap_pages"),
        *optional("gpu", known_sum(m.GPUActive, m.GPUReclaim), "meminfo.GPUActive + meminfo.GPUReclaim"),
        *hugetlb(core, inside),
        *compressed(core, inside),
        *zfs_arc(core, inside),
        *optional("hardware-corrupted", m.HardwareCorrupted, "meminfo.HardwareCorrupted"),
    ]
    inflated, outside = balloon(core, m.MemTotal - sum(bucket.bytes for bucket in buckets))
    buckets += inflated
    return Balance(m.MemTotal, tuple(buckets), tuple(inside), (*outside, *deferred(core)))


def _huge(size: int | None) -> tuple[Sized, ...]:
    return (Sized("huge", size),) if size else ()


def _cpu_free(core: Core, inside: list[str]) -> list[Bucket]:
    """Free pages the CPUs keep for themselves: no longer free to the kernel's count, not yet used."""
    counts = [zone.pagesets_count for zone in core.zones if zone.pagesets_count is not None]
    size = sum(counts) * core.page if counts else None
    return expected("cpu-free", size, "zoneinfo.pagesets_count", inside)


def _cache(m: Meminfo) -> list[Bucket]:
    """Page cache of files. Mapped counts shmem too: of the cache at least the rest is mapped."""
    if m.Cached is None:
        return []
    shmem = m.Shmem or 0
    cache = m.Cached - shmem
    parts = [Sized("dirty", (m.Dirty or 0) + (m.Writeback or 0))]
    if m.Mapped is not None:
        most, least = min(m.Mapped, max(cache, 0)), max(m.Mapped - shmem, 0)
        parts += [Sized("mapped-at-least", least), Sized("mapped-at-most", most)]
    parts += _huge(m.FileHugePages)
    source = "meminfo.Cached - meminfo.Shmem" if m.Shmem is not None else "meminfo.Cached"
    return [Bucket("page-cache", cache, source, "partly", tuple(part for part in parts if part.bytes))]


def lists(core: Core) -> int | None:
    """Bytes on the LRU lists, with what is taken off them for a moment."""
    m = core.meminfo
    if m.Active is None or m.Inactive is None:
        return None
    isolated = (pages(core, "nr_isolated_anon") or 0) + (pages(core, "nr_isolated_file") or 0)
    return m.Active + m.Inactive + (m.Unevictable or 0) + isolated


def unmapped_swap_cache(core: Core) -> int | None:
    """Pages in the swap cache that no process maps: those it maps are in AnonPages already.

    The LRU lists and the counters of use are independent: what the lists have more is the swap cache, as
    far as there is one. None where the lists are not told.
    """
    m, on_lists = core.meminfo, lists(core)
    if not m.SwapCached:
        return m.SwapCached
    if on_lists is None or m.AnonPages is None or m.Cached is None:
        return None
    return min(m.SwapCached, max(0, on_lists - m.AnonPages - m.Cached - (m.Buffers or 0)))


def _swap_cache(core: Core) -> list[Bucket]:
    size = unmapped_swap_cache(core)
    source = (
        "min(meminfo.SwapCached, max(0, meminfo.Active + meminfo.Inactive + meminfo.Unevictable + isolated "
        "- meminfo.AnonPages - meminfo.Cached - meminfo.Buffers))"
    )
    return optional("swap-cache", size, source)


def _slab(m: Meminfo, inside: list[str]) -> list[Bucket]:
    if m.SReclaimable is None or m.SUnreclaim is None:
        return expected("slab", m.Slab, "meminfo.Slab", inside)
    found = [
        Bucket("slab-reclaimable", m.SReclaimable, "meminfo.SReclaimable", "partly"),
        Bucket("slab-unreclaimable", m.SUnreclaim, "meminfo.SUnreclaim"),
    ]
    if m.KReclaimable is not None:
        other = m.KReclaimable - m.SReclaimable
        source = "meminfo.KReclaimable - meminfo.SReclaimable"
        found.append(Bucket("kernel-reclaimable", other, source, "partly"))
    return found


def _stacks(m: Meminfo, inside: list[str]) -> list[Bucket]:
    """Kernel stacks and vmalloc: stacks come from vmalloc where its pages are counted (5.3, VMAP_STACK).

    Before 4.4 VmallocUsed is address space, with device registers in it; to 5.2 it is 0.
    """
    told = m.VmallocUsed if not m.VmallocChunk else None
    stacks = expected("kernel-stacks", m.KernelStack, "meminfo.KernelStack", inside)
    if not told:
        inside.append("vmalloc")
        return stacks
    if m.KernelStack is None or m.KernelStack > told:
        return [*stacks, Bucket("vmalloc", told, "meminfo.VmallocUsed")]
    return [Bucket("vmalloc", told, "meminfo.VmallocUsed", parts=(Sized("kernel-stacks", m.KernelStack),))]
