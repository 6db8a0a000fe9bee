"""Pressure stall information."""

from __future__ import annotations

from jinmaek.explain.entry import Entry, Step

TITLE = "Pressure (PSI): who had to wait, and for what"

ENTRIES = (
    Entry(
        names=("idea.pressure",),
        words=("PSI", "pressure", "pressure stall information", "압력", "프레셔"),
        meaning="the share of time in which work stood still for want of CPU, memory or I/O",
        text=(
            "Pressure stall information: the share of time in which work stood still for want of something."
            " Unlike load or utilisation it measures the harm itself. some: at least one thread waited; full:"
            " all that had work did, so nothing got done. total is exact and only grows; the averages fade"
            " and lag: avg10 has gone 63 % of the way after 10 s, avg300 takes a quarter of an hour. The"
            " files are missing before 4.20, and reading them fails where the kernel was booted without psi=1"
            " (RHEL by default)."
        ),
        steps=(
            Step("cpu", "ratio", "rate(pressure_cpu.some_total)"),
            Step("memory", "ratio", "rate(pressure_memory.some_total)"),
            Step("", "ratio", "rate(pressure_io.some_total)"),
        ),
        source="kernel/sched/psi.c; Documentation/accounting/psi.rst",
        see=("pressure_cpu.some_total", "pressure_memory.some_total", "pressure_io.some_total"),
    ),
    Entry(
        names=("pressure_cpu.some_avg*", "pressure_cpu.some_total"),
        text=(
            "The share of time in which a thread that could have run waited for a CPU: the best measure of"
            " saturation, and independent of their number. Waiting because of a cgroup's quota is in it too:"
            " if the host is idle and this is high, look at cpu.stat nr_throttled. A busy CPU with no"
            " pressure is well used."
        ),
        steps=(Step("", "ratio", "rate(pressure_cpu.some_total)"),),
        source="kernel/sched/psi.c",
        see=("loadavg.load1", "cgroup_cpu.nr_throttled", "idea.pressure"),
    ),
    Entry(
        names=("pressure_cpu.full_*",),
        text=(
            "All threads waiting for a CPU while none runs cannot be on a whole host, so the line is 0; it"
            " was added in 5.13 for cgroups, where it means throttling."
        ),
        source="kernel/sched/psi.c",
        see=("pressure_cpu.some_total",),
    ),
    Entry(
        names=("pressure_memory.some_avg*", "pressure_memory.some_total"),
        text=(
            "The share of time in which a thread waited for memory: in direct reclaim, in compaction, at its"
            " cgroup's limit, or for pages coming back that had just been evicted. Above a few per cent for"
            " minutes somebody suffers, however much free shows. It counts cgroups at their limit, so the"
            " host may have plenty."
        ),
        steps=(Step("", "ratio", "rate(pressure_memory.some_total)"),),
        source="kernel/sched/psi.c psi_memstall_enter()",
        see=("vmstat.pgscan_direct", "vmstat.workingset_refault_file", "idea.thrashing"),
    ),
    Entry(
        names=("pressure_memory.full_*",),
        text=(
            "Nobody could work because all waited for memory: lost time. 10 % is a host that everybody"
            " complains about, at 60 % for half a minute systemd-oomd kills."
        ),
        steps=(Step("", "ratio", "rate(pressure_memory.full_total)"),),
        source="kernel/sched/psi.c",
        see=("pressure_memory.some_total", "idea.OOM killer"),
    ),
    Entry(
        names=("pressure_io.some_avg*", "pressure_io.some_total", "pressure_io.full_*"),
        text=(
            "Threads waited for block I/O, swap included. It counts every sleep in io_schedule(), so idle"
            " io_uring waiters (from 6.1.39 and 6.5 on) can drive it up with disks that do nothing: look at"
            " in_flight of the disks as well. Waits for NFS and FUSE are mostly not in it."
        ),
        steps=(
            Step("some", "ratio", "rate(pressure_io.some_total)"),
            Step("", "ratio", "rate(pressure_io.full_total)"),
        ),
        source="kernel/sched/psi.c",
        see=("diskstats.in_flight", "state.D", "stat.iowait"),
    ),
    Entry(
        names=("pressure_irq.full_*",),
        text=(
            "Threads that were ready stood still because interrupts used their CPU. Needs"
            " CONFIG_IRQ_TIME_ACCOUNTING, and only full exists."
        ),
        source="kernel/sched/psi.c psi_account_irqtime()",
        see=("stat.irq", "interrupts.count"),
    ),
    Entry(
        names=("cgroup_pressure.*",),
        text=(
            "The same for the threads of one cgroup and all below it. full of cpu is real here: all its"
            " threads were throttled. The cgroup with pressure is the victim; who took the memory may be"
            " another."
        ),
        steps=(Step("", "ratio", "rate(cgroup_pressure.some_total)"),),
        source="kernel/sched/psi.c",
        see=("idea.pressure", "cgroup_memory.events_high"),
    ),
)
