"""Huge pages: transparent ones, and pools set aside."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Huge pages: pools, and transparent ones"

ENTRIES = (
    Entry(
        names=(
            "meminfo.HugePages_Total",
            "meminfo.HugePages_Free",
            "meminfo.HugePages_Rsvd",
            "meminfo.HugePages_Surp",
            "meminfo.Hugepagesize",
            "meminfo.Hugetlb",
            "vmstat.nr_hugetlb",
            "sys_vm.nr_hugepages",
            "sys_vm.nr_overcommit_hugepages",
            "hugepages.*",
        ),
        words=("huge pages", "hugepages", "hugetlb", "HugeTLB"),
        text=(
            "A pool of large pages set aside by vm.nr_hugepages, for programs that ask for it (databases,"
            " virtual machines). What is in it is gone for everybody else, used or not: it is in MemTotal,"
            " but in neither MemAvailable nor any RES. Free - Rsvd are pages nobody has and nobody is"
            " promised: waste if it stays. The HugePages_ lines are of the default size only, Hugetlb is all"
            " sizes. Surp are pages beyond the pool, allowed by vm.nr_overcommit_hugepages."
        ),
        here="The pools take {meminfo.Hugetlb}; {wasted} of the default size are neither used nor promised.",
        steps=(
            Step(
                "wasted", "bytes", "(meminfo.HugePages_Free - meminfo.HugePages_Rsvd) * meminfo.Hugepagesize"
            ),
            Step("", "bytes", "meminfo.HugePages_Total * meminfo.Hugepagesize"),
        ),
        source="mm/hugetlb.c hugetlb_report_meminfo()",
        see=("meminfo.CommitLimit", "pid_status.HugetlbPages"),
    ),
    Entry(
        names=(
            "meminfo.AnonHugePages",
            "meminfo.ShmemHugePages",
            "meminfo.FileHugePages",
            "vmstat.nr_anon_transparent_hugepages",
            "vmstat.nr_shmem_hugepages",
            "vmstat.nr_file_hugepages",
        ),
        words=("THP", "transparent huge pages"),
        text=(
            "Transparent huge pages: 2 MiB (x86) in one piece, given to ordinary memory without being asked"
            " for. They save page table walks, and cost memory where a program touches little of each, time"
            " where a free block must be made first, and more copying after fork(). Contained in AnonPages,"
            " Shmem and Cached."
        ),
        steps=(Step("", "ratio", "meminfo.AnonHugePages / meminfo.AnonPages"),),
        source="mm/huge_memory.c; Documentation/admin-guide/mm/transhuge.rst",
        see=("vmstat.thp_fault_alloc", "transparent_hugepage.max_ptes_none"),
    ),
    Entry(
        names=(
            "meminfo.ShmemPmdMapped",
            "meminfo.FilePmdMapped",
            "vmstat.nr_shmem_pmdmapped",
            "vmstat.nr_file_pmdmapped",
        ),
        text="Huge pages of shared memory and files that a process maps with one entry for all of it.",
        source="mm/huge_memory.c",
        see=("meminfo.AnonHugePages",),
    ),
    Entry(
        names=("vmstat.thp_fault_alloc", "vmstat.thp_fault_fallback*", "vmstat.thp_collapse_alloc*"),
        text=(
            "Huge pages given at a fault, faults that had to do with small ones because no free block was at"
            " hand (or its cgroup had no room), and huge pages khugepaged put together later. Many fallbacks"
            " together with compact_stall are time lost in looking for blocks: defrag should then not be"
            " always."
        ),
        steps=(
            Step(
                "",
                "ratio",
                "vmstat.thp_fault_fallback / (vmstat.thp_fault_alloc + vmstat.thp_fault_fallback)",
            ),
        ),
        source="mm/huge_memory.c do_huge_pmd_anonymous_page()",
        see=("vmstat.compact_stall", "buddyinfo.free_blocks"),
    ),
    Entry(
        names=("vmstat.thp_file_*", "vmstat.thp_zero_page_alloc*", "vmstat.thp_migration_*"),
        text=(
            "Huge pages of files and shared memory, the shared page of zeros, and huge pages moved elsewhere."
        ),
        source="mm/huge_memory.c",
        see=("meminfo.AnonHugePages",),
    ),
    Entry(
        names=(
            "vmstat.thp_split*",
            "vmstat.thp_deferred_split_page",
            "vmstat.thp_underused_split_page",
            "vmstat.thp_swpout*",
        ),
        text=(
            "Huge pages cut into small ones: because a part was unmapped, to be reclaimed or swapped, or"
            " (underused) because most of it was zero. A split of a mapping (pmd, pud) leaves the page itself"
            " whole."
        ),
        source="mm/huge_memory.c split_huge_page_to_list_to_order()",
        see=("meminfo.AnonHugePages",),
    ),
    Entry(
        names=("vmstat.thp_scan_exceed_*",),
        text="Why khugepaged left a range alone: too much of it untouched, in swap, or shared.",
        source="mm/khugepaged.c",
        see=("transparent_hugepage.max_ptes_none",),
    ),
    Entry(
        names=("transparent_hugepage.*",),
        text=(
            "khugepaged joins small pages to huge ones in the background: pages_to_scan at a time, then it"
            " sleeps. max_ptes_none is how many of the 512 pages may be untouched: with the default of 511"
            " one used page of 4 KiB can become 2 MiB, which is the bloat people see in programs with sparse"
            " memory."
        ),
        source="mm/khugepaged.c; Documentation/admin-guide/mm/transhuge.rst",
        see=("meminfo.AnonHugePages",),
    ),
    Entry(
        names=("vmstat.htlb_buddy_alloc_*",),
        text=(
            "Attempts to enlarge a pool of huge pages: on a fragmented host most of them fail. Reserve at"
            " boot."
        ),
        source="mm/hugetlb.c",
        see=("meminfo.HugePages_Total", "buddyinfo.free_blocks"),
    ),
)
