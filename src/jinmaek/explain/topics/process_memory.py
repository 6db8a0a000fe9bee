"""The memory of one process: VIRT, RES, SHR, USS, PSS, and the sizes in smaps."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Memory of processes: VIRT, RES, SHR, RSS, PSS, USS, swap"

SMAPS = "fs/proc/task_mmu.c"

ENTRIES = (
    Entry(
        names=("pid_status.VmSize", "pid_stat.vsize", "pid_statm.size"),
        shown=("top.VIRT", "smem.vss", "pmap.Kbytes"),
        words=("VIRT", "VSZ", "VSS", "virtual memory", "가상 메모리"),
        text=(
            "Addresses, not memory: programs, libraries, files, heap, stacks and everything ever reserved,"
            " touched or not. Terabytes are normal for programs that reserve address space (Go, Java with"
            " ZGC, sanitizers, databases). It costs next to nothing. It matters in one case: under a limit"
            " (ulimit -v) or with vm.overcommit_memory=2, where private writable parts are counted as"
            " promised."
        ),
        here="{vss} of addresses; most of them cost no memory.",
        source=f"{SMAPS} task_mem()",
        see=("pid_status.VmRSS", "idea.memory commit"),
    ),
    Entry(
        names=("pid_status.VmRSS", "pid_statm.resident", "pid_smaps_rollup.Rss"),
        shown=("top.RES", "smem.rss", "pmap.RSS"),
        words=("RES", "RSS", "resident", "resident memory", "상주 메모리"),
        text=(
            "Pages of the process that are in RAM now. Shared ones (libraries, shared memory, pages since"
            " fork) are counted in full in every process, so the sum over processes is too large, sometimes"
            " several times. Pages in swap are not in it: a process whose RES falls may just have been"
            " swapped out. Huge page pools are not in it either. For who costs what, use PSS; for what ending"
            " a process frees, USS."
        ),
        steps=(Step("", "bytes", "pid_status.RssAnon + pid_status.RssFile + pid_status.RssShmem"),),
        exact=True,
        here="{rss} are in RAM; pages shared with others are counted in full.",
        source=f"{SMAPS} task_mem()",
        see=("pid_smaps_rollup.Pss", "smem.uss", "pid_status.VmSwap", "pid_status.RssAnon"),
    ),
    Entry(
        names=("pid_status.RssFile", "pid_status.RssShmem", "pid_statm.shared"),
        shown=("top.SHR",),
        words=("SHR", "shared"),
        text=(
            "The part of RES that could be shared: file pages it maps (RssFile) and tmpfs or shared memory"
            " (RssShmem). Could be: a library only one program uses counts here too, while pages shared since"
            " fork() count as anonymous. RssFile can be evicted and read again, RssShmem only swapped."
        ),
        steps=(Step("", "bytes", "pid_status.RssFile + pid_status.RssShmem"),),
        source="fs/proc/task_mmu.c task_statm()",
        see=("pid_status.VmRSS", "pid_status.RssAnon"),
    ),
    Entry(
        names=("pid_status.RssAnon",),
        text=(
            "The process' own data in RAM: heap, stacks, private copies. With VmSwap it is the figure to"
            " follow when looking for a leak, because reclaim moves it between the two and cannot make the"
            " sum smaller. A plateau after growth is a heap that has found its size; allocators keep what was"
            " freed."
        ),
        steps=(Step("", "bytes", "pid_status.RssAnon + pid_status.VmSwap"),),
        source=f"{SMAPS} task_mem()",
        see=("pid_status.VmSwap", "idea.memory growth"),
    ),
    Entry(
        names=("pid_status.VmHWM",),
        text="The largest RES so far: how much the process needed at its peak.",
        source=f"{SMAPS} task_mem()",
        see=("pid_status.VmRSS",),
    ),
    Entry(
        names=("pid_status.VmSwap", "pid_smaps_rollup.Swap"),
        shown=("top.SWAP", "smem.swap"),
        words=("VmSwap",),
        text=(
            "Private pages of the process that are in swap. VmSwap leaves out tmpfs and shared memory, the"
            " Swap of smaps has what of it the process maps. Pages shared since fork() are counted in each"
            " process, so the sum can exceed the used swap; SwapPss divides them."
        ),
        here="{swap} of its private memory are in swap.",
        source=f"{SMAPS} task_mem()",
        see=("free.Swap", "pid_smaps_rollup.SwapPss"),
    ),
    Entry(
        names=("pid_status.VmPTE",),
        text=(
            "The tables that translate its addresses: 8 bytes for each mapped page of 4 KiB, in each process"
            " anew."
        ),
        source=f"{SMAPS} task_mem()",
        see=("meminfo.PageTables",),
    ),
    Entry(
        names=("pid_status.HugetlbPages",),
        text="Pages from the pool of huge pages (vm.nr_hugepages). Not in VmRSS, PSS or any LRU list.",
        source="mm/hugetlb.c hugetlb_report_usage()",
        see=("meminfo.HugePages_Total",),
    ),
    Entry(
        names=("pid_statm.text", "pid_statm.data"),
        text=(
            "Address space again, not memory: the code of the program itself, and private writable mappings"
            " with the stack (the column DATA)."
        ),
        source="fs/proc/task_mmu.c task_statm()",
        see=("pid_status.VmSize",),
    ),
    Entry(
        names=("pid_smaps_rollup.Pss",),
        shown=("smem.pss",),
        words=("PSS", "proportional set size"),
        text=(
            "Each page divided by the number of processes that map it: a library used by ten counts a tenth"
            " in each. The only figure whose sum over all processes is the memory they map together. It"
            " changes when others start or end, and it does not tell what ending this one would free: that is"
            " USS. To read it the kernel walks all page tables under a lock."
        ),
        here="{pss} is its fair share of RAM: each page divided by the number of those who map it.",
        source=f"{SMAPS} smaps_account()",
        see=("smem.uss", "pid_status.VmRSS"),
    ),
    Entry(
        names=("pid_smaps_rollup.Pss_*",),
        text="PSS by kind: own data, files, shared memory.",
        source=f"{SMAPS} smaps_account()",
        see=("pid_smaps_rollup.Pss",),
    ),
    Entry(
        names=("smem.uss",),
        words=("USS", "unique set size"),
        meaning="RAM that this process alone maps: what its end would free",
        text=(
            "Private_Clean + Private_Dirty (and private huge pages). Clean file pages in it may stay in the"
            " cache after its end. Pages shared since fork() belong to nobody's USS, so the USS of workers"
            " can be tiny while together they hold gigabytes."
        ),
        steps=(
            Step(
                "",
                "bytes",
                "pid_smaps_rollup.Private_Clean + pid_smaps_rollup.Private_Dirty"
                " + (pid_smaps_rollup.Private_Hugetlb or 0)",
            ),
        ),
        here="{uss} are mapped by nobody else: ending it would free them.",
        source="smem; fs/proc/task_mmu.c",
        see=("pid_smaps_rollup.Pss",),
    ),
    Entry(
        names=(
            "pid_smaps_rollup.Private_Clean",
            "pid_smaps_rollup.Private_Dirty",
            "pid_smaps_rollup.Private_Hugetlb",
        ),
        text=(
            "Pages nobody else maps: unmodified (could be read again from their file) and modified. Together"
            " they are the USS. Private is a matter of the moment: a page shared with a child becomes private"
            " when the child ends."
        ),
        source=f"{SMAPS} smaps_account()",
        see=("smem.uss",),
    ),
    Entry(
        names=("pid_smaps_rollup.SwapPss",),
        shown=("smem.swappss",),
        text=(
            "Swap with each page divided by the processes that share it: its sum is no larger than what is"
            " used."
        ),
        here="{swappss} is its fair share of swap.",
        source=f"{SMAPS} smaps_pte_entry()",
        see=("pid_status.VmSwap",),
    ),
    Entry(
        names=("top.%MEM",),
        words=("%MEM",),
        meaning="RES as a share of all RAM",
        text=(
            "The column is RES / MemTotal, so it has the faults of RES: shared pages count in every process."
        ),
        steps=(Step("", "ratio", "pid_status.VmRSS / meminfo.MemTotal"),),
        source="procps top.c",
        see=("pid_status.VmRSS",),
    ),
    Entry(
        names=("smem.avgpss", "smem.avguss", "smem.avgrss"),
        meaning="PSS, USS and RSS of a mapping, on average of the processes that map it",
        text="The sum over all processes divided by their number (PIDs).",
        source="smem",
        see=("pid_smaps_rollup.Pss",),
    ),
    Entry(
        names=("smem.age",),
        meaning="seconds since the figures of a line were read",
        text=(
            "0 in a single table. With -d a process that did nothing keeps its figures, for reading them"
            " walks its page tables and takes its mmap_lock; they are read again after --keep tables at the"
            " latest. What shares pages with it may have changed meanwhile, so its PSS may be that old."
        ),
        source="smaps_rollup, and the stat file that shows whether a process did anything",
        see=("pid_smaps_rollup.Pss",),
    ),
    Entry(
        names=("smem.count", "smem.pids", "smem.map"),
        meaning="how many processes or mappings a line stands for, and what is mapped",
        text=(
            "By user: the number of processes. By mapping: how often it is mapped (count) and by how many"
            " processes (pids). Anonymous memory has no name and is one line."
        ),
        source="smem",
    ),
)
