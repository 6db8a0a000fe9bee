"""Quantities that the rules about memory speak of: the lines of /proc/meminfo, and what is in none of them.

A line that this kernel lacks is written ``zero_if_lacking``: what it would count is then in no line at all,
and the sum must not be unknown for it.
"""

from __future__ import annotations

from jinmaek.diagnosis.expr import (
    AnyOf,
    Arithmetic,
    Expr,
    Length,
    all_of,
    any_of,
    increase,
    limit,
    named,
    now,
    rate,
    total,
)
from jinmaek.rules.terms import AVAILABLE, pressure

PAGE = named("size of a page", now("meminfo.SUnreclaim") / now("vmstat.nr_slab_unreclaimable"))
"""Bytes: the same memory in both units, for what the kernel tells in pages only."""

LITTLE_AVAILABLE = AVAILABLE < limit("available", 0.15)
WAITS = pressure("memory") > limit("pressure", 0.05)
SWAPS_OUT = rate("vmstat.pswpout") > limit("swapped-out", 10, "atop")

PLENTIFUL = all_of(
    AVAILABLE > limit("plenty", 0.3),
    pressure("memory") < limit("calm", 0.01),
)
"""Nobody wants the memory that the state takes."""


def zero_if_lacking(column: str, *, beside: str, ago: Length = 0.0) -> AnyOf:
    """A column, or 0 where the kernel has the file, which ``beside`` is in, but not the field."""
    return any_of(now(column, ago=ago), now(beside, ago=ago) * 0)


ALWAYS = "vmstat.pgactivate"
"""A counter that every kernel has, and that who exports the others exports too."""


def events(column: str) -> AnyOf:
    """A counter of /proc/vmstat per second; 0 where the kernel is built without what it counts."""
    return any_of(rate(column), rate(ALWAYS) * 0)


def happened(column: str, over: Length) -> AnyOf:
    """The same over a window."""
    return any_of(increase(column, over=over), increase(ALWAYS, over=over) * 0)


def of_meminfo(column: str, ago: Length = 0.0) -> AnyOf:
    """A line of /proc/meminfo that not every kernel has."""
    return zero_if_lacking(f"meminfo.{column}", beside="meminfo.MemTotal", ago=ago)


def hugetlb(ago: Length = 0.0) -> AnyOf:
    """Bytes of all pools of huge pages; before 4.16 those of the default size."""
    return any_of(
        now("meminfo.Hugetlb", ago=ago),
        now("meminfo.HugePages_Total", ago=ago) * now("meminfo.Hugepagesize", ago=ago),
        now("meminfo.MemTotal", ago=ago) * 0,
    )


def vmalloc(ago: Length = 0.0) -> AnyOf:
    """Pages from vmalloc with the stacks of threads among them, or the stacks alone.

    VmallocUsed counts pages since 5.3, and stacks where CONFIG_VMAP_STACK is set (4.9). From 4.4 to 5.2 it is
    0, and before that, where VmallocChunk is not, the size of an address space.
    """
    stacks = now("meminfo.KernelStack", ago=ago)
    used = now("meminfo.VmallocUsed", ago=ago) >= stacks
    return any_of(all_of(used, now("meminfo.VmallocChunk", ago=ago) <= 0), stacks)


def pages(column: str, beside: str, ago: Length = 0.0) -> Arithmetic:
    """A column in pages as bytes; 0 where the kernel lacks it."""
    return zero_if_lacking(column, beside=beside, ago=ago) * PAGE


def kept_by_cpus(ago: Length = 0.0) -> Expr:
    """Free pages each CPU keeps for itself: in MemTotal, and not in MemFree."""
    return any_of(total(now("zoneinfo.pagesets_count", ago=ago)) * PAGE, now("meminfo.MemTotal", ago=ago) * 0)


def zfs(ago: Length = 0.0) -> AnyOf:
    """Pages of the cache of ZFS, where there is one; the rest of that cache is in Slab."""
    return any_of(
        now("abdstats.scatter_data_size", ago=ago) + now("abdstats.scatter_chunk_waste", ago=ago),
        now("meminfo.MemTotal", ago=ago) * 0,
    )


def unaccounted(ago: Length = 0.0) -> Arithmetic:
    """What of MemTotal is in no line: pages that drivers, the network or guests took from the allocator.

    The lines overlap: each page is counted once here (fs/proc/meminfo.c; the terms are disjoint since 4.20).
    SwapCached is partly in AnonPages, so this is rather too little than too much.
    """
    lines: Expr = now("meminfo.MemFree", ago=ago)
    for part in (
        *(
            now(f"meminfo.{name}", ago=ago)
            for name in ("AnonPages", "Cached", "Buffers", "Slab", "PageTables")
        ),
        *(
            of_meminfo(name, ago)
            for name in ("SwapCached", "SecPageTables", "Percpu", "Bounce", "Quicklists", "HardwareCorrupted")
        ),
        any_of(
            now("meminfo.KReclaimable", ago=ago) - now("meminfo.SReclaimable", ago=ago),
            now("meminfo.MemTotal", ago=ago) * 0,
        ),
        vmalloc(ago),
        hugetlb(ago),
        pages("vmstat.nr_zspages", "vmstat.nr_slab_unreclaimable", ago),
        kept_by_cpus(ago),
        zfs(ago),
    ):
        lines = lines + part
    return now("meminfo.MemTotal", ago=ago) - lines


OUTSIDE_POOLS = named("memory outside of huge page pools", now("meminfo.MemTotal") - hugetlb())
