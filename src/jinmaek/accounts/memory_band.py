"""How far from 0 the residual of a ledger may be without a byte being lost: each reason with its most.

Counters of zones and nodes are kept per CPU and folded into what the kernel prints when a CPU's part passes a
threshold (mm/vmstat.c calculate_normalthreshold()), and a file takes time to read.
"""

from __future__ import annotations

from jinmaek.accounts.memory_buckets import lists, unmapped_swap_cache
from jinmaek.accounts.memory_core import Core, Sized

ZONE_ITEMS = 3
"""Counters of zones among the buckets: free, zspages, bounce."""
NODE_ITEMS = 8
"""Counters of nodes: anonymous, file, slab twice, other reclaimable, page tables twice, FUSE."""
HIGHEST = 125
"""Most pages a CPU may keep to itself of one counter."""
BLOCK = 1 << 27
"""Bytes of memory that raise the threshold by a step."""
BOOT_CHUNK = 288 << 10
"""Per-CPU memory of one CPU that is set up at boot: 6.1 and 6.18 on x86-64 show 280 to 344 KiB in all."""
BATCHES = 5 * 31
"""Pages a CPU may keep off the LRU lists: five batches, 31 pages each since 6.11."""


def band(core: Core, movement: int | None, residual: int) -> tuple[Sized, ...] | None:
    """The reasons, largest first; None where what they are made of could not be read.

    ``movement`` is by how much the residual changed from one reading to the next; None of a captured tree.
    """
    residue = _residue(core)
    if residue is None or core.cpus is None:
        return None
    m = core.meminfo
    reasons = [
        Sized("counters", residue),
        Sized("boot-chunk", min(m.Percpu or 0, BOOT_CHUNK * core.cpus)),
        Sized("movement", movement or 0),
        Sized("swap-cache", _swap_cache(core, core.cpus)),
    ]
    stacks = _stacks(core)
    if residual + sum(reason.bytes for reason in reasons) >= stacks:
        # Otherwise the residual has no room for them: they are in vmalloc.
        reasons.append(Sized("stacks", stacks))
    return tuple(sorted((one for one in reasons if one.bytes), key=lambda one: -one.bytes))


def _residue(core: Core) -> int | None:
    zones = [zone for zone in core.zones if zone.managed]
    if not zones or core.cpus is None:
        return None
    thresholds = [(zone.node, threshold(core.cpus, (zone.managed or 0) * core.page)) for zone in zones]
    of_nodes = sum(
        max(pages for node, pages in thresholds if node == one) for one in {node for node, _ in thresholds}
    )
    pages = ZONE_ITEMS * sum(pages for _, pages in thresholds) + NODE_ITEMS * of_nodes
    return pages * core.cpus * core.page


def threshold(cpus: int, managed: int) -> int:
    """Pages a CPU may keep to itself of a counter of a zone of ``managed`` bytes."""
    return min(HIGHEST, 2 * cpus.bit_length() * (1 + (managed // BLOCK).bit_length()))


def _swap_cache(core: Core, cpus: int) -> int:
    """The swap cache is told apart by the LRU lists, which lag, and not at all where they are not told."""
    cached = core.meminfo.SwapCached or 0
    if unmapped_swap_cache(core) is None or lists(core) is None:
        return cached
    return min(cached, BATCHES * cpus * core.page)


def _stacks(core: Core) -> int:
    """Kernel stacks lie outside vmalloc where the kernel is built so, and no file tells."""
    m = core.meminfo
    inside = bool(m.VmallocUsed) and not m.VmallocChunk and (m.KernelStack or 0) <= (m.VmallocUsed or 0)
    return (m.KernelStack or 0) if inside else 0
