"""Swap: who is in it, and whether it is in use."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Swap: space, what is in it, and traffic"

USED = "meminfo.SwapTotal - meminfo.SwapFree"

ENTRIES = (
    Entry(
        names=("meminfo.SwapTotal",),
        words=("swap", "스왑", "swap space", "스왑 영역"),
        text=(
            "Room on disk for private memory nobody uses: anonymous pages, tmpfs and shared memory. It is no"
            " extension of RAM: a page must come back before it can be used, which takes a thousand times as"
            " long. Some used swap is not a fault: cold pages were put away once, and the room serves the"
            " cache. Swap hurts when pages come in and go out all the time (columns si and so), not when it"
            " is full of sleepers. Without swap the kernel can only evict files, program code included, and a"
            " shortage ends sooner in the OOM killer."
        ),
        here="{meminfo.SwapTotal} of swap, {used} of it used.",
        steps=(Step("used", "bytes", USED), Step("", "bytes", "sum(swaps.size)")),
        exact=True,
        source="mm/swapfile.c si_swapinfo()",
        see=("free.Swap", "vmstat.pswpin", "meminfo.SwapCached", "sys_vm.swappiness"),
    ),
    Entry(
        names=("free.Swap",),
        shown=("vmstat.swpd",),
        words=("swap used", "swpd", "used swap"),
        meaning="swap that is occupied: total - free",
        text=(
            "Slots that hold a page. Part of them are also in RAM again (SwapCached); with zswap part never"
            " reached the disk. A level says nothing about speed: pages that were put away in last week's"
            " backup and are not needed stay there for months. Who: VmSwap in /proc/PID/status (private"
            " memory only), memory.swap.current of cgroups, the rest is tmpfs and shared memory."
        ),
        here="{value} of swap are occupied; what matters is whether pages move ({in} in, {out} out).",
        steps=(
            Step("in", "pages/s", "rate(vmstat.pswpin)"),
            Step("out", "pages/s", "rate(vmstat.pswpout)"),
            Step("", "bytes", USED),
        ),
        source="procps library/meminfo.c",
        see=("vmstat.pswpin", "meminfo.SwapCached", "pid_status.VmSwap"),
    ),
    Entry(
        names=("meminfo.SwapFree",),
        text=(
            "Swap with nothing in it. Full swap is a danger only where memory is short too: then the next"
            " thing to be evicted is program code, and after that the OOM killer decides. Full swap beside"
            " much MemAvailable is a store of things nobody needs."
        ),
        here="{meminfo.SwapFree} of swap hold nothing.",
        see=("free.Swap", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("meminfo.SwapCached", "vmstat.nr_swapcached"),
        words=("swap cache", "스왑 캐시"),
        text=(
            "Pages that were swapped out, are back in RAM, and still have their copy in swap. Not all pages"
            " that came back: a copy is kept only while the page is unchanged and swap is at most half full."
            " It saves writing: if the page must leave again, the copy is already there. Pages on their way"
            " out are here for a moment too. It is counted twice, in RAM and in used swap; what is only in"
            " swap is used swap - SwapCached."
        ),
        here="{meminfo.SwapCached} are in RAM and in swap at once; {value} are in swap alone.",
        steps=(Step("", "bytes", f"{USED} - meminfo.SwapCached"),),
        source="mm/swap_state.c",
        see=("free.Swap", "vmstat.pswpin"),
    ),
    Entry(
        names=("vmstat.pswpin", "vmstat.pswpout"),
        words=("swap in", "swap out", "스왑 인", "스왑 아웃"),
        text=(
            "The traffic of swap, in pages, and the only figures that tell whether swap hurts. Out alone:"
            " cold pages are put away, once. In alone: things come back after a shortage. Both for minutes:"
            " more memory is in use than there is. Neither counts what zswap keeps in RAM (zswpin, zswpout)"
            " nor pages of zeros (swpin_zero, swpout_zero); zram is a block device and is counted, so there"
            " high figures may be harmless."
        ),
        here="{in} come in and {out} go out.",
        steps=(Step("in", "pages/s", "rate(vmstat.pswpin)"), Step("out", "pages/s", "rate(vmstat.pswpout)")),
        source="mm/page_io.c",
        see=("vmstat.workingset_refault_anon", "pressure_memory.some_total"),
    ),
    Entry(
        names=("vmstat.si",),
        meaning="swapped in: memory read back from swap each second (KiB)",
        text=(
            "Programs asked for pages that had been put into swap, and waited. Short peaks after a shortage"
            " are harmless; si and so together for minutes mean that the memory in use does not fit. In top"
            " si is something else: time in softirqs."
        ),
        here="{value} came back from swap: each was waited for.",
        steps=(Step("", "bytes/s", "rate(vmstat.pswpin) * page"),),
        see=("vmstat.pswpin", "vmstat.so", "vmstat.workingset_refault_anon"),
    ),
    Entry(
        names=("vmstat.so",),
        meaning="swapped out: memory written to swap each second (KiB)",
        text=(
            "Reclaim put private pages away to make room. Nobody waits for it directly, but it says that room"
            " was needed and that these pages were thought cold. With zram or zswap it costs CPU time and no"
            " disk."
        ),
        here="{value} were put away into swap.",
        steps=(Step("", "bytes/s", "rate(vmstat.pswpout) * page"),),
        see=("vmstat.pswpout", "vmstat.si", "sys_vm.swappiness"),
    ),
    Entry(
        names=("swaps.size", "swaps.used"),
        text=(
            "One line for each swap file or device, filled by priority. A swap file that was taken away while"
            " in use shows as (deleted)."
        ),
        source="mm/swapfile.c swap_show()",
        see=("meminfo.SwapTotal",),
    ),
    Entry(
        names=("swaps.priority",),
        text=(
            "The highest is filled first; areas of equal priority are used in turn, which spreads the load"
            " over disks. Without pri= the kernel gives -2, -3, … in the order of swapon."
        ),
        source="mm/swapfile.c",
        see=("swaps.used",),
    ),
    Entry(
        names=("meminfo.Zswap", "meminfo.Zswapped"),
        words=("zswap",),
        text=(
            "zswap keeps swapped pages compressed in RAM and writes them to the disk only when its pool is"
            " full. Zswapped is their size before, Zswap what they take; the quotient is the gain. The pages"
            " hold their slots in swap all the same, so swap looks used without any disk being touched."
        ),
        steps=(Step("", "count", "meminfo.Zswapped / meminfo.Zswap"),),
        source="mm/zswap.c",
        see=("vmstat.zswpin", "vmstat.nr_zspages"),
    ),
    Entry(
        names=("vmstat.zswpin", "vmstat.zswpout", "vmstat.zswpwb"),
        text=(
            "Pages out of zswap and into it: swapping without a disk. zswpwb were written on to the real swap"
            " because the pool was full or the page old."
        ),
        source="mm/zswap.c",
        see=("meminfo.Zswap", "vmstat.pswpin"),
    ),
    Entry(
        names=("vmstat.swpin_zero", "vmstat.swpout_zero"),
        text=(
            "Pages of zeros are only noted, not written: swapping that costs nothing. Not in pswpin and"
            " pswpout."
        ),
        source="mm/page_io.c",
        since="6.12",
        see=("vmstat.pswpin",),
    ),
    Entry(
        names=("vmstat.swap_ra", "vmstat.swap_ra_hit"),
        text=(
            "When a page is swapped in its neighbours are read too (vm.page-cluster). swap_ra_hit / swap_ra"
            " says how many of them were of use; a low share on a fast device speaks for a smaller"
            " vm.page-cluster."
        ),
        steps=(Step("", "ratio", "vmstat.swap_ra_hit / vmstat.swap_ra"),),
        source="mm/swap_state.c",
        see=("sys_vm.page_cluster",),
    ),
    Entry(
        names=("sys_vm.swappiness",),
        words=("swappiness",),
        text=(
            "What reclaim thinks a swap access costs compared with reading a file page again: 100 is equal,"
            " less means that swap is dearer, up to 200 (since 5.8; 100 before) that it is cheaper. 60 is the"
            " default. It is not a percentage of memory and no threshold at which swapping starts. 0 swaps"
            " only when free and file pages together fall below the high watermark, so the OOM killer may"
            " come while swap is empty; 1 does not. With zram or zswap values above 100 make sense. Version 1"
            " cgroups have a memory.swappiness of their own. What the kernel really does is seen in the"
            " refaults: if files come back (workingset_refault_file) it is too low, if anonymous pages do,"
            " too high."
        ),
        here=(
            "It is {value}: while neither kind comes back more, private and file pages are looked at {value}"
            " to {file}."
        ),
        steps=(
            Step("file", "count", "200 - sys_vm.swappiness"),
            Step("", "count", "sys_vm.swappiness"),
        ),
        source="mm/vmscan.c get_scan_count(); Documentation/admin-guide/sysctl/vm.rst",
        see=("vmstat.workingset_refault_file", "vmstat.workingset_refault_anon", "vmstat.pswpout"),
    ),
    Entry(
        names=("sys_vm.page_cluster",),
        text=(
            "2 to this power pages are read at one swap-in: 3 is 8 pages. Reading ahead pays on a rotating"
            " disk; for zram and fast SSDs 0 or 1 is better."
        ),
        here="{value} pages are read at once.",
        steps=(Step("", "count", "2 ** sys_vm.page_cluster"),),
        source="mm/swap_state.c swap_cluster_readahead()",
        see=("vmstat.swap_ra",),
    ),
)
