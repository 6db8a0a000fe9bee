"""More work that can run than CPUs to run it."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, average, limit, lowest, mean, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.diagnosis.vitals import BUSY
from jinmaek.rules.terms import ACCOUNTED, CPUS, pressure

RULE = Rule(
    id="cpu.saturated",
    title="The CPUs are saturated",
    when=BUSY > limit("busy", 0.9, "prometheus node-mixin"),
    agree=(
        Sign("threads wait for a CPU", pressure("cpu") > limit("pressure", 0.05)),
        Sign("at every reading each CPU had a thread to run", lowest("stat.procs_running") >= CPUS),
    ),
    unless=(
        Sign(
            "most of it is low-priority (nice) work that gives way",
            average(rate("stat_cpu.nice")) > limit("nice", 0.5),
        ),
        Sign("the CPU time counters contradict the clock", ACCOUNTED > limit("clock", 1.1)),
    ),
    held=300,
    severity="info",
    worse=(
        # The thread that reads /proc/stat is itself counted as running. Where one thread is busy on each of 2
        # CPUs, daemons that want 4 % of each make 11 % of pressure: nobody is held up by that.
        (
            "warning",
            any_of(
                pressure("cpu") > limit("pressure-warning", 0.2),
                mean("stat.procs_running") > CPUS * limit("queue-warning", 1.5) + 1,
            ),
        ),
        (
            "critical",
            all_of(
                pressure("cpu") > limit("pressure-critical", 0.4),
                mean("stat.procs_running") > CPUS * limit("queue-critical", 4) + 1,
            ),
        ),
    ),
    why=(
        "The CPUs have next to no idle time left. Whether anybody is slowed down by it is told by the "
        "threads that wait for a CPU (pressure), not by the load average."
    ),
    helps=(
        "See which functions take the time of the first process named here: perf top -p PID",
        "Let batch work give way to the service: systemctl set-property UNIT CPUWeight=20",
        "More CPUs, if the work that runs is work you want",
    ),
    does_not_help=(
        "More memory or swap: nobody waits for memory here",
        "Renicing the only busy process: no other process wants its CPU",
        "Tuning against the load average: it also counts threads that wait for disks and locks",
    ),
    culprits=culprits.by_cpu_time,
)
