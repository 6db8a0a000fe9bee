"""cgroup.stat of the root of the unified tree: cgroups there are, and removed ones still held (4.14).

    nr_descendants 41
    nr_dying_descendants 3
    nr_dying_subsys_memory 3

kernel/cgroup/cgroup.c cgroup_stat_show(). A removed cgroup is held by what is still charged to it, mostly
page cache, and holds per-CPU memory itself. The counts per controller are there since 6.12.
"""

from __future__ import annotations

from jinmaek.columns import TreeReader, columns_of, gauge, row
from jinmaek.kernel.cgroup_files import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = "cgroup.stat"
FOLDERS = ("sys/fs/cgroup/unified", "sys/fs/cgroup")


@row
class CgroupStat:
    """The unified tree of cgroups."""

    nr_descendants: int | None = gauge("count", "cgroups below the root")
    nr_dying_descendants: int | None = gauge("count", "removed cgroups that something still holds")
    nr_subsys_memory: int | None = gauge("count", "cgroups that account for memory, the root included (6.12)")
    nr_dying_subsys_memory: int | None = gauge("count", "removed ones of those still held (6.12)")


def parse(files: Mapping[str, str]) -> Iterator[CgroupStat]:
    """The one row: beside version 1 the tree is under ``unified``."""
    for folder in FOLDERS:
        if f"{folder}/{FILE}" in files:
            told = numbers({FILE: files[f"{folder}/{FILE}"]}, FILE)
            yield CgroupStat(**{name: told[name] for name in columns_of(CgroupStat) if name in told})
            return


READERS = (
    TreeReader(
        table="cgroup_stat",
        paths=tuple(f"{folder}/{FILE}" for folder in FOLDERS),
        row=CgroupStat,
        parse=parse,
    ),
)
