"""Memory nodes: where pages come from, and what is moved between them."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "NUMA: memory nodes and what is moved between them"

ENTRIES = (
    Entry(
        names=(
            "vmstat.numa_hit",
            "vmstat.numa_miss",
            "vmstat.numa_foreign",
            "zoneinfo.numa_hit",
            "zoneinfo.numa_miss",
            "zoneinfo.numa_foreign",
            "numastat.numa_hit",
            "numastat.numa_miss",
            "numastat.numa_foreign",
        ),
        words=("NUMA",),
        text=(
            "Whether a page came from the node it was wanted from (hit) or from another (miss there, foreign"
            " here). A few misses are normal; a lasting share of some per cent while other nodes have free"
            " memory is imbalance: programs bound to a full node. vm.numa_stat=0 stops these counters."
        ),
        steps=(Step("", "ratio", "vmstat.numa_miss / (vmstat.numa_hit + vmstat.numa_miss)"),),
        source="mm/page_alloc.c zone_statistics()",
        see=("numastat.other_node",),
    ),
    Entry(
        names=(
            "vmstat.numa_interleave",
            "vmstat.numa_local",
            "vmstat.numa_other",
            "zoneinfo.numa_interleave",
            "zoneinfo.numa_local",
            "zoneinfo.numa_other",
            "numastat.interleave_hit",
            "numastat.local_node",
            "numastat.other_node",
        ),
        text=(
            "Whether the CPU that asked stands beside the memory it got (local) or must reach across (other)."
            " That is what costs time, whatever was wanted."
        ),
        steps=(Step("", "ratio", "vmstat.numa_other / (vmstat.numa_local + vmstat.numa_other)"),),
        source="mm/page_alloc.c zone_statistics()",
        see=("vmstat.numa_miss",),
    ),
    Entry(
        names=(
            "vmstat.numa_pte_updates",
            "vmstat.numa_huge_pte_updates",
            "vmstat.numa_hint_faults*",
            "vmstat.numa_pages_migrated",
            "vmstat.numa_task_*",
        ),
        words=("NUMA balancing",),
        text=(
            "Automatic balancing takes pages away for a moment, sees by the fault which CPU uses them, and"
            " moves the page or the thread. It costs faults; many hints with few migrations bring nothing."
        ),
        source="kernel/sched/fair.c task_numa_fault()",
        see=("vmstat.numa_miss",),
    ),
    Entry(
        names=("vmstat.pgpromote_*", "vmstat.pgdemote_*"),
        text=(
            "Tiers of memory (DRAM beside CXL or persistent memory): cold pages move down instead of being"
            " evicted, hot ones move up. Expected there, 0 elsewhere."
        ),
        source="mm/vmscan.c demote_folio_list(), mm/migrate.c",
        see=("zoneinfo.promo",),
    ),
    Entry(
        names=("vmstat.zone_reclaim_success", "vmstat.zone_reclaim_failed", "sys_vm.zone_reclaim_mode"),
        text=(
            "With vm.zone_reclaim_mode not 0 a node evicts its own cache before it takes memory from another."
            " For a file server that is wrong: it reads files again that would have fitted next door. 0 is"
            " the default and right nearly everywhere."
        ),
        source="mm/vmscan.c node_reclaim()",
        see=("vmstat.numa_miss",),
    ),
)
