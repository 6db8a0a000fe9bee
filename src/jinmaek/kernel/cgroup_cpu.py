"""cpu.stat, cpu.max (version 1: cpu.cfs_quota_us, cpuacct.usage) of every cgroup: CPU time and throttling.

    nr_periods 1200
    nr_throttled 340
    throttled_usec 12345678

kernel/sched/core.c cpu_extra_stat_show(), kernel/cgroup/rstat.c cgroup_base_stat_cputime_show().
Version 1 says throttled_time in nanoseconds. Bursts since 5.15. Usage is counted without a controller too.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, TreeReader, ceiling, counter, gauge, row
from jinmaek.kernel.cgroup_files import by_cgroup, number, numbers
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILES = ("cpu.stat", "cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpuacct.usage")
MICROSECONDS = 1_000_000
NANOSECONDS = 1_000_000_000


def _cadvisor(name: str, labels: Mapping[str, str] | None = None, *, factor: float = 1) -> Metric:
    return Metric(f"container_{name}", labels, rename={"cgroup": "id"}, factor=factor)


@row
class CgroupCpu:
    """CPU time of one cgroup with all below it, and how its quota held it back."""

    cgroup: str
    usage: float | None = counter(
        "seconds", "CPU time used", _cadvisor("cpu_usage_seconds_total", {"cpu": "total"})
    )
    nr_periods: int | None = counter(
        "count", "quota periods in which it ran", _cadvisor("cpu_cfs_periods_total")
    )
    nr_throttled: int | None = counter(
        "count", "periods in which the quota ran out", _cadvisor("cpu_cfs_throttled_periods_total")
    )
    throttled: float | None = counter(
        "seconds",
        "time threads were held back, summed over CPUs",
        _cadvisor("cpu_cfs_throttled_seconds_total"),
    )
    nr_bursts: int | None = counter(
        "count", "periods that used saved quota", _cadvisor("cpu_cfs_burst_periods_total")
    )
    burst: float | None = counter(
        "seconds", "CPU time used above the quota out of savings", _cadvisor("cpu_cfs_burst_seconds_total")
    )
    quota: float | None = ceiling("ratio", "CPUs it may use")
    period: float | None = gauge(
        "seconds",
        "time in which the quota is shared out",
        _cadvisor("spec_cpu_period", factor=1 / MICROSECONDS),
    )


def _limit(files: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Quota in CPUs and period in seconds."""
    words = files.get("cpu.max", "").split()
    if words:
        if len(words) < 2:
            raise Malformed(1, "cpu.max: no period")
        quota = None if words[0] == "max" else unsigned(words[0], 1)
        period: int | None = unsigned(words[1], 1)
    else:
        quota = number(files, "cpu.cfs_quota_us")
        period = number(files, "cpu.cfs_period_us")
    if period is None:
        return None, None
    return (quota / period if quota is not None and period else None), period / MICROSECONDS


def _either(stat: Mapping[str, int], version_2: str, version_1: str) -> float | None:
    """Seconds from microseconds or, in version 1, nanoseconds."""
    if version_2 in stat:
        return stat[version_2] / MICROSECONDS
    return stat[version_1] / NANOSECONDS if version_1 in stat else None


def parse(tree: Mapping[str, str]) -> Iterator[CgroupCpu]:
    """One row for each cgroup that has any of the files."""
    for cgroup, files in by_cgroup(tree).items():
        stat = numbers(files, "cpu.stat")
        cpuacct = number(files, "cpuacct.usage")
        quota, period = _limit(files)
        yield CgroupCpu(
            cgroup=cgroup,
            usage=_either(stat, "usage_usec", "") if cpuacct is None else cpuacct / NANOSECONDS,
            nr_periods=stat.get("nr_periods"),
            nr_throttled=stat.get("nr_throttled"),
            throttled=_either(stat, "throttled_usec", "throttled_time"),
            nr_bursts=stat.get("nr_bursts"),
            burst=_either(stat, "burst_usec", "burst_time"),
            quota=quota,
            period=period,
        )


READERS = (
    TreeReader(
        table="cgroup_cpu",
        paths=tuple(f"sys/fs/cgroup/**/{name}" for name in FILES),
        row=CgroupCpu,
        parse=parse,
    ),
)
