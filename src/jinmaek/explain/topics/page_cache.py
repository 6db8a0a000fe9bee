"""The page cache, shared memory and programs' own memory."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Page cache, buffers, shared memory, and programs' own memory"

CACHE = Step("", "bytes", "meminfo.Buffers + meminfo.Cached + (meminfo.SReclaimable or 0)")

ENTRIES = (
    Entry(
        names=("free.buff/cache",),
        shown=("top.buff/cache",),
        words=("buff/cache", "cache memory"),
        meaning="buffers + page cache + reclaimable slab",
        text=(
            "Buffers + Cached + SReclaimable. Not all of it can be dropped: tmpfs and shared memory are in"
            " Cached and can only go to swap, dirty pages must be written first, and slab in use stays. That"
            " is why available is smaller than free + buff/cache."
        ),
        here=(
            "{value} speed up reading; of it {meminfo.Shmem} are tmpfs and shared memory and cannot be"
            " dropped."
        ),
        steps=(CACHE,),
        source="procps library/meminfo.c",
        see=("meminfo.Cached", "meminfo.Buffers", "meminfo.SReclaimable", "meminfo.Shmem"),
    ),
    Entry(
        names=("free.cache",),
        shown=("vmstat.cache",),
        meaning="page cache + reclaimable slab, without buffers",
        text=(
            "Cached + SReclaimable: the contents of files, tmpfs included, and the kernel's caches of names"
            " and inodes. free -w and vmstat show the buffers in a column of their own."
        ),
        here="{value} are contents of files, names and inodes kept for the next time.",
        steps=(Step("", "bytes", "meminfo.Cached + (meminfo.SReclaimable or 0)"),),
        source="procps library/meminfo.c",
        see=("meminfo.Cached", "meminfo.SReclaimable"),
    ),
    Entry(
        names=("meminfo.Buffers",),
        shown=("free.buffers", "vmstat.buff"),
        words=("buffer", "buffer cache", "버퍼", "버퍼 캐시"),
        text=(
            "Page cache of block devices themselves, not of files: the metadata that ext4 and others read"
            " through the device (inode tables, bitmaps, directories), and what dd or a backup reads from"
            " /dev/sda. XFS and btrfs keep their metadata elsewhere, so it is small there. It is given back"
            " like any cache; the old advice that it should not exceed 20 MB is obsolete."
        ),
        here="{meminfo.Buffers} are blocks of devices, mostly metadata of file systems.",
        source="block/bdev.c nr_blockdev_pages()",
        see=("meminfo.Cached", "free.buff/cache"),
    ),
    Entry(
        names=("meminfo.Cached",),
        words=("page cache", "pagecache", "cached", "페이지 캐시", "캐시"),
        text=(
            "What was read from or written to files stays in memory, so that the next access needs no disk."
            " Clean pages are dropped in microseconds when memory is needed; dirty ones are written first."
            " tmpfs, shared memory and memfd live here too and can only be swapped: Cached - Shmem is the"
            " part that is really a copy of files. Dropping the cache by hand frees nothing that would not be"
            " freed anyway, and the next read waits for the disk."
        ),
        here="{meminfo.Cached} of file contents, {meminfo.Shmem} of them tmpfs and shared memory.",
        steps=(
            Step("", "bytes", "max(0, vmstat.nr_file_pages * page - meminfo.SwapCached - meminfo.Buffers)"),
        ),
        exact=True,
        source="fs/proc/meminfo.c meminfo_proc_show()",
        see=("meminfo.Shmem", "meminfo.Active_file", "vmstat.workingset_refault_file"),
    ),
    Entry(
        names=("vmstat.nr_file_pages",),
        text=(
            "Everything that is found by file and offset: page cache, buffers, tmpfs and shared memory, and"
            " the swap cache. meminfo takes it apart into Cached, Buffers and SwapCached."
        ),
        steps=(Step("", "pages", "(meminfo.Cached + meminfo.Buffers + meminfo.SwapCached) / page"),),
        exact=True,
        see=("meminfo.Cached",),
    ),
    Entry(
        names=("meminfo.Shmem", "vmstat.nr_shmem"),
        shown=("free.shared",),
        words=("shared memory", "tmpfs", "shm", "공유 메모리"),
        text=(
            "tmpfs files (/dev/shm, /run, often /tmp), System V and POSIX shared memory, memfd, anonymous"
            " shared mappings, and buffers of graphics drivers. It is counted in Cached, but it is no copy of"
            " a file on disk: it cannot be dropped, only swapped, and it stays when the process that wrote it"
            " ends. So a host may have a large cache and no memory. On the LRU lists it counts as anonymous."
            " Who: df -t tmpfs, ipcs -m, RssShmem of processes, open files in memfd."
        ),
        here="{meminfo.Shmem} are tmpfs and shared memory: counted as cache, but nothing can drop them.",
        source="mm/shmem.c",
        see=("meminfo.Cached", "pid_status.RssShmem", "cgroup_memory.shmem"),
    ),
    Entry(
        names=("meminfo.AnonPages", "vmstat.nr_anon_pages"),
        words=("anonymous memory", "anonymous page", "익명 메모리", "익명 페이지"),
        text=(
            "Heap, stacks and private copies: what programs wrote and no file holds. It can only leave memory"
            " through swap, and without swap only when the program frees it or ends. It contains"
            " AnonHugePages. Inactive(anon) + Active(anon) is more, for those lists hold shared memory too."
        ),
        here="{meminfo.AnonPages} are programs' own data, which no file could bring back.",
        see=("meminfo.Active_anon", "pid_status.RssAnon", "meminfo.SwapFree"),
    ),
    Entry(
        names=("meminfo.Mapped", "vmstat.nr_mapped"),
        text=(
            "Pages of files and shared memory that at least one process has in its page tables: programs,"
            " libraries, mmap()ed data. A part of Cached, each page once however many map it. While pages are"
            " mapped reclaim thinks twice before it takes them."
        ),
        see=("meminfo.Cached", "pid_status.RssFile"),
    ),
)
