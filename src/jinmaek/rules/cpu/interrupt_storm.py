"""Interrupts keep one CPU from all other work."""

from __future__ import annotations

from jinmaek.diagnosis import by_kernel_work
from jinmaek.diagnosis.expr import all_of, any_of, average, limit, named, rate
from jinmaek.diagnosis.rule import Rule, Sign

WORK = named("time of the CPU for interrupts", rate("stat_cpu.irq") + rate("stat_cpu.softirq"))
EVERYWHERE = named(
    "average time of a CPU for interrupts", average(rate("stat_cpu.irq") + rate("stat_cpu.softirq"))
)
DROPPED = rate("softnet_stat.dropped")

RULE = Rule(
    id="cpu.interrupt-storm",
    title="CPU {cpu} is kept busy by interrupts",
    when=WORK > limit("busy", 0.5),
    agree=(
        Sign("it throws packets away: its backlog is full", DROPPED > limit("dropped", 1)),
        Sign(
            "its packets do not fit the budget of a poll",
            rate("softnet_stat.time_squeeze") > limit("squeezed", 10),
        ),
        Sign("the other CPUs have next to no such work", EVERYWHERE < limit("elsewhere", 0.15)),
        Sign(
            "some source interrupts very often",
            rate("stat.intr") > limit("interrupts", 100000),
        ),
        Sign(
            "no program runs there any more",
            rate("stat_cpu.user") + rate("stat_cpu.nice") < limit("programs", 0.05),
        ),
    ),
    unless=(
        Sign(
            "it has time to spare",
            rate("stat_cpu.idle") + rate("stat_cpu.iowait") > limit("idle", 0.3),
        ),
        Sign("its CPU time counters contradict the clock", WORK > limit("clock", 1.1)),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(WORK > limit("busy-warning", 0.8), DROPPED > limit("dropped-warning", 10, "netdata")),
        ),
        ("critical", all_of(WORK > limit("busy-warning", 0.8), DROPPED > limit("dropped-critical", 100))),
    ),
    why=(
        "CPU {cpu} spends most of its time in interrupts and softirqs. What else should run there "
        "waits, and when it is packets that come, those that do not fit are thrown away. The "
        "averages over all CPUs hide it."
    ),
    helps=(
        "See which source and which work grows: watch -d cat /proc/interrupts /proc/softirqs",
        (
            "Spread a network card: more queues (ethtool -L eth0 combined N), receive side scaling, or "
            "rps_cpus for one with a single queue"
        ),
        (
            "Spread the sources: irqbalance, or /proc/irq/N/smp_affinity_list; where it is now: "
            "/proc/irq/N/effective_affinity_list"
        ),
        "Fewer interrupts for the same packets: ethtool -C eth0 adaptive-rx on",
        "A source that never rests without traffic is a broken device or driver: dmesg -T | grep -i irq",
    ),
    does_not_help=(
        "nice or more priority for programs: interrupts come before every program",
        "More CPUs, while the one source goes to one CPU",
        ("Blaming RES, CAL, TLB and LOC in /proc/interrupts: CPUs send those to each other and themselves"),
    ),
    culprits=by_kernel_work.by_interrupts,
    tables=("interrupts", "softirqs"),
)
