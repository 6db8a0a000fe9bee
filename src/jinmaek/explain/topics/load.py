"""Load average, run queue, uptime."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Load average, run queue, and how long the host is up"

ENTRIES = (
    Entry(
        names=("loadavg.load1", "loadavg.load5", "loadavg.load15"),
        shown=("top.load average",),
        words=("load average", "load", "loadavg", "부하 평균", "로드 애버리지", "시스템 부하"),
        text=(
            "Every 5 seconds the kernel counts the threads of all CPUs that run, wait for a CPU, or sleep"
            " uninterruptibly (D), and moves the three figures a little towards that number. So they are no"
            " averages over 1, 5 and 15 minutes but fading memories: one minute after a jump load1 has gone"
            " 63 % of the way, after three 95 %. The figure is of the whole host, also in a container, and"
            " does not depend on the number of CPUs: whoever compares must divide. High load is not a lack of"
            " CPU: threads in D wait for a disk, a lock, or an NFS server, and a faster CPU helps none of"
            " them. Throttled threads of a cgroup are not in it at all. Ask first what it is made of: R or D."
            " (In the formula procs_blocked stands for the threads in D, of which it counts only some.)"
        ),
        here=(
            "{loadavg.load1} over {cpus} CPUs is {per_cpu} for each. If nothing ran from now on, load1 would"
            " be {faded} in a minute."
        ),
        steps=(
            Step("cpus", "count", "cpus"),
            Step("per_cpu", "count", "loadavg.load1 / cpus"),
            Step("faded", "count", "loadavg.load1 * (1884 / 2048) ** 12"),
            Step("active", "count", "loadavg.nr_running + stat.procs_blocked"),
            Step("next", "count", "(loadavg.load1 * 1884 + active * (2048 - 1884)) / 2048"),
        ),
        source="kernel/sched/loadavg.c calc_global_load(), include/linux/sched/loadavg.h",
        see=("stat.procs_running", "threads.count", "state.D", "pressure_cpu.some_total"),
    ),
    Entry(
        names=("loadavg.nr_running", "stat.procs_running"),
        shown=("vmstat.r",),
        words=("run queue", "runnable", "실행 큐", "런 큐"),
        text=(
            "Threads on a CPU and threads that only wait for one, at this moment, the one that reads the file"
            " included. More than there are CPUs for a while means that somebody waits; one reading means"
            " nothing. Threads throttled by a cgroup are in state R and not counted here."
        ),
        here="{stat.procs_running} run or wait for one of {cpus} CPUs.",
        steps=(Step("cpus", "count", "cpus"), Step("", "count", "max(0, stat.procs_running - cpus)")),
        source="kernel/sched/core.c nr_running()",
        see=("loadavg.load1", "pressure_cpu.some_total"),
    ),
    Entry(
        names=("stat.procs_blocked",),
        shown=("vmstat.b",),
        words=("blocked",),
        text=(
            "Threads that sleep in io_schedule(): for a page from a disk, for a full queue. Not all of state"
            " D: a thread that waits for a lock, for a frozen file system or for an NFS server's answer is in"
            " D, counts in the load, and not here."
        ),
        here="{stat.procs_blocked} sleep for disk I/O.",
        source="kernel/sched/core.c nr_iowait()",
        see=("state.D", "threads.count", "stat.iowait"),
    ),
    Entry(
        names=("loadavg.nr_threads",),
        text=(
            "All threads of the host, sleeping ones and zombies too: each holds a number out of"
            " kernel.pid_max and 16 KiB of kernel stack."
        ),
        source="kernel/fork.c nr_threads",
        see=("sys_kernel.pid_max", "sys_kernel.threads_max"),
    ),
    Entry(
        names=("loadavg.last_pid",),
        text="How fast it runs on shows how many processes and threads come and go.",
        source="fs/proc/loadavg.c",
        see=("stat.processes",),
    ),
    Entry(
        names=("uptime.uptime",),
        shown=("top.up",),
        words=("uptime", "업타임", "가동 시간"),
        text=(
            "Time since boot, suspend included. All counters run since then, so a rate since boot says little"
            " on a host that is up for months. A short uptime that nobody knows of is a reboot to look into."
        ),
        source="fs/proc/uptime.c uptime_proc_show()",
        see=("stat.btime",),
    ),
    Entry(
        names=("uptime.idle",),
        text="Idle time of all CPUs together, without iowait: on 8 idle CPUs it grows by 8 seconds a second.",
        steps=(Step("", "ratio", "uptime.idle / (uptime.uptime * cpus)"),),
        source="fs/proc/uptime.c uptime_proc_show()",
        see=("stat.idle",),
    ),
    Entry(
        names=("threads.count", "processes.count"),
        text=(
            "Counted from the state letter of every thread. A process shows only its leader's: of a hundred"
            " threads in D it shows one or none, which is why processes alone do not explain a load."
            " node_exporter counts the same in its collector processes, which is off by default."
        ),
        source="fs/proc/array.c get_task_state()",
        see=("state.D", "state.R", "loadavg.load1"),
    ),
    Entry(
        names=("waits.threads",),
        words=("wchan",),
        text=(
            "The kernel function a thread in D sleeps in says what it waits for: jbd2_* and xfs_log_* the"
            " journal, folio_wait_bit_common a page, rpc_wait_bit_killable an NFS server, request_wait_answer"
            " a FUSE daemon, rwsem_down_* a lock, balance_dirty_pages too much unwritten data. To read it"
            " takes the right to trace the thread."
        ),
        source="fs/proc/base.c proc_pid_wchan()",
        see=("state.D", "stat.procs_blocked"),
    ),
    Entry(
        names=("zombies.count",),
        text="Who leaves zombies behind: the parent should wait() for its children and does not.",
        source="kernel/exit.c",
        see=("state.Z",),
    ),
    Entry(
        names=("idea.several figures",),
        words=("several figures", "metrics", "trust", "지표"),
        meaning="why one figure never tells: counters lie, lag and overlap",
        text=(
            "Kernels have bugs, distributions change formulas, containers show the host's files, and every"
            " figure says less than its name. iowait may go backwards, steal jumps, averages lag by minutes,"
            " vmstat is up to vm.stat_interval old. So nothing here is judged by a level alone: a level and a"
            " consequence must agree, and where two figures contradict each other the one that is broken is"
            " named."
        ),
        see=("stat.iowait", "sys_vm.stat_interval", "pressure_memory.some_total"),
    ),
)
