"""Caches of kernel objects, names and inodes."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Kernel object caches: slabtop, dentries, inodes, open files"

SIZE = "slabinfo.num_slabs * slabinfo.pagesperslab * page"

ENTRIES = (
    Entry(
        names=("slabinfo.active_objs",),
        shown=("slabtop.ACTIVE",),
        text=(
            "Objects somebody uses. Some kernels count objects that wait on a CPU's list as active, so it is"
            " an upper bound."
        ),
        here="{slabinfo.active_objs} of them are in use.",
        source="mm/slub.c get_slabinfo()",
        see=("slabinfo.num_objs",),
    ),
    Entry(
        names=("slabinfo.num_objs",),
        shown=("slabtop.OBJS",),
        text="Objects in use and empty places in the slabs the cache holds.",
        here="The cache has room for {slabinfo.num_objs} objects.",
        source="mm/slub.c get_slabinfo()",
        see=("slabinfo.active_objs",),
    ),
    Entry(
        names=("slabtop.USE",),
        meaning="objects in use, of those there is room for",
        text=(
            "A large cache with little use is fragmented: a few objects keep whole slabs from being given"
            " back, and dropping the caches does not return that memory."
        ),
        here="{value} of its places are taken.",
        steps=(Step("", "ratio", "slabinfo.active_objs / slabinfo.num_objs"),),
        source="procps slabtop.c",
        see=("slabinfo.num_slabs",),
    ),
    Entry(
        names=("slabinfo.objsize",),
        shown=("slabtop.OBJ SIZE",),
        text="Bytes of one object, padding for alignment and debugging included.",
        here="An object takes {slabinfo.objsize}.",
        source="mm/slab_common.c",
    ),
    Entry(
        names=("slabinfo.num_slabs", "slabinfo.active_slabs"),
        shown=("slabtop.SLABS",),
        text=(
            "A slab is one to eight contiguous pages cut into objects. It is given back only when it is all"
            " empty."
        ),
        here="They stand in {slabinfo.num_slabs} slabs.",
        source="mm/slub.c",
        see=("slabtop.CACHE SIZE",),
    ),
    Entry(
        names=("slabinfo.objperslab", "slabinfo.pagesperslab"),
        shown=("slabtop.OBJ/SLAB",),
        text="How a slab is cut: more pages waste less at the end and need larger free blocks.",
        here="A slab holds {slabinfo.objperslab} in {slabinfo.pagesperslab}.",
        source="mm/slub.c calculate_sizes()",
    ),
    Entry(
        names=("slabtop.CACHE SIZE",),
        words=("cache size",),
        meaning="RAM the cache takes: slabs × pages of each",
        text=(
            "Pages count, not objects: empty places cost as much as full ones. The sum of all caches is a"
            " little less than Slab of meminfo, which has large kmalloc() too."
        ),
        here="Altogether it takes {value}.",
        steps=(Step("", "bytes", SIZE),),
        source="procps slabtop.c",
        see=("meminfo.Slab",),
    ),
    Entry(
        names=("slabtop.NAME",),
        words=(
            "dentry cache",
            "inode_cache",
            "ext4_inode_cache",
            "buffer_head",
            "kmalloc",
            "radix_tree_node",
        ),
        meaning="what is kept in the cache",
        text=(
            "dentry: names of files. *_inode_cache: inodes by file system. radix_tree_node: the index of the"
            " page cache. buffer_head: blocks of ext4. kmalloc-N: objects of N bytes of anybody (kmalloc-cg-N"
            " charged to cgroups, kmalloc-rcl-N reclaimable). Caches of the same size may be merged under one"
            " name, so the name can be that of another user; /sys/kernel/slab shows the aliases."
        ),
        here="This is the first line: the cache {NAME}.",
        source="mm/slab_common.c",
        see=("dentry_state.nr_dentry", "meminfo.SReclaimable"),
    ),
    Entry(
        names=("dentry_state.nr_dentry", "dentry_state.nr_unused", "dentry_state.nr_negative"),
        words=("dentry", "dentries", "negative dentry", "디엔트리", "덴트리"),
        text=(
            "A dentry is one name in a directory: the kernel remembers each path it has walked, so that the"
            " next open() need not read the disk, and it remembers names that do not exist (negative)."
            " nr_unused are in nobody's hands and can be reclaimed. Programs that ask for ever new missing"
            " names (probes, search paths, tests with random names) fill memory with negative ones, about 192"
            " bytes each. World readable, unlike slabinfo."
        ),
        steps=(
            Step("memory", "bytes", "dentry_state.nr_dentry * 192"),
            Step("", "ratio", "dentry_state.nr_unused / dentry_state.nr_dentry"),
        ),
        source="fs/dcache.c proc_nr_dentry()",
        see=("meminfo.SReclaimable", "sys_vm.vfs_cache_pressure"),
    ),
    Entry(
        names=("dentry_state.age_limit", "dentry_state.want_pages"),
        text="Constants, kept so that the line has its old form.",
        source="fs/dcache.c",
    ),
    Entry(
        names=("inode_nr.nr_inodes", "inode_nr.nr_free_inodes"),
        words=("inode", "inodes", "inode cache", "아이노드"),
        text=(
            "An inode is a file without its name: owner, size, times, and where its data is; in memory about"
            " 600 to 1100 bytes, and its page cache hangs on it. Free ones are used by nobody and wait for"
            " reclaim. Not the inodes of a file system on disk, which df -i shows."
        ),
        source="fs/inode.c proc_nr_inodes()",
        see=("dentry_state.nr_dentry", "meminfo.SReclaimable"),
    ),
    Entry(
        names=("file_nr.allocated", "file_nr.free", "file_nr.maximum"),
        words=("open files", "file descriptors", "fs.file-max", "file-nr"),
        text=(
            "Open files of the whole host and the most there may be (fs.file-max, which only root may"
            " exceed). systemd sets the maximum so high that it no longer matters: what a program runs into"
            " is its own limit, Max open files in /proc/PID/limits."
        ),
        steps=(Step("", "ratio", "file_nr.allocated / file_nr.maximum"),),
        source="fs/file_table.c proc_nr_files()",
    ),
)
