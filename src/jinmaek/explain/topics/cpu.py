"""Where the time of the CPUs goes."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "CPU time: user, system, idle, iowait, steal, and switches"

ALL = (
    "stat.user + stat.nice + stat.system + stat.idle + stat.iowait + stat.irq + stat.softirq"
    " + (stat.steal or 0)"
)
WHOLE = Step("whole", "ratio", f"rate({ALL})")


def _share(of: str) -> tuple[Step, ...]:
    """A share of the time of all CPUs together."""
    return (WHOLE, Step("", "ratio", f"rate({of}) / whole"))


ENTRIES = (
    Entry(
        names=("stat.user", "stat_cpu.user"),
        text=(
            "Time in programs' own code at nice 0 or below. The time of virtual machines (guest) is contained"
            " in it: add it once only. Times are sums over all CPUs; each CPU gives one second a second."
        ),
        steps=_share("stat.user"),
        source="kernel/sched/cputime.c account_user_time()",
        see=("stat.nice", "stat.guest"),
    ),
    Entry(
        names=("stat.nice", "stat_cpu.nice"),
        shown=("top.ni",),
        text=(
            "Programs at nice 1 to 19: work that gives way. A CPU that is busy with it is free for everybody"
            " else, so it does not count against a host."
        ),
        steps=_share("stat.nice"),
        source="kernel/sched/cputime.c account_user_time()",
        see=("pid_stat.nice",),
    ),
    Entry(
        names=("stat.system", "stat_cpu.system"),
        text=(
            "The kernel working for programs: system calls, page faults, reclaim. A large share without much"
            " throughput has a reason: memory reclaim, many tiny system calls, locks, a clock source that"
            " needs a system call."
        ),
        steps=_share("stat.system"),
        source="kernel/sched/cputime.c account_system_time()",
        see=("stat.ctxt", "vmstat.pgscan_direct"),
    ),
    Entry(
        names=("stat.idle", "stat_cpu.idle"),
        shown=("vmstat.id", "top.id"),
        text=(
            "Nothing to run and nobody on this CPU waiting for I/O. What is left when everything else is"
            " taken off; it may go back by a tick."
        ),
        here="The CPUs had nothing to do {value} of the time.",
        steps=_share("stat.idle"),
        source="kernel/sched/cputime.c account_idle_time()",
        see=("stat.iowait",),
    ),
    Entry(
        names=("stat.iowait", "stat_cpu.iowait"),
        shown=("vmstat.wa", "top.wa"),
        words=("I/O wait", "iowait", "%wa"),
        text=(
            "Idle time of a CPU on which a thread had gone to sleep for I/O. It is idle time: the CPU is"
            " free, and as soon as somebody computes iowait falls though the disk is as slow as before. So it"
            " is a lower bound and no measure of the disk; per CPU it means nothing, for the thread may wake"
            " up elsewhere. The kernel's own manual calls it not reliable. It also counts idle io_uring"
            " waiters from 6.1.39 and 6.5 on. Threads in D and pressure of I/O answer the question it seems"
            " to answer."
        ),
        here="The CPUs were idle while somebody waited for I/O {value} of the time, at least.",
        steps=_share("stat.iowait"),
        source="kernel/sched/cputime.c account_idle_time(); Documentation/filesystems/proc.rst",
        see=("pressure_io.some_total", "stat.procs_blocked", "state.D"),
    ),
    Entry(
        names=("stat.irq", "stat_cpu.irq", "stat.softirq", "stat_cpu.softirq"),
        shown=("top.hi",),
        words=("hi", "softirq time"),
        text=(
            "Time in hardware interrupts, and in the work they put off (network packets, timers, block"
            " completions). Without CONFIG_IRQ_TIME_ACCOUNTING it is sampled at the tick and can read 0. One"
            " CPU full of it while others idle is a network card whose queues are not spread."
        ),
        steps=_share("stat.irq + stat.softirq"),
        source="kernel/sched/cputime.c irqtime_account_irq()",
        see=("softirqs.count", "interrupts.count", "softnet_stat.time_squeeze"),
    ),
    Entry(
        names=("top.si",),
        meaning="share of the time in softirqs: work that interrupts put off",
        text=(
            "Network packets, timers, block completions. In vmstat si is something else: memory that comes"
            " back from swap."
        ),
        steps=_share("stat.softirq"),
        see=("stat.softirq", "vmstat.si"),
    ),
    Entry(
        names=("stat.steal", "stat_cpu.steal"),
        shown=("vmstat.st", "top.st"),
        text=(
            "This virtual machine had something to run, and the hypervisor ran somebody else. Nothing inside"
            " the guest helps. 0 does not prove that all is well: not every hypervisor tells."
        ),
        here="The hypervisor took {value} of the time for others.",
        steps=_share("stat.steal"),
        source="kernel/sched/cputime.c steal_account_process_time()",
        see=("pressure_cpu.some_total",),
    ),
    Entry(
        names=("stat.guest", "stat.guest_nice", "stat_cpu.guest", "stat_cpu.guest_nice"),
        text=(
            "Time in which this host ran virtual CPUs of its guests. Contained in user (guest) and nice"
            " (guest_nice): adding it to them counts it twice."
        ),
        source="kernel/sched/cputime.c account_guest_time()",
        see=("stat.user", "vmstat.gu"),
    ),
    Entry(
        names=("vmstat.gu",),
        meaning="share of the time spent running virtual machines",
        text="vmstat -w shows it apart and takes it off us. On a host without guests it is 0.",
        here="{value} of the time went to virtual machines.",
        steps=_share("(stat.guest or 0) + (stat.guest_nice or 0)"),
        see=("stat.guest",),
    ),
    Entry(
        names=("vmstat.us",),
        shown=("top.us",),
        words=("user time",),
        meaning="share of the time in programs' own code",
        text=(
            "user + nice, without guests, of all CPUs together. In top, us is without nice, which has its own"
            " column ni. High us is work being done; whether too much of it is wanted is told by the threads"
            " that wait for a CPU (r, pressure), not by this."
        ),
        here="Programs computed {value} of the time.",
        steps=_share("stat.user + stat.nice - (stat.guest or 0) - (stat.guest_nice or 0)"),
        see=("stat.user", "stat.nice", "vmstat.r"),
    ),
    Entry(
        names=("vmstat.sy",),
        shown=("top.sy",),
        words=("system time",),
        meaning="share of the time in the kernel",
        text=(
            "system + irq + softirq of all CPUs together. In top, sy is system alone; hi and si have columns"
            " of their own."
        ),
        here="The kernel worked {value} of the time.",
        steps=_share("stat.system + stat.irq + stat.softirq"),
        see=("stat.system",),
    ),
    Entry(
        names=("stat.ctxt",),
        shown=("vmstat.cs",),
        words=("context switch", "context switches", "컨텍스트 스위치", "문맥 교환"),
        text=(
            "A CPU went from one thread to another. A rate alone means nothing: idle hosts have thousands a"
            " second. It matters when it is several times what is usual and sys time is high as well. Which"
            " kind: voluntary_ctxt_switches of threads are waits (locks, I/O), nonvoluntary ones are more"
            " threads than CPUs."
        ),
        here="Switches from one thread to another: {value}.",
        steps=(Step("", "count/s", "rate(stat.ctxt)"),),
        source="kernel/sched/core.c __schedule()",
        see=("pid_status.voluntary_ctxt_switches",),
    ),
    Entry(
        names=("stat.intr",),
        shown=("vmstat.in",),
        words=("interrupts",),
        text=(
            "Interrupts of devices and of the timer, of all CPUs. Which: /proc/interrupts. On tickless"
            " kernels an idle host has few."
        ),
        here="Interrupts of devices and of the timer: {value}.",
        steps=(Step("", "count/s", "rate(stat.intr)"),),
        source="fs/proc/stat.c show_stat()",
        see=("interrupts.count", "stat.softirq_total"),
    ),
    Entry(
        names=("stat.softirq_total", "softirqs.count"),
        text=(
            "Runs of deferred work by kind: NET_RX and NET_TX packets, TIMER, SCHED balancing between CPUs,"
            " BLOCK completions, RCU freeing. One kind growing on one CPU alone points to what feeds it."
        ),
        source="kernel/softirq.c handle_softirqs()",
        see=("stat.softirq", "softnet_stat.processed"),
    ),
    Entry(
        names=("interrupts.count",),
        text=(
            "Numbers are devices, letters what CPUs send each other: RES wakes a CPU for a thread, CAL calls"
            " a function there, TLB tells it to forget addresses after munmap(), LOC is the timer. Those are"
            " consequences of what programs do; THR and MCE are the hardware's."
        ),
        source="kernel/irq/proc.c show_interrupts()",
        see=("stat.intr",),
    ),
    Entry(
        names=("stat.processes",),
        shown=("vmstat.forks",),
        words=("forks",),
        text=(
            "Every clone() since boot, threads included. A high rate of short-lived processes uses CPU time"
            " that no list of processes shows, because nobody lives long enough to be seen."
        ),
        steps=(Step("", "count/s", "rate(stat.processes)"),),
        source="kernel/fork.c copy_process()",
        see=("pid_stat.cutime",),
    ),
    Entry(
        names=("stat.btime",),
        text="The moment of boot by the wall clock. If it moves, the clock was set.",
        source="fs/proc/stat.c show_stat()",
        see=("uptime.uptime",),
    ),
    Entry(
        names=("schedstat.running_seconds", "schedstat.waiting_seconds", "schedstat.timeslices"),
        words=("run queue latency", "run_delay"),
        text=(
            "By CPU: how long threads ran, how long they were ready and had to wait, and how often they got"
            " their turn. The growth of waiting is the queue in front of the CPUs, to the nanosecond. Needs"
            " CONFIG_SCHEDSTATS."
        ),
        steps=(Step("", "ratio", "rate(schedstat.waiting_seconds)"),),
        source="kernel/sched/stats.c show_schedstat()",
        see=("pressure_cpu.some_total", "pid_schedstat.run_delay"),
    ),
    Entry(
        names=("top.%CPU",),
        words=("%CPU", "CPU usage", "CPU 사용률"),
        meaning="CPU time a process used between two readings: 100 is one CPU all the time",
        text=(
            "Growth of utime + stime over the time between two frames. A process with several threads can"
            " exceed 100; Solaris mode (I) divides by the number of CPUs. The first frame of top and all of"
            " ps are different: ps divides the whole CPU time by the whole life, so its figure can be an"
            " average over months (the formula below is that of ps: top's needs two readings). Ticks of 10 ms"
            " make short frames coarse."
        ),
        steps=(
            Step("", "ratio", "(pid_stat.utime + pid_stat.stime) / (uptime.uptime - pid_stat.starttime)"),
        ),
        source="procps top.c; fs/proc/array.c do_task_stat()",
        see=("pid_stat.utime", "top.TIME+"),
    ),
)
