"""Page faults, allocation, copy on write."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Page faults, allocation, copy on write"

ENTRIES = (
    Entry(
        names=("vmstat.pgfault", "vmstat.pgmajfault"),
        words=("page faults", "major fault", "minor fault", "메이저 폴트", "마이너 폴트"),
        text=(
            "pgfault counts every page fault, pgmajfault those that had to wait for a device; the difference"
            " are minor ones. Minor faults are how memory is handed out, thousands a second are normal. Major"
            " faults are slow: a program's code or data had to be read. They are normal while programs start;"
            " lasting ones together with workingset_refault say that memory is too small."
        ),
        steps=(
            Step("minor", "count/s", "rate(vmstat.pgfault - vmstat.pgmajfault)"),
            Step("", "count/s", "rate(vmstat.pgmajfault)"),
        ),
        source="mm/memory.c handle_mm_fault(), mm_account_fault()",
        see=("idea.page fault", "vmstat.workingset_refault_file", "pid_stat.majflt"),
    ),
    Entry(
        names=("idea.page fault",),
        words=("page fault", "demand paging", "페이지 폴트"),
        meaning="a program touches an address that has no page yet",
        text=(
            "The CPU stops the program and calls the kernel. If the page only has to be found (first write to"
            " new memory, a file page that is in the cache, copy on write) the fault is minor and takes about"
            " a microsecond. If it must be read from a disk or from swap it is major and takes as long as the"
            " device. If the address is not the program's at all it is SIGSEGV. Faults are not errors: all"
            " memory is handed out by them."
        ),
        steps=(Step("", "count/s", "rate(vmstat.pgfault)"),),
        source="mm/memory.c handle_mm_fault()",
        see=("vmstat.pgmajfault", "idea.memory commit", "idea.copy on write"),
    ),
    Entry(
        names=("idea.copy on write",),
        words=(
            "copy on write",
            "copy-on-write",
            "COW",
            "CoW",
            "fork",
            "fork()",
            "쓰기 시 복사",
            "카피 온 라이트",
        ),
        meaning="after fork() two processes share their pages until one of them writes",
        text=(
            "fork() copies page tables, not memory, and marks every page read-only. The first write of either"
            " side is a page fault that copies this one page. So a child costs little until it writes, RES"
            " shows the shared pages in both, and the sum of RES is too large (PSS divides them). A parent"
            " that writes a lot while the child lives (a database saving a snapshot) can come to need up to"
            " twice its memory, though nobody called malloc(). Transparent huge pages make each copy larger."
        ),
        source="mm/memory.c do_wp_page()",
        see=("idea.page fault", "vmstat.pgreuse", "pid_smaps_rollup.Pss"),
    ),
    Entry(
        names=("vmstat.pgreuse",),
        text="A write to a page that was shared before but has only one owner left needs no copy.",
        source="mm/memory.c wp_page_reuse()",
        see=("idea.copy on write",),
    ),
    Entry(
        names=("vmstat.pgalloc_*", "vmstat.pgfree"),
        text=(
            "Pages handed out by zone, and pages given back. Both run into millions on any busy host: a"
            " measure of turnover, not of use. What a zone is for is explained with zoneinfo."
        ),
        source="mm/page_alloc.c",
        see=("zoneinfo.free", "vmstat.allocstall_normal"),
    ),
    Entry(
        names=("vmstat.pglazyfree", "vmstat.pglazyfreed"),
        words=("MADV_FREE", "lazyfree"),
        text=(
            "MADV_FREE: a program says that it does not need these pages, the kernel takes them only when"
            " memory is short. Until then they count in RES, so such a program seems larger than it is (Go"
            " 1.12 to 1.15, jemalloc). pglazyfreed are those really taken."
        ),
        source="mm/madvise.c",
        see=("smaps.LazyFree",),
    ),
    Entry(
        names=("vmstat.cow_ksm", "vmstat.ksm_swpin_copy"),
        words=("KSM",),
        text=(
            "Kernel same-page merging keeps one copy of equal pages (guests, mostly). A write to a merged"
            " page, or bringing it back from swap, makes a copy again."
        ),
        source="mm/ksm.c",
        see=("idea.copy on write",),
    ),
)
