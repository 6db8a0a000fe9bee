"""Zones and watermarks."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Zones and watermarks: when reclaim starts and ends"

ENTRIES = (
    Entry(
        names=("idea.watermark",),
        words=("watermark", "watermarks", "워터마크"),
        meaning="three marks of free memory in each zone: min, low, high",
        text=(
            "Below low kswapd starts to reclaim in the background; at high it goes back to sleep. Below min"
            " an ordinary allocation must reclaim itself; what is under it is for the kernel in need. The"
            " distance between them is what allocations may take while kswapd works: too small, and programs"
            " wait (allocstall); too large, and memory lies idle and MemAvailable falls by it."
        ),
        steps=(
            Step("min", "pages", "sum(zoneinfo.min)"),
            Step("low", "pages", "sum(zoneinfo.low)"),
            Step("", "pages", "sum(zoneinfo.high)"),
        ),
        source="mm/page_alloc.c __setup_per_zone_wmarks()",
        see=("zoneinfo.min", "zoneinfo.low", "sys_vm.min_free_kbytes", "sys_vm.watermark_scale_factor"),
    ),
    Entry(
        names=("zoneinfo.min",),
        text=(
            "This zone's share of vm.min_free_kbytes. Below it only the kernel itself and threads that are"
            " about to free memory get pages; all others reclaim first."
        ),
        source="mm/page_alloc.c __setup_per_zone_wmarks()",
        see=("sys_vm.min_free_kbytes", "idea.watermark"),
    ),
    Entry(
        names=("zoneinfo.low",),
        text=(
            "min plus a quarter of it or vm.watermark_scale_factor / 10000 of the zone, whichever is more."
            " MemAvailable leaves this much cache and this much slab alone, so large marks make it small."
        ),
        steps=(
            Step(
                "step",
                "pages",
                "max((zoneinfo.min - (zoneinfo.boost or 0)) // 4,"
                " zoneinfo.managed * sys_vm.watermark_scale_factor // 10000) * (zoneinfo.managed > 0)",
            ),
            Step("", "pages", "zoneinfo.min + step"),
        ),
        exact=True,
        source="mm/page_alloc.c __setup_per_zone_wmarks()",
        see=("idea.watermark", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("zoneinfo.high",),
        text="One more step above low. What lies under it is what MemAvailable calls reserved.",
        steps=(Step("", "pages", "2 * zoneinfo.low - zoneinfo.min"),),
        exact=True,
        source="mm/page_alloc.c __setup_per_zone_wmarks()",
        see=("idea.watermark", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("zoneinfo.promo",),
        text=(
            "One more step: with tiers of memory kswapd makes room up to here, so that hot pages can come up."
        ),
        source="mm/page_alloc.c __setup_per_zone_wmarks()",
        see=("vmstat.pgpromote_success",),
    ),
    Entry(
        names=("zoneinfo.boost",),
        text=(
            "When a block of one kind is broken up for another (the beginning of fragmentation), the marks of"
            " the zone are raised for a while, so that kswapd frees more and larger blocks. It is contained"
            " in min, low and high, and makes MemAvailable dip."
        ),
        source="mm/page_alloc.c boost_watermark()",
        see=("sys_vm.watermark_boost_factor",),
    ),
    Entry(
        names=("zoneinfo.spanned", "zoneinfo.present", "zoneinfo.managed"),
        words=("zone", "존"),
        text=(
            "A zone is memory of one kind: DMA the first 16 MiB, DMA32 the first 4 GiB, Normal the rest,"
            " Movable what can be taken out. Spanned counts from the first to the last page, present those"
            " that exist, managed those the allocator was given at boot; all managed pages together are"
            " MemTotal."
        ),
        steps=(Step("", "bytes", "sum(zoneinfo.managed) * page"),),
        source="mm/page_alloc.c, include/linux/mmzone.h",
        see=("meminfo.MemTotal",),
    ),
    Entry(
        names=("zoneinfo.protection_max",),
        text=(
            "Low zones must not be eaten up by allocations that could live higher up: such an allocation"
            " finds this many pages less in them (vm.lowmem_reserve_ratio). The largest figure of the line"
            " protection."
        ),
        source="mm/page_alloc.c setup_per_zone_lowmem_reserve()",
        see=("meminfo.MemAvailable",),
    ),
    Entry(
        names=("sys_vm.min_free_kbytes",),
        text=(
            "The sum of the min watermarks. By default 4 times the square root of low memory in KiB, between"
            " 128 KiB and 256 MiB (64 MiB up to 5.4), and more where transparent huge pages are on. Raising"
            " it gives bursts of network traffic more room and takes the same off MemAvailable, several times"
            " over with low and high; far too high a value makes the host run out of memory at once, below 1"
            " MiB it breaks subtly."
        ),
        here="{value} are kept under the min watermarks.",
        steps=(
            Step("marks", "bytes", "sum(zoneinfo.min) * page"),
            Step("", "bytes", "sys_vm.min_free_kbytes"),
        ),
        source="mm/page_alloc.c calculate_min_free_kbytes()",
        see=("zoneinfo.min", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("sys_vm.watermark_scale_factor",),
        text=(
            "The distance between the watermarks: 10 is 0.1 % of the zone. Raise it where programs often"
            " reclaim themselves (allocstall, kswapd_low_wmark_hit_quickly): kswapd then starts earlier. It"
            " costs that much memory, for it lies free."
        ),
        here="The watermarks are {value} of a zone apart, at least.",
        steps=(Step("", "ratio", "sys_vm.watermark_scale_factor / 10000"),),
        source="mm/page_alloc.c __setup_per_zone_wmarks()",
        see=("zoneinfo.low", "vmstat.allocstall_normal"),
    ),
    Entry(
        names=("sys_vm.watermark_boost_factor",),
        text=(
            "By how much the marks may be raised after fragmentation began: 15000 is one and a half times"
            " high. 0 turns it off, for hosts that need no large blocks."
        ),
        source="mm/page_alloc.c boost_watermark()",
        see=("zoneinfo.boost",),
    ),
)
