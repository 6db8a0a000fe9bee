"""Pages that come back, and what happens when nothing is left."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Refaults, thrashing, and the OOM killer"


ENTRIES = (
    Entry(
        names=(
            "vmstat.workingset_refault",
            "vmstat.workingset_refault_anon",
            "vmstat.workingset_refault_file",
        ),
        words=("refault", "리폴트"),
        text=(
            "A page came back that had been evicted. The kernel leaves a marker in its place, and by its age"
            " knows how much more memory would have kept it. Files coming back mean that the cache is smaller"
            " than what is read over and over; anonymous pages coming back mean that what was put into swap"
            " was needed. Reading something for the first time is no refault, so a cold start shows none."
            " Cgroups at their limit are counted too."
        ),
        steps=(
            Step("anon", "pages/s", "rate(vmstat.workingset_refault_anon)"),
            Step("", "pages/s", "rate(vmstat.workingset_refault_file or vmstat.workingset_refault)"),
        ),
        source="mm/workingset.c workingset_refault()",
        see=("vmstat.workingset_activate_file", "idea.thrashing", "vmstat.pgscan_direct"),
    ),
    Entry(
        names=("vmstat.workingset_activate*", "vmstat.workingset_restore*"),
        text=(
            "Refaults that came back so soon that they would have stayed with a little more memory"
            " (activate), and among them pages that had even been on the active list before (restore). A"
            " large share of the refaults means thrashing; refaults without them are one pass over too large"
            " a file, which costs nothing worth speaking of."
        ),
        steps=(Step("", "ratio", "vmstat.workingset_activate_file / vmstat.workingset_refault_file"),),
        source="mm/workingset.c workingset_refault()",
        see=("vmstat.workingset_refault_file", "idea.thrashing"),
    ),
    Entry(
        names=("vmstat.workingset_nodes", "vmstat.workingset_nodereclaim"),
        text=(
            "The markers of evicted pages take memory themselves (slab radix_tree_node). nodereclaim counts"
            " nodes that held nothing but markers and were freed."
        ),
        source="mm/workingset.c",
        see=("vmstat.workingset_refault_file",),
    ),
    Entry(
        names=("idea.thrashing",),
        words=("thrashing", "working set", "스래싱", "쓰레싱", "워킹 셋"),
        meaning="pages in use are evicted and must come back, again and again",
        text=(
            "What programs need together (the working set) is larger than memory, or than the limit of their"
            " cgroup. Everything waits for pages that were thrown out a moment ago; CPU time goes into"
            " reclaim, the disk reads without end, and no single figure of free or top says so. The signs"
            " belong together: memory pressure (full), refaults with a large share of activations, major"
            " faults, and hardly any file pages left. A faster disk makes it bearable, only less use or more"
            " memory ends it."
        ),
        steps=(
            Step("stalled", "ratio", "rate(pressure_memory.full_total)"),
            Step(
                "",
                "pages/s",
                "rate(vmstat.workingset_refault_anon + vmstat.workingset_refault_file)",
            ),
        ),
        source="mm/workingset.c",
        see=("pressure_memory.full_total", "vmstat.workingset_refault_file", "vmstat.pgmajfault"),
    ),
    Entry(
        names=("vmstat.oom_kill",),
        words=("oom", "OOM"),
        text=(
            "Processes the kernel killed since boot because no memory was left: on the whole host, or in a"
            " cgroup at its limit. One for each victim. systemd-oomd, earlyoom and a container runtime that"
            " kills are not in it. The victim is who held most (oom_score), not who caused it; the kernel log"
            " names both."
        ),
        source="mm/oom_kill.c __oom_kill_process()",
        see=("idea.OOM killer", "cgroup_memory.events_oom_kill"),
    ),
    Entry(
        names=("idea.OOM killer",),
        words=("OOM killer", "out of memory", "oom_score", "oom_score_adj", "OOM 킬러"),
        meaning="the kernel ends a process because reclaim finds nothing more",
        text=(
            "Each process has a score: the pages it has in RAM and in swap plus its page tables, shifted by"
            " oom_score_adj (-1000: never, +1000: first). The highest is killed. With free memory left it can"
            " still happen: in a cgroup at memory.max, on a NUMA node a process is bound to, or for a large"
            " contiguous block. Before it comes to that, a host without swap often stands still for minutes,"
            " because the kernel keeps finding program code to evict."
        ),
        steps=(Step("", "count", "vmstat.oom_kill"),),
        source="mm/oom_kill.c oom_badness()",
        see=("vmstat.oom_kill", "sys_vm.panic_on_oom", "meminfo.MemAvailable"),
    ),
    Entry(
        names=("sys_vm.panic_on_oom", "sys_vm.oom_kill_allocating_task"),
        text=(
            "What is done instead of choosing a victim: 1 panics when the whole host is out of memory, 2 also"
            " when only a cgroup or a cpuset is (for clusters that prefer a reboot). oom_kill_allocating_task"
            " kills who happens to ask, which is quicker and mostly hits the wrong one."
        ),
        source="mm/oom_kill.c",
        see=("idea.OOM killer",),
    ),
)
