"""The kernel is busy switching between threads instead of letting them work."""

from __future__ import annotations

from jinmaek.diagnosis import by_kernel_work
from jinmaek.diagnosis.expr import all_of, any_of, average, limit, named, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import CPUS

SWITCHES = named("context switches per CPU", rate("stat.ctxt") / CPUS)
SYSTEM = named("CPU time in the kernel", average(rate("stat_cpu.system")))
USER = average(rate("stat_cpu.user") + rate("stat_cpu.nice"))
SHARE = limit("system", 0.3)

RULE = Rule(
    id="cpu.switch-storm",
    title="The CPUs are kept busy by context switches",
    # pmieconf warns at 4,000 a second and CPU: today that costs a hundredth of the CPU.
    when=SWITCHES > limit("switches", 20000),
    agree=(
        Sign("the kernel takes much of the CPU time", SYSTEM > SHARE),
        Sign("the kernel takes more CPU time than the programs", all_of(SYSTEM > SHARE, SYSTEM > USER)),
    ),
    unless=(
        Sign(
            "threads reclaim memory: that is the work of the kernel",
            rate("vmstat.pgscan_direct") > limit("scanned", 1000),
        ),
        Sign(
            "memory is being compacted: that is the work of the kernel",
            rate("vmstat.compact_stall") > limit("compacted", 10),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                all_of(
                    SWITCHES > limit("switches-warning", 50000),
                    SYSTEM > limit("system-warning", 0.5),
                    SYSTEM > USER,
                ),
                all_of(SWITCHES > limit("switches-worse", 100000), SYSTEM > SHARE),
            ),
        ),
    ),
    why=(
        "Threads give the CPU to each other tens of thousands of times a second, and the kernel "
        "spends a large part of the CPU time on that and on the calls between. Usually they hand "
        "each other small pieces of work through a lock, a pipe or a socket."
    ),
    helps=(
        "See which calls: strace -c -f -p PID for some seconds, or perf trace -s -p PID",
        (
            "Threads that give up the CPU themselves wait for each other: larger batches, fewer workers, "
            "fewer locks"
        ),
        "Threads that are put off the CPU are too many for it: as many workers as CPUs",
        (
            "A slow clock makes every look at the time a system call: cat "
            "/sys/devices/system/clocksource/clocksource0/current_clocksource should say tsc, kvm-clock "
            "or arch_sys_counter"
        ),
    ),
    does_not_help=(
        "More memory: nobody waits for memory here",
        "More CPUs for threads that wait for each other: they wait on more CPUs",
        "Alerts on the number of switches alone: a busy server does thousands and is fine",
    ),
    culprits=by_kernel_work.by_system_time,
)
