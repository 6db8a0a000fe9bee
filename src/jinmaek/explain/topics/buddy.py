"""Free blocks, fragmentation and compaction."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "The buddy system: free blocks, fragmentation, compaction"

FREE = Step(
    "free", "pages", "sum(buddyinfo.free_blocks * 2 ** label(buddyinfo.free_blocks, order), node, zone)"
)
BLOCKS = Step("blocks", "count", "sum(buddyinfo.free_blocks, node, zone)")
LARGE = Step(
    "large",
    "pages",
    "sum(buddyinfo.free_blocks * 2 ** label(buddyinfo.free_blocks, order)"
    " * (label(buddyinfo.free_blocks, order) >= 9), node, zone)",
)

ENTRIES = (
    Entry(
        names=("buddyinfo.free_blocks",),
        shown=("buddyinfo.order",),
        words=("buddy system", "buddy allocator", "buddy", "order", "버디 시스템", "버디"),
        text=(
            "The allocator keeps free memory in blocks of 1, 2, 4, … pages, each aligned to its size; a block"
            " that is needed smaller is halved, and two free halves (buddies) become one again. Each column"
            " is a size: order 0 is one page, order 9 is 2 MiB on x86. This slows fragmentation down and does"
            " not prevent it: blocks join only when both halves are free, and one page in use keeps them"
            " apart. Few high orders with much memory free is fragmentation; few of everything is simply a"
            " lack of memory."
        ),
        steps=(FREE, LARGE, Step("", "ratio", "large / free")),
        source="mm/page_alloc.c, mm/vmstat.c frag_show_print()",
        see=("buddyinfo.unusable index", "buddyinfo.fragmentation index", "vmstat.compact_stall"),
    ),
    Entry(
        names=("buddyinfo.unusable index",),
        words=("unusable free space index", "unusable index"),
        meaning="share of free memory in blocks too small for an order: 0 good, 1 all of it",
        text=(
            "Says how far free memory has fallen to pieces for one size. For a huge page (order 9) values"
            " near 1 are common in zones that have been in use for weeks, and harm only whoever needs such"
            " blocks: huge pages, some drivers."
        ),
        steps=(FREE, LARGE, Step("", "ratio", "(free - large) / free")),
        source="mm/vmstat.c unusable_free_index()",
        see=("buddyinfo.free_blocks",),
    ),
    Entry(
        names=("buddyinfo.fragmentation index",),
        words=("fragmentation index", "extfrag", "fragmentation", "external fragmentation", "단편화"),
        meaning=(
            "why an order would fail: -1 it would not, towards 0 too little memory, towards 1 too scattered"
        ),
        text=(
            "Only where no block is large enough is there a question to answer. Towards 0 reclaim helps, for"
            " there is too little memory; towards 1 compaction helps, for there is enough in too many pieces."
            " For large orders the kernel compacts above vm.extfrag_threshold / 1000. Orders up to 3 are"
            " tried for ever, if need be with the OOM killer; larger ones simply fail."
        ),
        steps=(
            FREE,
            BLOCKS,
            LARGE,
            Step(
                "", "count", "-1 if large > 0 else (1000 - (1000 + free * 1000 // 2 ** 9) // blocks) / 1000"
            ),
        ),
        source="mm/vmstat.c __fragmentation_index()",
        see=("sys_vm.extfrag_threshold", "vmstat.compact_fail"),
    ),
    Entry(
        names=("buddyinfo.Node", "buddyinfo.zone"),
        meaning="the NUMA node and the zone a line is of",
        text="Each zone has free lists of its own: a block never spans two zones.",
        see=("zoneinfo.managed",),
    ),
    Entry(
        names=("pagetypeinfo.free_blocks",),
        text=(
            "The same blocks by what may live in them: Movable pages can be moved by compaction, Unmovable"
            " ones not, Reclaimable ones can be freed, HighAtomic and CMA are set aside. A large block of the"
            " wrong kind helps only after a fallback, which is where fragmentation begins. Since 5.4 for root"
            " only."
        ),
        source="mm/vmstat.c pagetypeinfo_showfree_print()",
        see=("buddyinfo.free_blocks",),
    ),
    Entry(
        names=("vmstat.nr_free_pages_blocks",),
        text="Free pages that make up whole pageblocks (2 MiB on x86): what is left for large allocations.",
        see=("buddyinfo.free_blocks",),
        since="6.18",
    ),
    Entry(
        names=("vmstat.compact_stall", "vmstat.compact_fail", "vmstat.compact_success"),
        words=("compaction", "컴팩션"),
        text=(
            "A thread wanted a contiguous block, none was free, and it had to move pages itself"
            " (compact_stall); it got one or not. Each is a delay of milliseconds. A high share of failures"
            " with a running growth means fragmentation by pages that cannot be moved."
        ),
        steps=(
            Step("stalls", "count/s", "rate(vmstat.compact_stall)"),
            Step("", "ratio", "vmstat.compact_fail / (vmstat.compact_fail + vmstat.compact_success)"),
        ),
        source="mm/page_alloc.c __alloc_pages_direct_compact()",
        see=("buddyinfo.fragmentation index", "vmstat.thp_fault_fallback"),
    ),
    Entry(
        names=(
            "vmstat.compact_migrate_scanned",
            "vmstat.compact_free_scanned",
            "vmstat.compact_isolated",
            "vmstat.compact_daemon_*",
        ),
        text=(
            "The work of compaction: one pointer looks for pages that can be moved, another for free places."
            " The daemon fields are the part of kcompactd in the background, for which nobody waits."
        ),
        source="mm/compaction.c",
        see=("vmstat.compact_stall",),
    ),
    Entry(
        names=("vmstat.pgmigrate_success", "vmstat.pgmigrate_fail"),
        text=(
            "Pages that compaction, NUMA balancing or memory hotplug moved elsewhere, and those that would"
            " not go."
        ),
        source="mm/migrate.c",
        see=("vmstat.compact_stall",),
    ),
    Entry(
        names=("vmstat.cma_alloc_success", "vmstat.cma_alloc_fail", "vmstat.cma_release_success"),
        text="What drivers asked of the contiguous areas set aside at boot.",
        source="mm/cma.c",
        see=("meminfo.CmaTotal",),
    ),
    Entry(
        names=("sys_vm.extfrag_threshold",),
        text=(
            "Above this fragmentation index (in thousandths) the kernel compacts for large orders; below it"
            " reclaims."
        ),
        source="mm/compaction.c compaction_suit_allocation_order()",
        see=("buddyinfo.fragmentation index",),
    ),
    Entry(
        names=("sys_vm.compaction_proactiveness",),
        text=(
            "kcompactd works ahead when the fragmentation for huge pages exceeds 100 - this + 10 per cent: at"
            " the default of 20 above 90. 0 turns it off. Higher values cost CPU time all the time."
        ),
        steps=(Step("", "count", "min(max(100 - sys_vm.compaction_proactiveness, 5) + 10, 100)"),),
        source="mm/compaction.c fragmentation_score_wmark()",
        see=("vmstat.compact_daemon_wake",),
    ),
)
