"""Control groups: what they use, what limits them, and what that costs."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Cgroups: memory, CPU and pids of services and containers"

DOC = "Documentation/admin-guide/cgroup-v2.rst"

ENTRIES = (
    Entry(
        names=("cgroup_memory.current",),
        words=("memory.current", "working set bytes", "container memory"),
        text=(
            "Everything charged to the cgroup: its processes' memory, page cache of the files it reads, tmpfs"
            " it writes, kernel memory, socket buffers. The cache grows until it meets the limit, so current"
            " near max is normal and no alarm. What cannot be reclaimed (anon, shmem, kernel without"
            " reclaimable slab) is the figure to hold against the limit. A container's working_set is current"
            " less inactive_file and still contains active cache."
        ),
        steps=(
            Step(
                "",
                "bytes",
                "cgroup_memory.current - cgroup_memory.inactive_file - cgroup_memory.active_file"
                " - (cgroup_memory.slab_reclaimable or 0)",
            ),
        ),
        source=f"mm/memcontrol.c; {DOC}",
        see=("cgroup_memory.max", "cgroup_memory.file", "cgroup_memory.events_max"),
    ),
    Entry(
        names=("cgroup_memory.max", "cgroup_memory.events_max"),
        words=("memory.max",),
        text=(
            "The hard limit. At it the cgroup reclaims its own pages, and events_max counts each time; if"
            " nothing can be got, a process of it is killed, whatever the host has. The nearest limit may be"
            " an ancestor's. events_max that grows without pressure is a cache that has found its size."
        ),
        steps=(Step("", "ratio", "cgroup_memory.current / cgroup_memory.max"),),
        source=f"mm/memcontrol.c try_charge_memcg(); {DOC}",
        see=("cgroup_memory.current", "cgroup_pressure.some_total", "cgroup_memory.events_oom_kill"),
    ),
    Entry(
        names=("cgroup_memory.high", "cgroup_memory.events_high"),
        words=("memory.high",),
        text=(
            "Above it the cgroup is reclaimed and its threads are put to sleep, the longer the further it"
            " goes: it is slowed, not killed. events_high counts how often. Expected where somebody holds a"
            " service there on purpose; with pressure beside it the limit is too tight."
        ),
        source=f"mm/memcontrol.c mem_cgroup_handle_over_high(); {DOC}",
        see=("cgroup_pressure.some_total", "cgroup_memory.max"),
    ),
    Entry(
        names=("cgroup_memory.low", "cgroup_memory.events_low"),
        words=("memory.low",),
        text=(
            "Protection: while it uses no more than this, others are reclaimed first. events_low counts"
            " reclaims that went below all the same, because nobody else had anything left."
        ),
        source=f"mm/memcontrol.c mem_cgroup_calculate_protection(); {DOC}",
        see=("meminfo.MemAvailable",),
    ),
    Entry(
        names=("cgroup_memory.swap_current", "cgroup_memory.swap_max"),
        words=("memory.swap.current", "memory.swap.max"),
        text=(
            "What of it is in swap, tmpfs included, and how much may be. It stays charged after the process"
            " that used it ended. A limit of 0 means that its private memory can never leave RAM: then only"
            " the cache gives way before the OOM killer."
        ),
        source=f"mm/memcontrol.c; {DOC}",
        see=("free.Swap",),
    ),
    Entry(
        names=("cgroup_memory.events_oom", "cgroup_memory.events_oom_kill"),
        words=("memory.events",),
        text=(
            "oom: the limit of this cgroup (or below it) could not be kept by reclaim. oom_kill: processes of"
            " it that any OOM killer ended. oom_kill without oom: the host or a parent was out of memory, not"
            " this cgroup."
        ),
        source=f"mm/memcontrol.c mem_cgroup_oom(); {DOC}",
        see=("vmstat.oom_kill", "cgroup_memory.max"),
    ),
    Entry(
        names=("cgroup_memory.anon",),
        text="Private memory of its processes: what only swap or their end can free. The figure for leaks.",
        source=f"mm/memcontrol.c memory_stat_format(); {DOC}",
        see=("meminfo.AnonPages",),
    ),
    Entry(
        names=("cgroup_memory.file", "cgroup_memory.inactive_file", "cgroup_memory.active_file"),
        text=(
            "Page cache of files it was the first to read: another cgroup that reads them too pays nothing."
            " Shmem is contained in file but not in the two file lists."
        ),
        source=f"mm/memcontrol.c memory_stat_format(); {DOC}",
        see=("meminfo.Cached",),
    ),
    Entry(
        names=("cgroup_memory.inactive_anon", "cgroup_memory.active_anon"),
        text="Private and shared memory together on the LRU lists, as for the host.",
        source=f"mm/memcontrol.c memory_stat_format(); {DOC}",
        see=("meminfo.Active_anon",),
    ),
    Entry(
        names=("cgroup_memory.shmem",),
        text=(
            "tmpfs, memfd and shared memory it wrote. It stays charged to it after the writer ended, until"
            " the file is deleted."
        ),
        source=f"mm/memcontrol.c memory_stat_format(); {DOC}",
        see=("meminfo.Shmem",),
    ),
    Entry(
        names=("cgroup_memory.kernel", "cgroup_memory.slab_reclaimable", "cgroup_memory.slab_unreclaimable"),
        text=(
            "Kernel memory on its behalf: stacks, page tables, slab, per-CPU data. Names and inodes"
            " (slab_reclaimable) of a program that walks millions of files can fill a limit that no process"
            " is seen to use."
        ),
        source=f"mm/memcontrol.c memory_stat_format(); {DOC}",
        see=("meminfo.SReclaimable",),
    ),
    Entry(
        names=("cgroup_memory.pgfault", "cgroup_memory.pgmajfault"),
        text="Page faults of its processes, and those that waited for a device.",
        source=f"mm/memcontrol.c; {DOC}",
        see=("vmstat.pgmajfault",),
    ),
    Entry(
        names=("cgroup_memory.workingset_refault_*", "cgroup_memory.pgscan", "cgroup_memory.pgsteal"),
        text=(
            "Reclaim within this cgroup: pages looked at, pages got, and pages that had to come back soon."
            " Refaults here while pgscan_direct of the host stays flat: its limit is below what it works"
            " with."
        ),
        steps=(Step("", "pages/s", "rate(cgroup_memory.workingset_refault_file)"),),
        source=f"mm/vmscan.c, mm/workingset.c; {DOC}",
        see=("vmstat.workingset_refault_file", "cgroup_memory.max"),
    ),
    Entry(
        names=("cgroup_cpu.usage",),
        text=(
            "CPU time of the cgroup with all below it, processes that have ended included: nothing gets lost"
            " here."
        ),
        steps=(Step("", "ratio", "rate(cgroup_cpu.usage)"),),
        source=f"kernel/cgroup/rstat.c; {DOC}",
        see=("top.%CPU",),
    ),
    Entry(
        names=("cgroup_cpu.quota", "cgroup_cpu.period"),
        words=("cpu.max", "CPU limit"),
        text=(
            "So many CPUs' worth of time per period (100 ms). A program with more threads than that uses it"
            " up in the first part of each period and stands still for the rest: it is slow while the average"
            " is far below the limit and the host idle."
        ),
        steps=(Step("", "seconds", "cgroup_cpu.quota * cgroup_cpu.period"),),
        source=f"kernel/sched/fair.c; {DOC}",
        see=("cgroup_cpu.nr_throttled",),
    ),
    Entry(
        names=("cgroup_cpu.nr_periods", "cgroup_cpu.nr_throttled", "cgroup_cpu.throttled"),
        words=("throttled", "throttling", "CPU throttling", "스로틀링"),
        text=(
            "In how many periods its quota ran out, and how long its threads were held back. The share of"
            " throttled periods is what containers are judged by; the time counts how much it hurt. Throttled"
            " threads show as R and do not count in the load average. More host CPUs do not help: raise the"
            " quota or use fewer threads. Kernels before 5.4 throttled too early."
        ),
        steps=(Step("", "ratio", "cgroup_cpu.nr_throttled / cgroup_cpu.nr_periods"),),
        source=f"kernel/sched/fair.c throttle_cfs_rq(); {DOC}",
        see=("cgroup_cpu.quota", "cgroup_pressure.some_total"),
    ),
    Entry(
        names=("cgroup_cpu.nr_bursts", "cgroup_cpu.burst"),
        text="With cpu.max.burst unused quota is saved and may be used later: how often and how much.",
        source=f"kernel/sched/fair.c; {DOC}",
        see=("cgroup_cpu.quota",),
    ),
    Entry(
        names=("cgroup_pids.current", "cgroup_pids.max", "cgroup_pids.events_max"),
        words=("pids.max", "TasksMax"),
        text=(
            "Threads and processes, zombies too, and how many there may be (systemd's TasksMax). At the limit"
            ' fork() fails with EAGAIN, which programs report as lack of memory or "cannot create thread";'
            " events_max counts it."
        ),
        steps=(Step("", "ratio", "cgroup_pids.current / cgroup_pids.max"),),
        source="kernel/cgroup/pids.c",
        see=("sys_kernel.pid_max", "state.Z"),
    ),
)
