"""The mappings of a process: what pmap and smaps show."""

from __future__ import annotations

from jinmaek.explain.entry import Entry

TITLE = "Mappings of a process: pmap and smaps"

SMAPS = "fs/proc/task_mmu.c"

ENTRIES = (
    Entry(
        names=("smaps.Size", "smaps.KernelPageSize", "smaps.MMUPageSize"),
        meaning="length of a mapping, and the size of its pages",
        text="Size is address space. Page sizes other than 4 kB are those of huge page pools.",
        source=f"{SMAPS} show_smap()",
        see=("pid_status.VmSize",),
    ),
    Entry(
        names=("smaps.Rss", "smaps.Pss", "smaps.Pss_Dirty"),
        meaning="RAM of a mapping: in full, divided by its users, and the modified part of that",
        text=(
            "What RES and PSS are for a process, for one mapping. The Pss of each line is rounded down to kB."
        ),
        source=f"{SMAPS} smaps_account()",
        see=("pid_status.VmRSS", "pid_smaps_rollup.Pss"),
    ),
    Entry(
        names=("smaps.Shared_Clean", "smaps.Shared_Dirty", "smaps.Private_Clean", "smaps.Private_Dirty"),
        shown=("pmap.Dirty",),
        meaning="pages by whether others map them too, and whether they were modified",
        text=(
            "Dirty here means modified since it was mapped; dirty anonymous pages can only go to swap. pmap's"
            " column Dirty is Shared_Dirty + Private_Dirty."
        ),
        source=f"{SMAPS} smaps_account()",
        see=("smem.uss",),
    ),
    Entry(
        names=("smaps.Referenced",),
        meaning="pages marked as accessed",
        text=(
            "The CPU sets the mark; reclaim clears it, and so does writing 1 to clear_refs, which makes it a"
            " measure of what a program uses in an interval."
        ),
        source=f"{SMAPS} smaps_account()",
    ),
    Entry(
        names=("smaps.Anonymous", "smaps.KSM", "smaps.LazyFree", "smaps.AnonHugePages"),
        meaning="pages that belong to no file: all, merged ones, ones given up by MADV_FREE, huge ones",
        text=(
            "A private mapping of a file has anonymous pages where the program wrote. LazyFree pages are"
            " still counted in Rss though the program has given them up."
        ),
        source=f"{SMAPS} smaps_account()",
        see=("vmstat.pglazyfree", "meminfo.AnonHugePages"),
    ),
    Entry(
        names=("smaps.ShmemPmdMapped", "smaps.FilePmdMapped", "smaps.THPeligible"),
        meaning="huge pages of shared memory and of files, and whether the mapping may have anonymous ones",
        text="THPeligible 1 means that transparent huge pages are allowed there, not that there are any.",
        source=f"{SMAPS} show_smap()",
        see=("meminfo.AnonHugePages",),
    ),
    Entry(
        names=("smaps.Shared_Hugetlb", "smaps.Private_Hugetlb"),
        meaning="pages of huge page pools in the mapping; not in Rss",
        text="Databases keep their shared buffers there: their RES then shows only the small rest.",
        source=f"{SMAPS} smaps_hugetlb_range()",
        see=("meminfo.HugePages_Total",),
    ),
    Entry(
        names=("smaps.Swap", "smaps.SwapPss"),
        meaning="pages of the mapping that are in swap: in full, and divided by their users",
        text="Of shared memory SwapPss counts nothing, Swap counts what is missing from RAM.",
        source=f"{SMAPS} smaps_pte_entry()",
        see=("pid_status.VmSwap",),
    ),
    Entry(
        names=("smaps.Locked",),
        meaning="pages of the mapping locked by mlock()",
        text="They can be neither evicted nor swapped.",
        source=f"{SMAPS} show_smap()",
        see=("meminfo.Mlocked",),
    ),
    Entry(
        names=("smaps.ProtectionKey", "smaps.VmFlags"),
        meaning="rights and kinds of the mapping",
        text=(
            "Two letters each: rd wr ex may read, write, execute; ac counts as promised memory; lo locked; ht"
            " huge page pool; hg, nh transparent huge pages wanted or not; dd not in a core dump; wf empty"
            " after fork."
        ),
        source=f"{SMAPS} show_smap_vma_flags()",
    ),
    Entry(
        names=("pmap.Address", "pmap.Offset", "pmap.Device", "pmap.Inode"),
        meaning="where a mapping begins, and which part of which file it shows",
        text="Device and inode 0 are no file: anonymous memory.",
        source=f"{SMAPS} show_map_vma()",
    ),
    Entry(
        names=("pmap.Mode", "pmap.Perm"),
        meaning="rights of a mapping: read, write, execute, and private (p) or shared (s)",
        text=(
            "Writes to a private mapping of a file never reach the file: each written page becomes an"
            " anonymous copy. rw-p is what counts as promised memory."
        ),
        source=f"{SMAPS} show_map_vma()",
        see=("idea.copy on write", "idea.memory commit"),
    ),
    Entry(
        names=("pmap.Mapping",),
        words=("heap", "stack", "anon", "힙", "힙 메모리", "스택"),
        meaning="what is mapped: a file, [heap], [stack], or nothing (anonymous)",
        text=(
            "malloc() takes small pieces from [heap] and large ones from anonymous mappings; further threads"
            " get heaps of their own, of 64 MiB of addresses each (glibc). [anon:name] was named by the"
            " program, memfd: and /SYSV are shared memory, (deleted) is a file that is gone but still takes"
            " its space. A mapping that grows for hours is where to look for a leak."
        ),
        source=f"{SMAPS} show_map_vma()",
        see=("idea.memory growth", "meminfo.Shmem"),
    ),
)
