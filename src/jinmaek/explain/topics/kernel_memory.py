"""What the kernel keeps for itself."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Memory of the kernel: slab, stacks, page tables, per-CPU data"

ENTRIES = (
    Entry(
        names=("meminfo.Slab",),
        words=("slab", "슬랩"),
        text=(
            "The kernel needs millions of small objects: names of files (dentry), inodes, sockets, task"
            " structures. It takes whole pages and cuts each into objects of one kind: a slab. Much slab is"
            " normal on a host that touches many files. Look which part it is: SReclaimable goes when memory"
            " is needed, SUnreclaim that only grows is a leak in the kernel or in a driver. Since 5.4 large"
            " kmalloc() counts in SUnreclaim and in no cache that slabtop shows."
        ),
        here="{meminfo.Slab}: {meminfo.SReclaimable} can be reclaimed, {meminfo.SUnreclaim} cannot.",
        steps=(Step("", "bytes", "meminfo.SReclaimable + meminfo.SUnreclaim"),),
        exact=True,
        source="mm/slub.c",
        see=("meminfo.SReclaimable", "meminfo.SUnreclaim", "slabinfo.num_slabs"),
    ),
    Entry(
        names=("meminfo.SReclaimable", "vmstat.nr_slab_reclaimable"),
        words=("reclaimable slab",),
        text=(
            "Mostly dentries and inodes. MemAvailable counts all but the smaller of half of it and the low"
            " watermarks. Reclaimable is a promise with a catch: an object in use (open file, directory"
            " somebody stands in) stays, and one such object keeps its whole slab of pages."
            " vm.vfs_cache_pressure says how eagerly reclaim takes it compared with page cache."
        ),
        see=("dentry_state.nr_dentry", "sys_vm.vfs_cache_pressure", "meminfo.KReclaimable"),
    ),
    Entry(
        names=("meminfo.SUnreclaim", "vmstat.nr_slab_unreclaimable"),
        text=(
            "Objects that live until somebody frees them: sockets and their buffers, task structures,"
            " cgroups, maps of BPF, buffers of drivers. It follows the number of threads, connections and"
            " containers. If it grows for days while those do not, something in the kernel leaks: see which"
            " cache in slabtop, then update or unload."
        ),
        see=("slabinfo.num_slabs", "meminfo.Slab"),
    ),
    Entry(
        names=("meminfo.KReclaimable", "vmstat.nr_kernel_misc_reclaimable"),
        text=(
            "SReclaimable and other kernel memory that can be given up (ION, some graphics drivers). This,"
            " not SReclaimable, is what MemAvailable counts since 4.20."
        ),
        steps=(Step("", "bytes", "meminfo.SReclaimable + vmstat.nr_kernel_misc_reclaimable * page"),),
        exact=True,
        see=("meminfo.SReclaimable", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("meminfo.KernelStack", "vmstat.nr_kernel_stack"),
        words=("kernel stack", "커널 스택"),
        text=(
            "16 KiB for each thread on x86, whether it runs or sleeps. It is a count of threads in disguise:"
            " if it grows, threads leak. With CONFIG_VMAP_STACK (usual) it is counted in VmallocUsed as well."
        ),
        steps=(
            Step("stacks", "count", "meminfo.KernelStack / (4 * page)"),
            Step("", "bytes", "loadavg.nr_threads * 4 * page"),
        ),
        see=("loadavg.nr_threads", "meminfo.VmallocUsed"),
    ),
    Entry(
        names=("meminfo.PageTables", "vmstat.nr_page_table_pages"),
        words=("page table", "페이지 테이블"),
        text=(
            "8 bytes for each page of 4 KiB that a process maps, in each process anew. So 500 processes that"
            " each map 8 GiB of shared memory need 8 GiB of page tables; huge pages make that 16 MiB. It"
            " costs when memory is touched, and it stays where memory was freed but not unmapped. Who: VmPTE"
            " in /proc/PID/status."
        ),
        here="{meminfo.PageTables} of page tables for {meminfo.AnonPages} of programs' memory.",
        see=("pid_status.VmPTE", "meminfo.HugePages_Total"),
    ),
    Entry(
        names=("meminfo.SecPageTables", "vmstat.nr_sec_page_table_pages", "vmstat.nr_iommu_pages"),
        text=(
            "Second page tables: those by which KVM translates a guest's memory, and those of the IOMMU. They"
            " grow with the memory of the guests."
        ),
        see=("meminfo.PageTables",),
    ),
    Entry(
        names=("meminfo.VmallocUsed",),
        words=("vmalloc",),
        text=(
            "Memory that is contiguous for the kernel but not in RAM: modules, BPF programs, large tables,"
            " and, with CONFIG_VMAP_STACK, the stacks of all threads. A real figure since 5.3; from 4.4 to"
            " 5.2 the line says 0, and before that it was address space. Who: /proc/vmallocinfo, for root."
        ),
        source="mm/vmalloc.c",
        see=("meminfo.KernelStack",),
    ),
    Entry(
        names=("meminfo.VmallocTotal", "meminfo.VmallocChunk"),
        text=(
            "Address space, not memory: 32 TiB on x86-64, whatever the host has. Nothing follows from it on"
            " 64-bit kernels."
        ),
        see=("meminfo.VmallocUsed",),
    ),
    Entry(
        names=("meminfo.Percpu",),
        words=("per-CPU memory",),
        text=(
            "Counters that each CPU has for itself. It grows with CPUs that could exist (not those that do)"
            " times cgroups, network namespaces, mounts and BPF maps. A growth with a steady workload is"
            " mostly dead cgroups that a few pages of cache still hold."
        ),
        source="mm/percpu.c",
        see=("meminfo.SUnreclaim",),
    ),
    Entry(
        names=(
            "meminfo.ShadowCallStack",
            "meminfo.Quicklists",
            "meminfo.NFS_Unstable",
            "vmstat.nr_unstable",
            "vmstat.nr_alloc_batch",
            "vmstat.nr_pages_scanned",
            "vmstat.nr_overhead",
        ),
        text="A line of other architectures or older kernels. Where it is there it is mostly 0.",
    ),
    Entry(
        names=("meminfo.Bounce", "vmstat.nr_bounce"),
        words=("bounce buffer",),
        text=(
            "Old devices reach only the first 4 GiB (or 16 MiB) of memory: what they read or write is copied"
            " through pages there. 0 on nearly every host of today."
        ),
    ),
    Entry(
        names=("meminfo.DirectMap*", "vmstat.direct_map_level*"),
        text=(
            "How the kernel maps RAM for itself: by 1 GiB or 2 MiB where it can, by 4 KiB where something"
            " needed other rights (modules, BPF). It is a map, not a use of memory, and the lines add up to"
            " about all of RAM. Many 4 KiB entries cost a little speed; a split does not come back by itself"
            " on most kernels."
        ),
        source="arch/x86/mm/pat/set_memory.c",
    ),
    Entry(
        names=("vmstat.nr_memmap_pages", "vmstat.nr_memmap_boot_pages"),
        text=(
            "The kernel keeps a structure of 64 bytes for each page. What was taken at boot is not in"
            " MemTotal; what was taken later (memory plugged in) is."
        ),
        see=("meminfo.MemTotal",),
    ),
    Entry(
        names=("vmstat.nr_foll_pin_acquired", "vmstat.nr_foll_pin_released"),
        text=(
            "Pages that drivers (RDMA, VFIO, direct I/O) pinned so that devices may write there. The"
            " difference is what is pinned now: it can be neither moved nor swapped."
        ),
        steps=(Step("", "pages", "vmstat.nr_foll_pin_acquired - vmstat.nr_foll_pin_released"),),
        source="mm/gup.c",
    ),
    Entry(
        names=("vmstat.nr_kernel_file_pages",),
        text="Page cache that belongs to the kernel, not to a cgroup: metadata of btrfs.",
        see=("meminfo.Cached",),
    ),
    Entry(
        names=("vmstat.nr_zspages", "zoneinfo.nr_zspages"),
        words=("zsmalloc", "zram"),
        text=(
            "RAM that holds compressed pages, of zram devices and of zswap. No line of meminfo shows that of"
            " zram: a host with zram seems to lack memory by this amount."
        ),
        steps=(Step("", "bytes", "vmstat.nr_zspages * page"),),
        source="mm/zsmalloc.c",
        see=("meminfo.Zswap",),
    ),
)
