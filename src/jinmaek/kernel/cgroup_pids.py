"""pids.current, pids.max, pids.events of every cgroup: threads and how many it may have.

    pids.events: max 12

kernel/cgroup/pids.c. The same files in both versions; the root has none. Zombies count too.
"""

from __future__ import annotations

from jinmaek.columns import Metric, TreeReader, ceiling, counter, gauge, row
from jinmaek.kernel.cgroup_files import by_cgroup, number, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILES = ("pids.current", "pids.max", "pids.events")


@row
class CgroupPids:
    """Threads of one cgroup with all below it."""

    cgroup: str
    current: int | None = gauge("count", "threads", Metric("container_threads", rename={"cgroup": "id"}))
    max: int | None = ceiling("count", "most threads")
    events_max: int | None = counter("count", "forks refused: the limit was reached")


def parse(tree: Mapping[str, str]) -> Iterator[CgroupPids]:
    """One row for each cgroup below the root."""
    for cgroup, files in by_cgroup(tree).items():
        yield CgroupPids(
            cgroup=cgroup,
            current=number(files, "pids.current"),
            max=number(files, "pids.max"),
            events_max=numbers(files, "pids.events").get("max"),
        )


READERS = (
    TreeReader(
        table="cgroup_pids",
        paths=tuple(f"sys/fs/cgroup/**/{name}" for name in FILES),
        row=CgroupPids,
        parse=parse,
    ),
)
