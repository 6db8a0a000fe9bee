"""Memory that is promised, and memory that is used."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Memory commit: what the kernel has promised, and overcommit"

LIMIT = (
    Step(
        "of_ram",
        "pages",
        "sys_vm.overcommit_kbytes // page if (sys_vm.overcommit_kbytes or 0) > 0"
        " else (meminfo.MemTotal - (meminfo.Hugetlb or 0)) / page * sys_vm.overcommit_ratio // 1",
    ),
    Step("", "bytes", "of_ram * page + meminfo.SwapTotal"),
)

ENTRIES = (
    Entry(
        names=("meminfo.CommitLimit",),
        text=(
            "A share of RAM (vm.overcommit_ratio, half by default; huge page pools do not count) plus all of"
            " swap. It is enforced only where vm.overcommit_memory is 2. In modes 0 and 1 a Committed_AS"
            " above it is normal and means nothing."
        ),
        here=(
            "Promises up to {meminfo.CommitLimit} would be kept if vm.overcommit_memory were 2; it is"
            " {sys_vm.overcommit_memory}."
        ),
        steps=LIMIT,
        exact=True,
        source="mm/util.c vm_commit_limit()",
        see=("meminfo.Committed_AS", "sys_vm.overcommit_memory"),
    ),
    Entry(
        names=("meminfo.Committed_AS",),
        words=("committed", "commit charge"),
        text=(
            "All private memory that programs may write to, touched or not, plus shared memory: what would be"
            " needed if every promise were called in at once. Usually more than is used, often more than"
            " there is. fork() promises everything of the parent again, which is why large databases are the"
            " first to be refused under mode 2."
        ),
        here="{meminfo.Committed_AS} are promised; {meminfo.AnonPages} of private memory are used.",
        source="mm/util.c vm_memory_committed()",
        see=("meminfo.CommitLimit", "idea.memory commit"),
    ),
    Entry(
        names=("free.Comm",),
        meaning="the line of promised memory: limit, promised, left",
        text=(
            "free -v prints CommitLimit, Committed_AS and the difference. Only with vm.overcommit_memory=2"
            " does the kernel refuse what exceeds the limit; otherwise a negative difference is normal."
        ),
        here=(
            "Promised: {meminfo.Committed_AS} of {meminfo.CommitLimit}, which is enforced only where"
            " vm.overcommit_memory is 2; here it is {sys_vm.overcommit_memory}."
        ),
        steps=(Step("", "bytes", "meminfo.CommitLimit - meminfo.Committed_AS"),),
        see=("meminfo.CommitLimit",),
    ),
    Entry(
        names=("idea.memory commit",),
        words=("memory commit", "commit", "overcommit", "malloc", "메모리 커밋", "커밋", "오버커밋"),
        meaning="memory is promised when asked for and handed out when touched",
        text=(
            "malloc() and mmap() only get addresses: the kernel notes that they may be used (commit) and"
            " gives no page. The first write to each page is a page fault, and only then is a page of RAM"
            " found for it. So VIRT grows at malloc(), RES at the write. The kernel hands out late because"
            " most promises are never called in: a program asks for more than it uses, and fork() would"
            " otherwise have to copy a whole process for a child that calls exec() at once. The price: when"
            " too many promises are called in, nobody can be told no any more, and the OOM killer chooses."
            " vm.overcommit_memory decides between the two."
        ),
        steps=(Step("promised", "bytes", "meminfo.Committed_AS"), Step("", "bytes", "meminfo.AnonPages")),
        source="mm/util.c __vm_enough_memory(); Documentation/mm/overcommit-accounting.rst",
        see=("sys_vm.overcommit_memory", "idea.page fault", "idea.copy on write", "idea.OOM killer"),
    ),
    Entry(
        names=("sys_vm.overcommit_memory",),
        text=(
            "0 (default): one single request for more than RAM and swap together is refused, everything else"
            " is promised. 1: nothing is ever refused. 2: promises of all programs together stay below"
            " CommitLimit, less the reserves. Mode 2 turns kills into failed malloc() and fork(), also while"
            " much memory is free: choose it only with programs that can bear that, and with enough swap."
        ),
        here="It is {value}.",
        source="mm/util.c __vm_enough_memory(); Documentation/admin-guide/sysctl/vm.rst",
        see=("meminfo.CommitLimit", "meminfo.Committed_AS"),
    ),
    Entry(
        names=("sys_vm.overcommit_ratio", "sys_vm.overcommit_kbytes"),
        text=(
            "The part of RAM that counts in CommitLimit: a percentage, or, if it is not 0, so many KiB"
            " instead. Both matter only with vm.overcommit_memory=2. The default of 50 % is low for a host"
            " without swap."
        ),
        see=("meminfo.CommitLimit",),
        source="mm/util.c overcommit_ratio_handler()",
    ),
    Entry(
        names=("sys_vm.admin_reserve_kbytes", "sys_vm.user_reserve_kbytes"),
        text=(
            "Under vm.overcommit_memory=2 the last admin_reserve_kbytes of the limit are for root, so that"
            " somebody can log in and kill; and a process may not take the last 1/32 of its own size, at most"
            " user_reserve_kbytes. Up to 5.1 mode 0 looked at the first as well."
        ),
        source="mm/util.c __vm_enough_memory()",
        see=("meminfo.CommitLimit",),
    ),
)
