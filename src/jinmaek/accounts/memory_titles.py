"""What the parts of the memory ledger are called and mean: keys of translations."""

from __future__ import annotations

TITLES = {
    "free": "free",
    "cpu-free": "free, kept by the CPUs",
    "anonymous": "anonymous memory of processes",
    "page-cache": "page cache of files",
    "shmem": "tmpfs and shared memory",
    "buffers": "cache of block devices",
    "swap-cache": "swap cache, not mapped",
    "slab": "kernel objects",
    "slab-reclaimable": "kernel objects that can be dropped",
    "slab-unreclaimable": "kernel objects that cannot be dropped",
    "kernel-reclaimable": "other kernel memory that can be dropped",
    "page-tables": "page tables",
    "secondary-page-tables": "page tables of guests and IOMMUs",
    "kernel-stacks": "kernel stacks",
    "vmalloc": "vmalloc, kernel stacks included",
    "percpu": "per-CPU memory of the kernel",
    "bounce": "copies for devices of narrow reach",
    "fuse-writeback": "copies FUSE is writing",
    "quicklists": "page tables kept for reuse",
    "memmap": "page descriptors added since boot",
    "gpu": "memory of the GPU driver",
    "hugetlb": "huge page pools",
    "compressed": "compressed pages (zram, zswap)",
    "zfs-arc": "ZFS cache",
    "balloon": "given back to the hypervisor",
    "hardware-corrupted": "damaged by the hardware",
}
"""By bucket."""

MEANINGS = {
    "free": "Pages that hold nothing. The kernel keeps some of them for itself: see MemAvailable.",
    "cpu-free": (
        "Free pages each CPU keeps for its own use. The kernel no longer counts them as free and no line of "
        "/proc/meminfo has them; they are handed back under pressure. Other tools see them as used, or lose "
        "them."
    ),
    "anonymous": (
        "Heaps, stacks and private copies of programs. Only swap, or the end of the program, frees it."
    ),
    "page-cache": (
        "Contents of files. Clean pages are dropped on demand; mapped ones are the programs that run."
    ),
    "shmem": (
        "Files of tmpfs, memfds, System V segments, shared anonymous mappings. It is counted in Cached, but "
        "cannot be dropped: only deleting it, or swap, frees it."
    ),
    "buffers": "Page cache of block devices: metadata of file systems. Dropped on demand.",
    "swap-cache": "Pages that also have a copy in swap and that no process maps. Dropped on demand.",
    "slab": "Caches of kernel objects.",
    "slab-reclaimable": (
        "Caches of kernel objects that shrink on demand: names (dentry) and inodes above all."
    ),
    "slab-unreclaimable": (
        "Kernel objects in use. A slow growth over days is a leak of the kernel or of a driver."
    ),
    "kernel-reclaimable": "Other kernel memory with a shrinker.",
    "page-tables": "Page tables of processes: 8 bytes for every mapped page, in each process that maps it.",
    "secondary-page-tables": "Page tables of guests (KVM) and of IOMMUs.",
    "kernel-stacks": "16 KiB for each thread on x86-64.",
    "vmalloc": "Kernel memory in scattered pages: the stacks of all threads, modules, BPF maps.",
    "percpu": (
        "Counters and queues kept once for each possible CPU: grows with cgroups, BPF maps, networks, mounts."
    ),
    "bounce": "Copies for devices that cannot reach all memory.",
    "fuse-writeback": "Copies of pages that FUSE is writing.",
    "quicklists": "Page tables kept for reuse, before 5.2.",
    "memmap": "Descriptors of pages added since boot. Those of boot are outside MemTotal.",
    "gpu": "Pages the driver of the GPU holds.",
    "hugetlb": (
        "Huge pages set aside (vm.nr_hugepages), in use or not. Nothing else can use them, and no RSS, no "
        "cache and no MemAvailable counts them."
    ),
    "compressed": (
        "RAM that holds compressed pages of zram disks and of zswap. No line of /proc/meminfo has it all."
    ),
    "zfs-arc": (
        "Buffers of the ZFS cache. It shrinks on demand, down to c_min, but MemAvailable does not know."
    ),
    "balloon": "Pages the hypervisor has taken back for a while.",
    "hardware-corrupted": "Pages with hardware errors, put aside.",
    "residual": (
        "MemTotal less all of the above: pages that drivers, network buffers and the kernel itself took "
        "straight from the page allocator, and the error of the sum."
    ),
}
"""By bucket, for whoever asks."""

BAND = {
    "counters": "counters the CPUs have not folded in yet",
    "boot-chunk": "per-CPU memory set up at boot, which is outside MemTotal",
    "movement": "movement between two readings",
    "swap-cache": "how much of the swap cache is mapped",
    "stacks": "kernel stacks, if this kernel takes them from elsewhere than vmalloc",
}
"""By reason."""

PARTS = {
    "huge": "in huge pages",
    "dirty": "waiting to be written",
    "mapped-at-least": "mapped at least",
    "mapped-at-most": "mapped at most",
    "kernel-stacks": "kernel stacks",
}
"""By part of a bucket."""

INSIDE = {
    "cpu-free": "free pages kept by the CPUs",
    "huge pages of other sizes": "huge pages of other sizes than the default",
    "vmalloc": "vmalloc (this kernel does not count its pages)",
}
"""What a kernel does not tell, where the title would not do."""

USED = {
    "shmem": "tmpfs and shared memory: procps 3 takes it for cache that can be dropped",
    "reserve": "free memory the kernel keeps for itself (watermarks)",
    "kept-cache": "cache and objects the kernel would not give up before it stalls",
    "not-on-file-lists": "cache that is pinned, or on its way to the lists",
    "other-reclaimable": "other kernel memory that can be dropped",
}
"""Why procps 4's "used" is not procps 3's."""
