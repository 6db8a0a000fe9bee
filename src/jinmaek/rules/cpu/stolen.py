"""The hypervisor gives this machine's CPUs to somebody else."""

from __future__ import annotations

from jinmaek.diagnosis.expr import average, largest, limit, mean, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import pressure

STEAL = average(rate("stat_cpu.steal"))

RULE = Rule(
    id="cpu.stolen",
    title="The hypervisor takes CPU time away from this machine",
    when=STEAL > limit("steal", 0.1, "awesome-prometheus-alerts, netdata"),
    agree=(
        Sign("threads wait for a CPU", pressure("cpu") > limit("pressure", 0.05)),
        # Two: the thread that reads /proc/stat is one of them.
        Sign(
            "there is work to run at most readings",
            mean("stat.procs_running") >= limit("running", 2),
        ),
    ),
    unless=(
        Sign(
            "the steal counter grows faster than the clock: a known hypervisor fault",
            largest(rate("stat_cpu.steal")) > limit("clock", 1.1),
        ),
    ),
    held=300,
    severity="warning",
    worse=(("critical", STEAL > limit("steal-critical", 0.3)),),
    why=(
        "Much of the time this virtual machine wanted a CPU and the hypervisor ran somebody else. "
        "The cause is outside: an overcommitted host, a CPU limit, or burst credits that are used up."
    ),
    helps=(
        (
            "Watch the st column over some minutes: jinmaek vmstat 5 12. Flat means a limit, jagged means "
            "neighbours"
        ),
        "Look up CPU credits and limits of this instance at the provider or in the hypervisor",
        "Move to another host, or to an instance type with CPUs of its own",
    ),
    does_not_help=(
        (
            "Nice values, affinity or scheduler settings in the guest: the time is lost before its "
            "scheduler sees it"
        ),
        "More worker threads: they share the same stolen CPUs",
    ),
)
