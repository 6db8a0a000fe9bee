"""The lists by which reclaim decides what to evict."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Active and inactive: the lists by which reclaim chooses"

ENTRIES = (
    Entry(
        names=("meminfo.Active",),
        shown=("vmstat.active",),
        text=(
            "Pages that were used again since they came in: reclaim looks at the inactive lists first. Active"
            " does not mean that a program uses the page now. With the multi-generational LRU (6.1) the two"
            " youngest generations are shown as active, so the figures of two kernels do not compare."
        ),
        here="{meminfo.Active} were used more than once and are looked at last.",
        steps=(Step("", "bytes", "meminfo.Active_anon + meminfo.Active_file"),),
        exact=True,
        see=("meminfo.Inactive", "vmstat.pgactivate"),
    ),
    Entry(
        names=("meminfo.Inactive",),
        shown=("vmstat.inact",),
        text=(
            "Pages that are the next to be looked at when memory is needed. File pages among them go first"
            " and cheaply; anonymous ones need swap. A page that is used while it waits here is moved to the"
            " active list, so inactive is a queue and not a heap of rubbish."
        ),
        here="{meminfo.Inactive} are next in line when memory is needed.",
        steps=(Step("", "bytes", "meminfo.Inactive_anon + meminfo.Inactive_file"),),
        exact=True,
        see=("meminfo.Active", "vmstat.pgdeactivate"),
    ),
    Entry(
        names=(
            "meminfo.Active_anon",
            "meminfo.Inactive_anon",
            "vmstat.nr_active_anon",
            "vmstat.nr_inactive_anon",
            "vmstat.nr_zone_active_anon",
            "vmstat.nr_zone_inactive_anon",
            "zoneinfo.nr_zone_active_anon",
            "zoneinfo.nr_zone_inactive_anon",
        ),
        text=(
            "Memory of programs (heap, stack, private copies) and also tmpfs and shared memory, because all"
            " of these can only leave through swap. So it is no measure of what programs use: AnonPages is,"
            " and Shmem is the difference. Without swap these lists are not scanned at all."
        ),
        source="mm/swap.c, mm/vmscan.c",
        see=("meminfo.AnonPages", "meminfo.Shmem"),
    ),
    Entry(
        names=(
            "meminfo.Active_file",
            "meminfo.Inactive_file",
            "vmstat.nr_active_file",
            "vmstat.nr_inactive_file",
            "vmstat.nr_zone_active_file",
            "vmstat.nr_zone_inactive_file",
            "zoneinfo.nr_zone_active_file",
            "zoneinfo.nr_zone_inactive_file",
        ),
        text=(
            "Page cache that is backed by files, buffers included, tmpfs not. A page read once starts"
            " inactive and is dropped first, so that one large copy does not push out what is used again and"
            " again; a second use makes it active. Program code counts here: when both lists are nearly empty"
            " the kernel evicts the programs it is running, and the host crawls."
        ),
        source="mm/swap.c folio_mark_accessed()",
        see=("meminfo.Cached", "vmstat.workingset_refault_file"),
    ),
    Entry(
        names=(
            "meminfo.Unevictable",
            "vmstat.nr_unevictable",
            "vmstat.nr_zone_unevictable",
            "zoneinfo.nr_zone_unevictable",
        ),
        text=(
            "Pages that reclaim leaves alone: locked by mlock(), shared memory locked by SHM_LOCK, ramfs,"
            " pages pinned for a while by a driver. They count neither as active nor as inactive."
        ),
        source="Documentation/mm/unevictable-lru.rst",
        see=("meminfo.Mlocked",),
    ),
    Entry(
        names=("meminfo.Mlocked", "vmstat.nr_mlock", "zoneinfo.nr_mlock"),
        words=("mlock",),
        text=(
            "Programs that must not wait for a page fault lock theirs: databases, real-time programs, keys"
            " that must not reach swap. Limited by RLIMIT_MEMLOCK. A part of Unevictable."
        ),
        source="mm/mlock.c",
        see=("meminfo.Unevictable",),
    ),
    Entry(
        names=("vmstat.nr_isolated_anon", "vmstat.nr_isolated_file"),
        text=(
            "Pages that are in somebody's hands right now: taken off their list to be evicted, migrated or"
            " compacted. Normally near 0. Many for long are a reclaim that does not come to an end."
        ),
        source="mm/vmscan.c too_many_isolated()",
    ),
    Entry(
        names=("vmstat.unevictable_pgs_*",),
        text=(
            "What happened on the list of pages that must not be reclaimed, mostly by mlock() and munlock()."
        ),
        source="Documentation/mm/unevictable-lru.rst",
        see=("meminfo.Unevictable",),
    ),
    Entry(
        names=("vmstat.pgactivate", "vmstat.pgdeactivate", "vmstat.pgrefill*"),
        text=(
            "How pages move between the lists: pgactivate were used again, pgrefill active ones were looked"
            " at because the inactive list got short, pgdeactivate of them were moved there. They tell that"
            " lists are kept in balance, not that memory is short."
        ),
        source="mm/swap.c, mm/vmscan.c shrink_active_list()",
        see=("vmstat.pgscan_kswapd", "meminfo.Active"),
    ),
    Entry(
        names=("vmstat.pgrotated", "vmstat.nr_vmscan_write", "vmstat.nr_vmscan_immediate_reclaim"),
        text=(
            "Reclaim met dirty pages at the end of the list. nr_vmscan_write it had to write itself (private"
            " and shared memory, to swap), nr_vmscan_immediate_reclaim were marked to be freed as soon as"
            " writeback is done, pgrotated came back to the end of the list for that. A fast growth says that"
            " writing does not keep up with dirtying."
        ),
        source="mm/vmscan.c pageout(), mm/swap.c folio_rotate_reclaimable()",
        see=("vmstat.nr_dirty", "vmstat.nr_throttled_written"),
    ),
)
