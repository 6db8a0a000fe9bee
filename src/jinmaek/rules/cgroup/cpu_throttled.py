"""A cgroup's own quota holds it back, not the machine."""

from __future__ import annotations

from jinmaek.diagnosis import in_cgroup
from jinmaek.diagnosis.expr import all_of, limit, named, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import cgroup_pressure

THROTTLED = named(
    "quota periods in which the quota ran out",
    rate("cgroup_cpu.nr_throttled") / rate("cgroup_cpu.nr_periods"),
)
HELD_BACK = rate("cgroup_cpu.throttled")
WITHHELD = named("CPU time it wanted and did not get", HELD_BACK / (HELD_BACK + rate("cgroup_cpu.usage")))
"""Of what it used and what it was held back; ``throttled`` counts each CPU it was held back on."""

RULE = Rule(
    id="cgroup.cpu-throttled",
    title="{cgroup} is held back by its CPU quota",
    when=THROTTLED > limit("throttled", 0.25, "kubernetes-mixin"),
    agree=(
        Sign("it is held back for a good part of the time", HELD_BACK > limit("held-back", 0.1)),
        Sign("it does not get much of the CPU time it wants", WITHHELD > limit("withheld", 0.2)),
        Sign(
            "all its threads stand still for want of CPU at once",
            cgroup_pressure("cpu", "full") > limit("stalled", 0.05),
        ),
    ),
    unless=(Sign("only the tips of short bursts are cut off", HELD_BACK < limit("tips", 0.01)),),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            all_of(
                THROTTLED > limit("throttled-warning", 0.9),
                WITHHELD > limit("withheld-warning", 0.75),
            ),
        ),
    ),
    why=(
        "The quota of {cgroup} is used up before many of its periods are over. Its threads, and those of the "
        "cgroups below it, then stand still until the next period, however idle the machine is. Many threads "
        "use a quota up together, so its average use may look low."
    ),
    helps=(
        "Raise the quota: systemctl set-property UNIT CPUQuota=200%, or resources.limits.cpu in Kubernetes",
        "Let it save up for bursts: cpu.max.burst (cpu.cfs_burst_us in version 1), Linux 5.14",
        "Run no more threads than the quota has CPUs: GOMAXPROCS, -XX:ActiveProcessorCount, a smaller pool",
        "Below Linux 5.4 (4.19.84, 4.14.154) quotas are cut short by a kernel fault: update",
    ),
    does_not_help=(
        "More CPUs on the host, or a faster host: the quota stays the same",
        "cpu.weight, cpu.shares or nice: they share out what is left, and the quota comes first",
        "More worker threads: they use up the same quota sooner",
    ),
    culprits=in_cgroup.by_cpu_time,
    sources=("throttling before Linux 5.4: kubernetes issue 67577",),
)
