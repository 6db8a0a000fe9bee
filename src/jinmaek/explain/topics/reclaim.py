"""Reclaim: how the kernel makes room, and how one sees that it struggles."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Reclaim: making room, and the signs that there is none"

ENTRIES = (
    Entry(
        names=("idea.reclaim",),
        words=(
            "reclaim",
            "memory reclaim",
            "kswapd",
            "direct reclaim",
            "회수",
            "리클레임",
            "메모리 회수",
            "재할당",
            "메모리 재할당",
        ),
        meaning="how the kernel gets pages back when free memory falls",
        text=(
            "Below the low watermark of a zone kswapd wakes up and evicts pages in the background until the"
            " high one is reached. Cheapest first: clean file pages are dropped, dirty ones are written,"
            " private ones go to swap, and shrinkers give up dentries, inodes and other caches, all in the"
            " same rounds and in proportion, not one after the other: swap can be used while there is cache"
            " left. If kswapd is too slow and free memory falls below min, the thread that asks must reclaim"
            " itself (direct reclaim) and waits. If nothing can be got any more, the OOM killer ends a"
            " process. A cgroup at its limit reclaims among its own pages, however much the host has."
        ),
        steps=(
            Step("background", "pages/s", "rate(vmstat.pgsteal_kswapd)"),
            Step("", "pages/s", "rate(vmstat.pgsteal_direct)"),
        ),
        source="mm/vmscan.c balance_pgdat(), try_to_free_pages()",
        see=("zoneinfo.low", "vmstat.pgscan_direct", "sys_vm.swappiness", "pressure_memory.some_total"),
    ),
    Entry(
        names=("vmstat.pgscan_kswapd*", "vmstat.pgsteal_kswapd*"),
        text=(
            "kswapd looked at so many pages (pgscan) and got so many free (pgsteal). Activity as such is"
            " normal: a host that reads large files turns its cache over all day with pgsteal / pgscan near"
            " 1. A share far below 1 means that the pages it meets are in use. Only reclaim for the whole"
            " host is counted here, not that of a cgroup at its limit."
        ),
        steps=(
            Step("scanned", "pages/s", "rate(vmstat.pgscan_kswapd)"),
            Step("", "ratio", "vmstat.pgsteal_kswapd / vmstat.pgscan_kswapd"),
        ),
        source="mm/vmscan.c shrink_inactive_list()",
        see=("vmstat.pgscan_direct", "idea.reclaim", "zoneinfo.low"),
    ),
    Entry(
        names=(
            "vmstat.pgscan_direct",
            "vmstat.pgsteal_direct",
            "vmstat.pgscan_direct_dma*",
            "vmstat.pgscan_direct_normal",
            "vmstat.pgscan_direct_high",
            "vmstat.pgscan_direct_movable",
            "vmstat.pgsteal_direct_*",
        ),
        text=(
            "Threads that wanted memory had to look for it themselves and waited meanwhile. Lasting growth is"
            " the surest sign in this file that memory is short. It counts host-wide reclaim only: where"
            " evicted pages come back (workingset_refault) while this stays flat, it is a cgroup that is held"
            " below what it uses."
        ),
        steps=(
            Step("scanned", "pages/s", "rate(vmstat.pgscan_direct)"),
            Step("", "pages/s", "rate(vmstat.pgsteal_direct)"),
        ),
        source="mm/vmscan.c try_to_free_pages()",
        see=("vmstat.allocstall_normal", "pressure_memory.some_total", "vmstat.workingset_refault_file"),
    ),
    Entry(
        names=("vmstat.pgscan_direct_throttle", "vmstat.nr_throttled_written"),
        text=(
            "Reclaim did not get on, and threads were put to sleep until kswapd or writeback had made"
            " progress. More than a few mean a host in serious trouble."
        ),
        source="mm/vmscan.c throttle_direct_reclaim(), reclaim_throttle()",
        see=("vmstat.pgscan_direct",),
    ),
    Entry(
        names=("vmstat.pgscan_khugepaged", "vmstat.pgsteal_khugepaged"),
        text=(
            "Reclaim by khugepaged, which wanted a huge page. Counted apart because no program waits for it."
        ),
        source="mm/vmscan.c reclaimer_offset()",
        see=("vmstat.thp_collapse_alloc",),
    ),
    Entry(
        names=("vmstat.pgscan_proactive", "vmstat.pgsteal_proactive"),
        words=("proactive reclaim", "memory.reclaim"),
        text=(
            "Reclaim that somebody asked for by writing to memory.reclaim. It says nothing about a lack of"
            " memory, which is why it is counted apart."
        ),
        source="mm/vmscan.c user_proactive_reclaim()",
        see=("vmstat.pgscan_direct",),
    ),
    Entry(
        names=("vmstat.pgscan_anon", "vmstat.pgscan_file", "vmstat.pgsteal_anon", "vmstat.pgsteal_file"),
        text=(
            "The same events as pgscan_kswapd, pgscan_direct and so on, divided by kind of page instead of by"
            " who did it: adding both counts double. The proportion shows what vm.swappiness comes to in"
            " practice."
        ),
        steps=(Step("", "ratio", "vmstat.pgsteal_anon / (vmstat.pgsteal_anon + vmstat.pgsteal_file)"),),
        source="mm/vmscan.c",
        see=("sys_vm.swappiness",),
    ),
    Entry(
        names=("vmstat.allocstall", "vmstat.allocstall_*"),
        text=(
            "How often an allocation found no page and had to reclaim itself; by zone since 4.8, one sum"
            " before. Each is a program that waited. 0 to a few an hour is what a healthy host has."
        ),
        steps=(
            Step(
                "",
                "count/s",
                "rate((vmstat.allocstall_normal + vmstat.allocstall_movable + (vmstat.allocstall_dma32 or 0)"
                " + (vmstat.allocstall_dma or 0)) or vmstat.allocstall)",
            ),
        ),
        source="mm/vmscan.c do_try_to_free_pages()",
        see=("vmstat.pgscan_direct", "sys_vm.watermark_scale_factor"),
    ),
    Entry(
        names=("vmstat.pgskip_*",),
        text=(
            "Pages on a list that reclaim left alone, because the allocation could not have used their zone."
        ),
        source="mm/vmscan.c isolate_lru_folios()",
    ),
    Entry(
        names=(
            "vmstat.kswapd_low_wmark_hit_quickly",
            "vmstat.kswapd_high_wmark_hit_quickly",
            "vmstat.pageoutrun",
        ),
        text=(
            "kswapd thought it was done and was needed again at once: memory is taken faster than it looks"
            " ahead. If the low one grows together with allocstall, the watermarks are too close to each"
            " other (vm.watermark_scale_factor). pageoutrun counts its runs."
        ),
        source="mm/vmscan.c prepare_kswapd_sleep(), kswapd_try_to_sleep()",
        see=("sys_vm.watermark_scale_factor", "zoneinfo.low"),
    ),
    Entry(
        names=("vmstat.slabs_scanned", "vmstat.pginodesteal", "vmstat.kswapd_inodesteal"),
        text=(
            "Shrinkers looked at so many objects (dentries, inodes, …). The inodesteal fields count page"
            " cache that went because its inode was evicted: a file that is read again then starts from"
            " nothing."
        ),
        source="mm/shrinker.c do_shrink_slab(), fs/inode.c",
        see=("sys_vm.vfs_cache_pressure", "meminfo.SReclaimable"),
    ),
    Entry(
        names=("vmstat.drop_pagecache", "vmstat.drop_slab"),
        words=("drop_caches",),
        text=(
            "Somebody wrote to /proc/sys/vm/drop_caches. It solves no lack of memory, since the cache would"
            " have been given up anyway, and everything dropped has to be read again. Growing figures are"
            " mostly a cron job that should go."
        ),
        source="fs/drop_caches.c",
        see=("meminfo.Cached",),
    ),
    Entry(
        names=("sys_vm.vfs_cache_pressure",),
        text=(
            "How eagerly dentries and inodes are reclaimed compared with page cache and swap: 100 is fair, 50"
            " half as eager, 0 never, which can end in the OOM killer. It does not choose between page cache"
            " and programs: that is vm.swappiness. Values far above 100 make reclaim search long for little"
            " and fight over locks. Most hosts need no other value."
        ),
        here="Names and inodes are reclaimed at {value} of the usual eagerness.",
        steps=(Step("", "ratio", "sys_vm.vfs_cache_pressure / 100"),),
        source="fs/dcache.c, fs/super.c vfs_pressure_ratio()",
        see=("meminfo.SReclaimable", "dentry_state.nr_unused"),
    ),
)
