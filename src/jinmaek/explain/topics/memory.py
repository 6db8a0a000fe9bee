"""How much memory there is, and what is free, used and available of it."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Memory of the host: total, free, used, available"

USED = Step("", "bytes", "meminfo.MemTotal - (meminfo.MemAvailable or meminfo.MemFree)")

ENTRIES = (
    Entry(
        names=("meminfo.MemTotal",),
        shown=("free.total", "top.total"),
        words=("RAM", "total memory"),
        text=(
            "Less than the memory modules hold: firmware, the kernel's own image, the table of pages (64"
            " bytes for each page of 4 KiB, 1.6 %) and what crashkernel= sets aside are gone before the"
            " kernel starts to count. It shrinks with a balloon driver that gives memory back and grows with"
            " memory that is plugged in. In a container it is still the host's figure unless lxcfs replaces"
            " the file."
        ),
        here="This host manages {meminfo.MemTotal} of RAM.",
        steps=(Step("", "bytes", "sum(zoneinfo.managed) * page"),),
        exact=True,
        source="mm/show_mem.c si_meminfo()",
        see=("zoneinfo.managed", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("meminfo.MemFree", "vmstat.nr_free_pages", "zoneinfo.free"),
        shown=("free.free", "vmstat.free", "top.free"),
        words=("free memory", "여유 메모리"),
        text=(
            "Pages on the free lists: they hold nothing, not even cache. A host that has been up for a while"
            " has little of it on purpose, because a page that is merely free does no work. Low MemFree is no"
            " lack of memory; the kernel keeps it between its watermarks and takes cache when a program asks."
            " Judge by MemAvailable, by pressure and by swap traffic. Pages that each CPU keeps at hand for"
            " its next allocation are not counted as free."
        ),
        here="{meminfo.MemFree} hold nothing at all; of the rest the cache can be given up when needed.",
        steps=(Step("", "bytes", "vmstat.nr_free_pages * page"),),
        exact=True,
        source="mm/show_mem.c si_meminfo()",
        see=("meminfo.MemAvailable", "zoneinfo.low", "buddyinfo.free_blocks"),
    ),
    Entry(
        names=("meminfo.MemAvailable",),
        shown=("free.available", "top.avail Mem"),
        words=("available memory", "가용 메모리"),
        text=(
            "The kernel's own estimate of what programs can still get before it must swap. It starts from"
            " free memory, takes off what no program may have (the high watermark and the reserves of each"
            " zone), and adds the page cache and the reclaimable slab, but leaves of each the low watermarks,"
            " or half of it if that is less. So it can be far below free: large watermarks"
            " (vm.min_free_kbytes, vm.watermark_scale_factor) come off first. Too high where dentries and"
            " inodes are pinned by open files, where the cache is the running programs themselves, or where"
            " memory.low and memory.min protect it; too low by the size of ZFS's ARC, which is no page cache."
            " tmpfs and swap are not in it."
        ),
        here=(
            "Of {meminfo.MemTotal} programs can still get {meminfo.MemAvailable} without swapping:"
            " {meminfo.MemFree} are free, {given} of cache and slab can be given up, and {reserves} are"
            " reserved."
        ),
        steps=(
            Step(
                "reserve",
                "pages",
                "sum(min(zoneinfo.managed, zoneinfo.protection_max + zoneinfo.high - (zoneinfo.boost or 0)))",
            ),
            Step("low", "pages", "sum(zoneinfo.low)"),
            Step("cache", "bytes", "meminfo.Active_file + meminfo.Inactive_file"),
            Step("slab", "bytes", "meminfo.KReclaimable or meminfo.SReclaimable"),
            Step("cache_kept", "pages", "min(cache / page // 2, low)"),
            Step("slab_kept", "pages", "min(slab / page // 2, low)"),
            Step("given", "bytes", "cache + slab - (cache_kept + slab_kept) * page"),
            Step("reserves", "bytes", "reserve * page"),
            Step("", "bytes", "max(0, meminfo.MemFree + given - reserves)"),
        ),
        exact=True,
        source="mm/show_mem.c si_mem_available()",
        see=("free.used", "zoneinfo.low", "meminfo.SReclaimable", "sys_vm.min_free_kbytes"),
    ),
    Entry(
        names=("free.used",),
        shown=("top.used",),
        words=("used memory", "used"),
        meaning="memory that programs cannot get: total - available",
        text=(
            "procps since 4.0.1 shows total - available. From 3.3.12 to 4.0.0 it was total - free - buffers -"
            " cache, where tmpfs passed for cache and so for unused; before 3.3.10 it was total - free, cache"
            " included. The figures of two versions, of htop, of a container's working set and of a"
            " monitoring system are therefore not the same quantity and must not be compared. It contains"
            " tmpfs, the kernel's own memory and the watermark reserves, and used + free + buff/cache is not"
            " total."
        ),
        here="{value} cannot be given to programs: {meminfo.MemTotal} - {meminfo.MemAvailable}.",
        steps=(USED,),
        source="procps library/meminfo.c",
        see=("meminfo.MemAvailable", "meminfo.AnonPages", "meminfo.Shmem", "meminfo.Slab"),
    ),
    Entry(
        names=("free.-/+ buffers/cache",),
        words=("-/+ buffers/cache", "+/- buffers/cache", "buffers/cache"),
        meaning="the line older versions of free printed: used and free with the cache counted as free",
        text=(
            "procps before 3.3.10 counted the cache as used in the first line and took it off in this one."
            " Its used was what programs hold, its free was free + buffers + cached. It told too much free:"
            " tmpfs is counted in cached and cannot be dropped, and slab was left out. MemAvailable (Linux"
            " 3.14) took its place in the column available."
        ),
        steps=(
            Step("used", "bytes", "meminfo.MemTotal - meminfo.MemFree - meminfo.Buffers - meminfo.Cached"),
            Step("", "bytes", "meminfo.MemFree + meminfo.Buffers + meminfo.Cached"),
        ),
        source="procps free.c before 3.3.10",
        see=("meminfo.MemAvailable", "free.used"),
    ),
    Entry(
        names=("meminfo.HighTotal", "meminfo.HighFree", "meminfo.LowTotal", "meminfo.LowFree"),
        shown=("free.High",),
        words=("lowmem", "highmem"),
        text=(
            "Only 32-bit kernels have these lines: they map less than a GiB themselves (low memory) and reach"
            " the rest page by page. Kernel objects must be in low memory, so such a host could run out of it"
            " with GiB free."
        ),
        see=("zoneinfo.free",),
    ),
    Entry(
        names=("free.Mem",),
        meaning="the line of RAM",
        text=(
            "RAM: total, used (what programs cannot get), free (what holds nothing), shared (tmpfs and shared"
            " memory), buff/cache and available. The columns overlap and do not add up to total."
        ),
        steps=(USED,),
        see=("meminfo.MemTotal", "free.used", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("free.Low",),
        meaning="the line of low memory, on 64-bit kernels the same as all memory",
        text="free -l prints it. It tells something on 32-bit kernels only.",
        see=("meminfo.LowTotal",),
    ),
    Entry(
        names=("free.Total",),
        meaning="the line of RAM and swap added up",
        text=(
            "free -t prints it: total, used and free of both lines. A sum of two very different things: swap"
            " is a place to put pages nobody uses, not memory to work in."
        ),
        steps=(Step("", "bytes", "meminfo.MemTotal + meminfo.SwapTotal"),),
        see=("meminfo.MemTotal", "meminfo.SwapTotal"),
    ),
    Entry(
        names=("meminfo.MmapCopy", "meminfo.GPUActive", "meminfo.GPUReclaim", "meminfo.EarlyMemtestBad"),
        text="Only special kernels print it: without an MMU, of a vendor, or booted with memtest.",
    ),
    Entry(
        names=("meminfo.HardwareCorrupted",),
        words=("hwpoison", "bad memory"),
        text=(
            "The memory controller reported an error that could not be corrected, and the kernel took the"
            " page out of use. More than 0 is a module to replace; a process whose page was hit got SIGBUS."
        ),
        source="mm/memory-failure.c",
    ),
    Entry(
        names=("meminfo.Balloon", "vmstat.nr_balloon_pages", "vmstat.balloon_*"),
        words=("balloon", "memory balloon"),
        text=(
            "A virtual machine's driver takes pages and tells the hypervisor to use them elsewhere: inflating"
            " is giving. To the guest they are gone, and in some drivers MemTotal shrinks by them. A guest"
            " that is short of memory may be so because of its balloon."
        ),
        source="mm/balloon_compaction.c, drivers/virtio/virtio_balloon.c",
        see=("meminfo.MemTotal",),
    ),
    Entry(
        names=("meminfo.Unaccepted", "vmstat.nr_unaccepted"),
        text=(
            "A confidential guest (TDX, SEV-SNP) must accept memory before it uses it, and does so bit by"
            " bit. It is counted in MemFree until then."
        ),
        see=("meminfo.MemFree",),
    ),
    Entry(
        names=(
            "meminfo.CmaTotal",
            "meminfo.CmaFree",
            "vmstat.nr_free_cma",
            "zoneinfo.cma",
            "zoneinfo.nr_free_cma",
        ),
        words=("CMA",),
        text=(
            "Areas set aside at boot for drivers that need one large contiguous piece. Movable pages may live"
            " there meanwhile, so CmaFree is counted in MemFree, but an allocation that cannot be moved may"
            " not use it: such an allocation can fail while free memory is left."
        ),
        source="mm/cma.c",
        see=("meminfo.MemFree", "vmstat.cma_alloc_success"),
    ),
    Entry(
        names=("idea.memory growth",),
        words=(
            "memory growth",
            "memory leak",
            "leak",
            "burst",
            "more memory",
            "메모리 누수",
            "누수",
            "메모리 증설",
        ),
        meaning="memory in use that grows: leak, burst, warm-up or cache",
        text=(
            "Four pictures look alike for an hour. A leak grows without end, in RssAnon + VmSwap of one"
            " process, whatever the load: more memory only delays it. A burst rises with the load and comes"
            " back: room, a limit or swap for cold pages carries it. A warm-up (heap of a JVM up to -Xmx,"
            " pools of a database) grows and stops. Cache grows into every free page by design and means"
            " nothing. VmRSS is the wrong figure for all of them: reclaim makes it shrink while the leak goes"
            " on."
        ),
        steps=(Step("", "bytes", "meminfo.AnonPages + meminfo.SwapTotal - meminfo.SwapFree"),),
        see=("pid_status.RssAnon", "pid_status.VmSwap", "meminfo.MemAvailable"),
    ),
)
