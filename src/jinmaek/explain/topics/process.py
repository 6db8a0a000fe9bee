"""One process: priority, CPU time, faults, threads, I/O."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Processes: columns of top, priority, CPU time, faults, I/O"

STAT = "fs/proc/array.c do_task_stat()"

ENTRIES = (
    Entry(
        names=("top.PID", "top.PPID"),
        shown=("smem.pid",),
        words=("pid", "ppid"),
        meaning="number of the process, and of its parent",
        text=(
            "Numbers are used again: who remembers a process must keep its start time too. A parent that ends"
            " leaves its children to init (PPID 1) or to the nearest subreaper. In a container the numbers"
            " are those of its own namespace."
        ),
        source=STAT,
        see=("sys_kernel.pid_max", "pid_stat.starttime"),
    ),
    Entry(
        names=("top.USER", "top.UID"),
        shown=("smem.user",),
        words=("user",),
        meaning="the effective user: whose rights the process has",
        text="The owner of /proc/PID. A set-uid program shows the user it became.",
        source="fs/proc/base.c pid_update_inode()",
    ),
    Entry(
        names=("top.COMMAND",),
        shown=("smem.name", "smem.command"),
        meaning="the name of the program, at most 15 bytes; with -c the command line",
        text=(
            "A process may call itself anything, and threads have names of their own. Kernel threads have no"
            " command line and stand in brackets; those of workqueues are named by what they serve"
            " (kworker/u8:1-flush-8:0 writes to device 8:0)."
        ),
        source="fs/proc/array.c proc_task_name()",
    ),
    Entry(
        names=("pid_stat.priority",),
        shown=("top.PR",),
        words=("priority", "PRI", "우선순위", "프로세스 우선순위"),
        text=(
            "20 + nice for ordinary processes: 0 to 39, lower runs more. Real-time ones have -1 - their"
            " real-time priority (-2 to -100, top shows rt for the highest) and run before all ordinary ones"
            " whatever the nice value. A low number does not make a program run earlier as such: ordinary"
            " processes share a CPU by weight, and on an idle CPU priority changes nothing."
        ),
        steps=(Step("", "count", "20 + pid_stat.nice"),),
        source=STAT,
        see=("pid_stat.nice", "pid_stat.rt_priority"),
    ),
    Entry(
        names=("pid_stat.nice",),
        shown=("top.NI",),
        words=("renice", "nice value", "나이스"),
        text=(
            "-20 takes most, 19 least. Each step changes the weight by a quarter: beside one at nice 0 a"
            " process at nice 10 gets about a tenth of a busy CPU. It matters only while processes compete"
            " for a CPU, and only within a cgroup: between services cpu.weight decides. A lower value takes"
            " root."
        ),
        steps=(Step("", "ratio", "1 / (1 + 1.25 ** pid_stat.nice)"),),
        source="kernel/sched/core.c sched_prio_to_weight[]",
        see=("pid_stat.priority", "stat.nice"),
    ),
    Entry(
        names=("pid_stat.rt_priority",),
        text="SCHED_FIFO and SCHED_RR: 1 to 99, higher first. Such a thread in a loop starves its CPU.",
        source=STAT,
        see=("pid_stat.priority",),
    ),
    Entry(
        names=("pid_stat.utime", "pid_stat.stime", "pid_stat.cutime", "pid_stat.cstime"),
        shown=("top.TIME", "top.TIME+"),
        words=("TIME+", "CPU time", "CPU 시간"),
        text=(
            "CPU time since the start: in its own code (utime), in the kernel (stime), and of children it has"
            " waited for (cutime, cstime). All threads together. The sum is exact, the division between user"
            " and system is sampled at the tick. TIME+ prints the sum in minutes, seconds and hundredths."
            " Children that are never waited for are counted nowhere."
        ),
        steps=(Step("", "seconds", "pid_stat.utime + pid_stat.stime"),),
        source="kernel/sched/cputime.c cputime_adjust()",
        see=("top.%CPU",),
    ),
    Entry(
        names=("pid_stat.minflt", "pid_stat.majflt"),
        shown=("top.nMin", "top.nMaj"),
        text=(
            "Page faults of the process since its start: served from memory (minor), and waited for at a disk"
            " (major). Few major ones after the start are normal; many per second are a program whose code or"
            " data is evicted over and over."
        ),
        source=STAT,
        see=("idea.page fault", "vmstat.pgmajfault"),
    ),
    Entry(
        names=("pid_stat.num_threads", "pid_status.Threads"),
        shown=("top.nTH",),
        words=("threads", "스레드"),
        text=(
            "Each has 16 KiB of kernel stack and a pid. A number that grows with time and not with load is a"
            " leak of threads. A leader that has ended is still counted."
        ),
        source=STAT,
        see=("loadavg.nr_threads", "meminfo.KernelStack"),
    ),
    Entry(
        names=("top.P",),
        meaning="the CPU it ran on last",
        text="Says where its caches are warm, not where it will run next. taskset -p shows where it may.",
        source=STAT,
    ),
    Entry(
        names=("pid_stat.starttime",),
        text="In ticks since boot; with the pid the identity of a process.",
        source=STAT,
        see=("top.PID",),
    ),
    Entry(
        names=("pid_stat.flags",),
        text=(
            "PF_* bits: 0x00200000 kernel thread, 0x00000004 on its way out, 0x00000800 frees memory for"
            " others (may use the last reserves), 0x00000040 forked and not yet exec()ed."
        ),
        source="include/linux/sched.h",
    ),
    Entry(
        names=("pid_stat.delayacct_blkio_ticks",),
        words=("delay accounting",),
        text=(
            "The time it slept for block I/O. 0 on most hosts: delay accounting is off by default since 5.14"
            " (kernel.task_delayacct)."
        ),
        source="kernel/delayacct.c",
        see=("sys_kernel.task_delayacct",),
    ),
    Entry(
        names=("pid_status.voluntary_ctxt_switches", "pid_status.nonvoluntary_ctxt_switches"),
        text=(
            "Of the one thread whose file it is, for a process of its leader: all threads must be added up."
            " Voluntary: it waited for something. Nonvoluntary: the CPU was taken from it, so there were more"
            " threads than CPUs, or its time was up."
        ),
        source="fs/proc/array.c task_context_switch_counts()",
        see=("stat.ctxt",),
    ),
    Entry(
        names=("pid_schedstat.*",),
        text=(
            "To the nanosecond and of one thread: time on a CPU, time ready but waiting for one, and number"
            " of turns. The growth of run_delay tells who suffers from busy CPUs."
        ),
        steps=(Step("", "seconds", "pid_schedstat.run_delay / pid_schedstat.pcount"),),
        source="fs/proc/base.c proc_pid_schedstat()",
        see=("pressure_cpu.some_total", "schedstat.waiting_seconds"),
    ),
    Entry(
        names=("pid_io.*",),
        text=(
            "rchar and wchar are what went through read() and write(), cache hits, pipes and sockets"
            " included. read_bytes is what was really fetched from storage for it. write_bytes is page cache"
            " it dirtied: the disk gets it later, or never, if the file is deleted before"
            " (cancelled_write_bytes)."
        ),
        source="fs/proc/base.c do_io_accounting()",
        see=("vmstat.bi", "meminfo.Dirty"),
    ),
    Entry(
        names=("top.Tasks",),
        words=("tasks",),
        meaning="processes by state: running, sleeping, stopped, zombie",
        text=(
            "Running counts state R of leaders; sleeping is everything else that is not stopped or zombie, D"
            " and I included. So a host that hangs in D shows nothing but sleepers here."
        ),
        steps=(Step("", "count", "sum(processes.count)"),),
        source="procps top.c",
        see=("state.D", "threads.count"),
    ),
    Entry(
        names=("top.users",),
        meaning="sessions that are logged in",
        text="Entries of utmp: a person with three terminals counts three times.",
        source="procps library/uptime.c",
    ),
)
