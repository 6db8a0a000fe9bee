"""The fields of /proc/vmstat: one line each, in the kernel's order, with those of older kernels.

include/linux/mmzone.h enum zone_stat_item, numa_stat_item, node_stat_item and
include/linux/vm_event_item.h; the names are vmstat_text[] in mm/vmstat.c. Every field is exported as
``node_vmstat_NAME``; ``vmstat.stock`` says which of them by default.
"""

from __future__ import annotations

from jinmaek.columns import Metric, columns_of, counter, gauge, row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _pages(help: str) -> Any:
    return gauge("pages", help)


def _huge(help: str) -> Any:
    return gauge("count", help + ", in huge pages")


def _moved(help: str) -> Any:
    return counter("pages", help)


def _event(help: str) -> Any:
    return counter("count", help)


@row
class Vmstat:
    """The host's memory management: what there is in pages, and what happened since boot."""

    # Zones
    nr_free_pages: int | None = _pages("free pages")
    nr_free_pages_blocks: int | None = _pages("free pages in whole pageblocks")
    nr_alloc_batch: int | None = _pages("pages a zone may still give before the next has its turn (to 4.7)")
    nr_zone_inactive_anon: int | None = _pages("anonymous, shmem and tmpfs pages not used lately (4.8)")
    nr_zone_active_anon: int | None = _pages("anonymous, shmem and tmpfs pages used lately (4.8)")
    nr_zone_inactive_file: int | None = _pages("file pages not used lately (4.8)")
    nr_zone_active_file: int | None = _pages("file pages used lately (4.8)")
    nr_zone_unevictable: int | None = _pages("pages reclaim must not touch (4.8)")
    nr_zone_write_pending: int | None = _pages("dirty pages and pages being written (4.8)")
    nr_mlock: int | None = _pages("pages held by mlock()")
    nr_bounce: int | None = _pages("copies for devices that cannot reach all memory")
    nr_zspages: int | None = _pages("pages of zsmalloc: zram, zswap (4.8)")
    nr_free_cma: int | None = _pages("free pages of contiguous memory areas")
    nr_unaccepted: int | None = _pages("guest memory not yet accepted (6.5)")
    numa_hit: int | None = _event("pages allocated on the node that was wanted")
    numa_miss: int | None = _event("pages allocated on a node that was not wanted")
    numa_foreign: int | None = _event("pages wanted on a node, allocated on another")
    numa_interleave: int | None = _event("pages allocated by interleaving, on the node that was its turn")
    numa_local: int | None = _event("pages allocated on the node of the CPU that asked")
    numa_other: int | None = _event("pages allocated on another node than that of the CPU that asked")
    # Nodes
    nr_inactive_anon: int | None = _pages("anonymous, shmem and tmpfs pages not used lately")
    nr_active_anon: int | None = _pages("anonymous, shmem and tmpfs pages used lately")
    nr_inactive_file: int | None = _pages("file pages not used lately")
    nr_active_file: int | None = _pages("file pages used lately")
    nr_unevictable: int | None = _pages("pages reclaim must not touch")
    nr_slab_reclaimable: int | None = _pages("kernel objects reclaim can shrink")
    nr_slab_unreclaimable: int | None = _pages("kernel objects reclaim cannot shrink")
    nr_isolated_anon: int | None = _pages("anonymous pages taken off the lists for reclaim or migration")
    nr_isolated_file: int | None = _pages("file pages taken off the lists for reclaim or migration")
    nr_pages_scanned: int | None = _pages("pages scanned since the last one was freed (to 4.9)")
    workingset_nodes: int | None = gauge("count", "nodes of the page cache that remember evicted pages")
    workingset_refault: int | None = _moved("pages read again after eviction (to 5.8)")
    workingset_refault_anon: int | None = _moved("anonymous pages swapped in after eviction (5.9)")
    workingset_refault_file: int | None = _moved("file pages read again after eviction (5.9)")
    workingset_activate: int | None = _moved("refaults soon enough to have been in use (to 5.8)")
    workingset_activate_anon: int | None = _moved("anonymous refaults soon enough to have been in use (5.9)")
    workingset_activate_file: int | None = _moved("file refaults soon enough to have been in use (5.9)")
    workingset_restore: int | None = _moved("refaults of pages that had been active (4.20 to 5.8)")
    workingset_restore_anon: int | None = _moved("refaults of anonymous pages that had been active (5.9)")
    workingset_restore_file: int | None = _moved("refaults of file pages that had been active (5.9)")
    workingset_nodereclaim: int | None = _event("nodes of evicted pages that reclaim freed")
    nr_anon_pages: int | None = _pages("anonymous pages mapped")
    nr_mapped: int | None = _pages("page cache and shmem pages mapped")
    nr_file_pages: int | None = _pages("page cache, shmem, swap cache and buffers")
    nr_dirty: int | None = _pages("pages waiting to be written")
    nr_writeback: int | None = _pages("pages being written")
    nr_writeback_temp: int | None = _pages("copies FUSE is writing")
    nr_shmem: int | None = _pages("tmpfs and shared memory")
    nr_shmem_hugepages: int | None = _huge("shmem")
    nr_shmem_pmdmapped: int | None = _huge("shmem mapped by huge entries")
    nr_file_hugepages: int | None = _huge("files in the page cache")
    nr_file_pmdmapped: int | None = _huge("files mapped by huge entries")
    nr_anon_transparent_hugepages: int | None = _huge("anonymous memory")
    nr_vmscan_write: int | None = _moved("pages that reclaim had to write")
    nr_vmscan_immediate_reclaim: int | None = _moved("pages to reclaim as soon as they are written")
    nr_dirtied: int | None = _moved("pages made dirty")
    nr_written: int | None = _moved("pages written")
    nr_throttled_written: int | None = _moved("pages written while reclaim was throttled")
    nr_kernel_misc_reclaimable: int | None = _pages("other kernel memory reclaim can shrink (4.20)")
    nr_foll_pin_acquired: int | None = _moved("pages pinned for devices")
    nr_foll_pin_released: int | None = _moved("pages unpinned")
    nr_kernel_stack: int | None = gauge("bytes", "kernel stacks of threads (4.8; a number of stacks before)")
    nr_overhead: int | None = _pages("memory for bookkeeping of allocations, by vendor kernels")
    nr_page_table_pages: int | None = _pages("page tables of programs")
    nr_sec_page_table_pages: int | None = _pages("page tables of guests and IOMMUs (6.1)")
    nr_iommu_pages: int | None = _pages("page tables of IOMMUs")
    nr_swapcached: int | None = _pages("pages in RAM that also have a copy in swap (5.12)")
    pgpromote_success: int | None = _moved("pages moved to a faster node")
    pgpromote_candidate: int | None = _moved("candidates for a faster node")
    pgpromote_candidate_nrl: int | None = _moved("candidates not held to the rate limit")
    pgdemote_kswapd: int | None = _moved("pages moved to a slower node by kswapd")
    pgdemote_direct: int | None = _moved("pages moved to a slower node by direct reclaim")
    pgdemote_khugepaged: int | None = _moved("pages moved to a slower node by khugepaged")
    pgdemote_proactive: int | None = _moved("pages moved to a slower node on request")
    nr_hugetlb: int | None = _pages("pages of huge page pools")
    nr_balloon_pages: int | None = _pages("pages given back to the hypervisor")
    nr_kernel_file_pages: int | None = _pages("page cache the kernel itself keeps")
    nr_unstable: int | None = _pages("data sent to an NFS server but not stored there; 0 since 5.8")
    # Limits and struct page
    nr_dirty_threshold: int | None = _pages("dirty pages at which writers are made to wait")
    nr_dirty_background_threshold: int | None = _pages("dirty pages at which writeback starts")
    nr_memmap_pages: int | None = _pages("struct pages taken from the allocator")
    nr_memmap_boot_pages: int | None = _pages("struct pages taken at boot")
    # Events
    pgpgin: int | None = counter("bytes", "data read from block devices, swap included")
    pgpgout: int | None = counter("bytes", "data written to block devices, swap included")
    pswpin: int | None = _moved("pages read from swap")
    pswpout: int | None = _moved("pages written to swap")
    pgalloc_dma: int | None = _moved("pages allocated from zone DMA")
    pgalloc_dma32: int | None = _moved("pages allocated from zone DMA32")
    pgalloc_normal: int | None = _moved("pages allocated from zone Normal")
    pgalloc_high: int | None = _moved("pages allocated from zone HighMem")
    pgalloc_movable: int | None = _moved("pages allocated from zone Movable")
    pgalloc_device: int | None = _moved("pages allocated from zone Device")
    allocstall: int | None = _event("allocations that had to reclaim (to 4.7)")
    allocstall_dma: int | None = _event("allocations from DMA that had to reclaim (4.8)")
    allocstall_dma32: int | None = _event("allocations from DMA32 that had to reclaim (4.8)")
    allocstall_normal: int | None = _event("allocations from Normal that had to reclaim (4.8)")
    allocstall_high: int | None = _event("allocations from HighMem that had to reclaim (4.8)")
    allocstall_movable: int | None = _event("allocations from Movable that had to reclaim (4.8)")
    allocstall_device: int | None = _event("allocations from Device that had to reclaim")
    pgskip_dma: int | None = _moved("pages passed over in DMA: the allocation wanted a lower zone (4.8)")
    pgskip_dma32: int | None = _moved("pages passed over in DMA32: the allocation wanted a lower zone (4.8)")
    pgskip_normal: int | None = _moved(
        "pages passed over in Normal: the allocation wanted a lower zone (4.8)"
    )
    pgskip_high: int | None = _moved("pages passed over in HighMem: the allocation wanted a lower zone (4.8)")
    pgskip_movable: int | None = _moved(
        "pages passed over in Movable: the allocation wanted a lower zone (4.8)"
    )
    pgskip_device: int | None = _moved("pages passed over in Device: the allocation wanted a lower zone")
    pgfree: int | None = _moved("pages freed")
    pgactivate: int | None = _moved("pages moved to the active lists")
    pgdeactivate: int | None = _moved("pages moved to the inactive lists")
    pglazyfree: int | None = _moved("pages marked as free to take by MADV_FREE")
    pgfault: int | None = _event("page faults, major ones included")
    pgmajfault: int | None = _event("page faults that had to read from a device")
    pglazyfreed: int | None = _moved("pages taken after MADV_FREE")
    pgrefill: int | None = _moved("active pages looked at for deactivation (4.8)")
    pgrefill_dma: int | None = _moved("active pages looked at in DMA (to 4.7)")
    pgrefill_dma32: int | None = _moved("active pages looked at in DMA32 (to 4.7)")
    pgrefill_normal: int | None = _moved("active pages looked at in Normal (to 4.7)")
    pgrefill_high: int | None = _moved("active pages looked at in HighMem (to 4.7)")
    pgrefill_movable: int | None = _moved("active pages looked at in Movable (to 4.7)")
    pgreuse: int | None = _moved("pages written in place instead of copied: nobody else had them")
    pgsteal_kswapd: int | None = _moved("pages reclaimed by kswapd (4.8)")
    pgsteal_direct: int | None = _moved("pages reclaimed by threads that needed memory (4.8)")
    pgsteal_khugepaged: int | None = _moved("pages reclaimed by khugepaged (6.2)")
    pgsteal_proactive: int | None = _moved("pages reclaimed on request")
    pgsteal_kswapd_dma: int | None = _moved("pages reclaimed from DMA by kswapd (to 4.7)")
    pgsteal_kswapd_dma32: int | None = _moved("pages reclaimed from DMA32 by kswapd (to 4.7)")
    pgsteal_kswapd_normal: int | None = _moved("pages reclaimed from Normal by kswapd (to 4.7)")
    pgsteal_kswapd_high: int | None = _moved("pages reclaimed from HighMem by kswapd (to 4.7)")
    pgsteal_kswapd_movable: int | None = _moved("pages reclaimed from Movable by kswapd (to 4.7)")
    pgsteal_direct_dma: int | None = _moved("pages reclaimed from DMA by threads that needed memory (to 4.7)")
    pgsteal_direct_dma32: int | None = _moved(
        "pages reclaimed from DMA32 by threads that needed memory (to 4.7)"
    )
    pgsteal_direct_normal: int | None = _moved(
        "pages reclaimed from Normal by threads that needed memory (to 4.7)"
    )
    pgsteal_direct_high: int | None = _moved(
        "pages reclaimed from HighMem by threads that needed memory (to 4.7)"
    )
    pgsteal_direct_movable: int | None = _moved(
        "pages reclaimed from Movable by threads needing memory (to 4.7)"
    )
    pgscan_kswapd: int | None = _moved("pages looked at by kswapd (4.8)")
    pgscan_direct: int | None = _moved("pages looked at by threads that needed memory (4.8)")
    pgscan_khugepaged: int | None = _moved("pages looked at by khugepaged (6.2)")
    pgscan_proactive: int | None = _moved("pages looked at for reclaim on request")
    pgscan_direct_throttle: int | None = _event("threads made to wait for kswapd")
    pgscan_kswapd_dma: int | None = _moved("pages looked at in DMA by kswapd (to 4.7)")
    pgscan_kswapd_dma32: int | None = _moved("pages looked at in DMA32 by kswapd (to 4.7)")
    pgscan_kswapd_normal: int | None = _moved("pages looked at in Normal by kswapd (to 4.7)")
    pgscan_kswapd_high: int | None = _moved("pages looked at in HighMem by kswapd (to 4.7)")
    pgscan_kswapd_movable: int | None = _moved("pages looked at in Movable by kswapd (to 4.7)")
    pgscan_direct_dma: int | None = _moved("pages looked at in DMA by threads that needed memory (to 4.7)")
    pgscan_direct_dma32: int | None = _moved(
        "pages looked at in DMA32 by threads that needed memory (to 4.7)"
    )
    pgscan_direct_normal: int | None = _moved(
        "pages looked at in Normal by threads that needed memory (to 4.7)"
    )
    pgscan_direct_high: int | None = _moved(
        "pages looked at in HighMem by threads that needed memory (to 4.7)"
    )
    pgscan_direct_movable: int | None = _moved(
        "pages looked at in Movable by threads that needed memory (to 4.7)"
    )
    pgscan_anon: int | None = _moved("anonymous pages looked at for reclaim (5.8)")
    pgscan_file: int | None = _moved("file pages looked at for reclaim (5.8)")
    pgsteal_anon: int | None = _moved("anonymous pages reclaimed (5.8)")
    pgsteal_file: int | None = _moved("file pages reclaimed (5.8)")
    zone_reclaim_success: int | None = _event("local reclaims that freed enough (NUMA)")
    zone_reclaim_failed: int | None = _event("local reclaims that did not free enough (NUMA)")
    pginodesteal: int | None = _moved("page cache freed with its inode by threads that needed memory")
    slabs_scanned: int | None = _event("kernel objects looked at for reclaim")
    kswapd_inodesteal: int | None = _moved("page cache freed with its inode by kswapd")
    kswapd_low_wmark_hit_quickly: int | None = _event("kswapd woken again soon, below the low watermark")
    kswapd_high_wmark_hit_quickly: int | None = _event("kswapd woken again soon, below the high watermark")
    pageoutrun: int | None = _event("runs of kswapd")
    pgrotated: int | None = _moved("pages moved to the end of the inactive list once written")
    drop_pagecache: int | None = _event("times somebody dropped the page cache")
    drop_slab: int | None = _event("times somebody dropped kernel objects")
    oom_kill: int | None = _event("kills for lack of memory, those by a cgroup's limit included (4.13)")
    numa_pte_updates: int | None = _moved("pages marked to learn which node uses them")
    numa_huge_pte_updates: int | None = _event("huge pages marked to learn which node uses them")
    numa_hint_faults: int | None = _event("faults on pages so marked")
    numa_hint_faults_local: int | None = _event("faults on pages so marked by a CPU of their node")
    numa_pages_migrated: int | None = _moved("pages moved to the node that uses them")
    numa_task_migrated: int | None = _event("threads moved to the node of their memory")
    numa_task_swapped: int | None = _event("threads exchanged between nodes")
    pgmigrate_success: int | None = _moved("pages moved to another place")
    pgmigrate_fail: int | None = _moved("pages that could not be moved")
    thp_migration_success: int | None = _event("huge pages moved")
    thp_migration_fail: int | None = _event("huge pages that could not be moved")
    thp_migration_split: int | None = _event("huge pages split to be moved")
    compact_migrate_scanned: int | None = _moved("pages looked at by compaction as movable")
    compact_free_scanned: int | None = _moved("pages looked at by compaction as free")
    compact_isolated: int | None = _moved("pages taken off the lists by compaction")
    compact_stall: int | None = _event("allocations that had to compact")
    compact_fail: int | None = _event("allocations that compacted in vain")
    compact_success: int | None = _event("allocations that compacted and got their block")
    compact_daemon_wake: int | None = _event("times kcompactd was woken")
    compact_daemon_migrate_scanned: int | None = _moved("pages looked at by kcompactd as movable")
    compact_daemon_free_scanned: int | None = _moved("pages looked at by kcompactd as free")
    htlb_buddy_alloc_success: int | None = _event("huge pages added to a pool")
    htlb_buddy_alloc_fail: int | None = _event("huge pages that could not be added to a pool")
    cma_alloc_success: int | None = _moved("pages allocated contiguously")
    cma_alloc_fail: int | None = _moved("pages that could not be allocated contiguously")
    cma_release_success: int | None = _moved("pages of contiguous memory given back")
    unevictable_pgs_culled: int | None = _moved("pages moved to the unevictable list")
    unevictable_pgs_scanned: int | None = _moved("pages looked at on the unevictable list")
    unevictable_pgs_rescued: int | None = _moved("pages taken back from the unevictable list")
    unevictable_pgs_mlocked: int | None = _moved("pages locked by mlock()")
    unevictable_pgs_munlocked: int | None = _moved("pages unlocked by munlock()")
    unevictable_pgs_cleared: int | None = _moved("pages unlocked because unmapped")
    unevictable_pgs_stranded: int | None = _moved("pages unlocked but left on the unevictable list")
    thp_fault_alloc: int | None = _event("huge pages given at a fault")
    thp_fault_fallback: int | None = _event("faults that found no huge page")
    thp_fault_fallback_charge: int | None = _event("faults whose cgroup had no room for a huge page")
    thp_collapse_alloc: int | None = _event("huge pages given to khugepaged")
    thp_collapse_alloc_failed: int | None = _event("times khugepaged found no huge page")
    thp_file_alloc: int | None = _event("huge pages given to shmem and files (4.8)")
    thp_file_fallback: int | None = _event("times shmem and files found no huge page")
    thp_file_fallback_charge: int | None = _event("shmem and files whose cgroup had no room")
    thp_file_mapped: int | None = _event("huge pages of shmem and files mapped (4.8)")
    thp_split: int | None = _event("huge pages split (to 4.4)")
    thp_split_page: int | None = _event("huge pages split (4.5)")
    thp_split_page_failed: int | None = _event("huge pages that could not be split (4.5)")
    thp_deferred_split_page: int | None = _event("huge pages queued to be split (4.5)")
    thp_underused_split_page: int | None = _event("huge pages split because mostly zero (6.12)")
    thp_split_pmd: int | None = _event("huge mappings split (4.5)")
    thp_scan_exceed_none_pte: int | None = _event("ranges khugepaged left: too much untouched")
    thp_scan_exceed_swap_pte: int | None = _event("ranges khugepaged left: too much in swap")
    thp_scan_exceed_share_pte: int | None = _event("ranges khugepaged left: too much shared")
    thp_split_pud: int | None = _event("mappings of 1 GiB split")
    thp_zero_page_alloc: int | None = _event("huge zero pages given")
    thp_zero_page_alloc_failed: int | None = _event("huge zero pages not to be had")
    thp_swpout: int | None = _event("huge pages written to swap whole")
    thp_swpout_fallback: int | None = _event("huge pages split to be written to swap")
    balloon_inflate: int | None = _moved("pages given back to the hypervisor")
    balloon_deflate: int | None = _moved("pages taken back from the hypervisor")
    balloon_migrate: int | None = _moved("pages of the balloon moved")
    swap_ra: int | None = _moved("pages read from swap ahead of need")
    swap_ra_hit: int | None = _moved("pages read from swap ahead of need, then needed")
    swpin_zero: int | None = _moved("pages of zeros swapped in without reading")
    swpout_zero: int | None = _moved("pages of zeros swapped out without writing")
    ksm_swpin_copy: int | None = _moved("pages copied at swap-in because merged")
    cow_ksm: int | None = _moved("pages copied at a write because merged")
    zswpin: int | None = _moved("pages read back from zswap (5.19)")
    zswpout: int | None = _moved("pages stored in zswap (5.19)")
    zswpwb: int | None = _moved("pages written from zswap to swap")
    direct_map_level2_splits: int | None = _event("kernel mappings of 2 MiB split")
    direct_map_level3_splits: int | None = _event("kernel mappings of 1 GiB split")
    direct_map_level2_collapses: int | None = _event("kernel mappings joined to 2 MiB")
    direct_map_level3_collapses: int | None = _event("kernel mappings joined to 1 GiB")


KIB = frozenset({"pgpgin", "pgpgout", "nr_kernel_stack"})
"""Fields the kernel prints in KiB."""

for _name, _column in columns_of(Vmstat).items():
    _column.metric = Metric(f"node_vmstat_{_name}", factor=1024 if _name in KIB else 1)
