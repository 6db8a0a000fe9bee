"""A few synthetic hosts with conditions planted in them, and one that exports less than the others."""

from __future__ import annotations

from collections.abc import Iterator

from bench.synthetic_hosts import SCENARIOS, Host, fleet, lines
from tests.engines import Sample

from jinmaek.diagnosis.limits import expressions
from jinmaek.diagnosis.shape import columns
from jinmaek.rules import rules

END = 1_790_000_000.0
STEP = 60.0
MOMENTS = 75
OLD = "old:9100"
"""A host whose kernel has no pressure figures."""
HOSTS = (*fleet(18, 1), Host(OLD, None, 0))
USED = {
    *("node_boot_time_seconds", "node_load1", "node_memory_MemTotal_bytes"),
    *(ref.metric.name for rule in rules() for expr in expressions(rule) for ref in columns(expr)),
}


def samples(end: float = END) -> Iterator[Sample]:
    """What the hosts exported, and process-exporter beside the one whose CPUs are saturated."""
    times = [end - (MOMENTS - 1 - place) * STEP for place in range(MOMENTS)]
    for host in HOSTS:
        target = {"instance": host.name, "job": "node"}
        scenario = SCENARIOS[host.scenario] if host.scenario else None
        silent = scenario.lasts if scenario and scenario.blind else 0.0
        yield "up", target, [(time, float(end - time >= silent)) for time in times]
        for line in lines(host.scenario, host.variant, MOMENTS, STEP, end):
            if line.name in USED and not (host.name == OLD and "pressure" in line.name):
                points = [(t, v) for t, v in zip(times, line.values, strict=True) if v is not None]
                yield line.name, {**target, **dict(line.labels)}, points
        if host.scenario == "saturated":
            beside = {"instance": host.name.replace("9100", "9256"), "job": "processes"}
            for name, rate in (("encoder", 3.2), ("sshd", 0.01)):
                yield (
                    "namedprocess_namegroup_cpu_seconds_total",
                    {**beside, "groupname": name, "mode": "user"},
                    [(time, rate * place * STEP) for place, time in enumerate(times)],
                )
