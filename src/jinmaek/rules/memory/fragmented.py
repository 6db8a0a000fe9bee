"""Memory is free, but not in one piece: large blocks cannot be had."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import Aggregate, all_of, limit, named, now, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import events, happened
from jinmaek.rules.terms import pressure


def _blocks(order: int) -> Aggregate:
    return total(now("buddyinfo.free_blocks", ("order", "=", str(order))), by=("node", "zone"))


SMALL = named(
    "share of the free memory in blocks of order 0 to 3",
    (_blocks(0) + _blocks(1) * 2 + _blocks(2) * 4 + _blocks(3) * 8) / now("zoneinfo.free"),
)
RECENT = limit("recent", 600)

RULE = Rule(
    id="memory.fragmented",
    title="Free memory of zone {zone} on node {node} is in small pieces only",
    when=all_of(
        SMALL > limit("small", 0.95, "oled-tools"),
        # DMA and DMA32 are small and fragmented on every host.
        now("zoneinfo.managed") > total(now("zoneinfo.managed")) * limit("zone", 0.25),
    ),
    agree=(
        Sign(
            "compaction fails more often than not",
            all_of(
                events("vmstat.compact_fail")
                > (events("vmstat.compact_fail") + events("vmstat.compact_success")) * limit("failed", 0.5),
                events("vmstat.compact_stall") > limit("stalls", 1),
            ),
        ),
        Sign(
            "most faults that want a huge page find none",
            all_of(
                events("vmstat.thp_fault_fallback") > events("vmstat.thp_fault_alloc"),
                events("vmstat.thp_fault_fallback") > limit("fallbacks", 1),
            ),
        ),
        Sign(
            "a pool of huge pages could not be filled",
            happened("vmstat.htlb_buddy_alloc_fail", RECENT) > 0,
        ),
        Sign(
            "contiguous memory for a device could not be had",
            happened("vmstat.cma_alloc_fail", RECENT) > 0,
        ),
    ),
    unless=(
        Sign(
            "hardly any memory of the zone is free: it is short, not in pieces",
            now("zoneinfo.free") < now("zoneinfo.low"),
        ),
    ),
    held=300,
    severity="info",
    worse=(("warning", pressure("memory") > limit("pressure-warning", 0.1)),),
    why=(
        "Nearly all free memory is in blocks of a few pages, and somebody asks for larger ones: the kernel "
        "moves pages about to make them (compaction), in vain. Up to order 3 it goes on until it has them; "
        "larger ones just fail."
    ),
    helps=(
        "What was asked for, and by whom: journalctl -k | grep 'page allocation failure'; order:4 is 64 KiB",
        "Compact once, at a quiet time: echo 1 > /proc/sys/vm/compact_memory; see jinmaek buddyinfo",
        "Keep more room: sysctl vm.min_free_kbytes, vm.watermark_boost_factor, vm.compaction_proactiveness",
        "Reserve huge pages and CMA at boot: hugepages=, cma= on the kernel's command line",
        "What cannot be moved breaks the blocks: slab and page tables, jinmaek slabtop",
    ),
    does_not_help=(
        "More swap: free memory there is enough",
        "Dropping the cache as a habit: what is left in place is what cannot be moved",
        "Worrying about zones DMA and DMA32: they are always in pieces",
    ),
    culprits=memory_culprits.by_slab,
    tables=("slabinfo",),
    sources=("the fragmentation index: mm/vmstat.c; orders above 3: PAGE_ALLOC_COSTLY_ORDER",),
)
