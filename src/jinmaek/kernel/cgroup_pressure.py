"""{cpu,memory,io,irq}.pressure of every cgroup of version 2: how long its threads waited for a resource.

    memory.pressure: some avg10=0.00 avg60=0.00 avg300=0.00 total=0
                     full avg10=0.00 avg60=0.00 avg300=0.00 total=0

kernel/cgroup/cgroup.c cgroup_memory_pressure_show() and its like (5.2); the form is that of /proc/pressure.
The root's are the host's. A cgroup's cpu ``full`` is real, unlike the host's.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, counter, gauge, row
from jinmaek.kernel.cgroup_files import by_cgroup
from jinmaek.kernel.pressure import FULL_TOTAL, SOME_TOTAL, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RESOURCES = ("cpu", "memory", "io", "irq")
SHOWN = ("some_avg10", "some_total", "full_avg10", "full_total")


@row
class CgroupPressure:
    """Waiting of one cgroup, all below it included, for one resource."""

    cgroup: str
    resource: str
    """cpu, memory, io, irq."""
    some_avg10: float | None = gauge("ratio", "share of the last 10 s in which at least one thread waited")
    some_total: float | None = counter("seconds", SOME_TOTAL)
    full_avg10: float | None = gauge(
        "ratio", "share of the last 10 s in which every thread that had work waited"
    )
    full_total: float | None = counter("seconds", FULL_TOTAL)


def parse(tree: Mapping[str, str]) -> Iterator[CgroupPressure]:
    """One row for each cgroup and resource."""
    for cgroup, files in by_cgroup(tree).items():
        for resource in RESOURCES:
            text = files.get(f"{resource}.pressure", "")
            if text:
                told = values(text)
                shown = {name: told[name] for name in SHOWN if name in told}
                yield CgroupPressure(cgroup=cgroup, resource=resource, **shown)


READERS = (
    TreeReader(
        table="cgroup_pressure",
        paths=tuple(f"sys/fs/cgroup/**/{resource}.pressure" for resource in RESOURCES),
        row=CgroupPressure,
        parse=parse,
    ),
)
