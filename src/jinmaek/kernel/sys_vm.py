"""/proc/sys/vm/*: how the memory management is tuned.

mm/*.c and kernel/sysctl.c; Documentation/admin-guide/sysctl/vm.rst. One file per sysctl, one number in each;
a file that this kernel lacks, or that is empty in a captured tree, leaves its column None. Columns carry the
kernel's file names (``-`` is ``_``) but base units: kbytes are bytes, percents ratios, centiseconds seconds.
"""

from __future__ import annotations

from jinmaek.columns import Metric, TreeReader, columns_of, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@row
class SysVm:
    """The vm.* sysctls of the host. Of a ratio and its bytes the one that is not 0 counts."""

    overcommit_memory: int | None = gauge("count", "0: refuse obvious excess, 1: never, 2: keep to the limit")
    overcommit_ratio: float | None = gauge("ratio", "share of RAM that counts in CommitLimit")
    overcommit_kbytes: int | None = gauge(
        "bytes", "part of RAM that counts in CommitLimit, instead of the ratio"
    )
    admin_reserve_kbytes: int | None = gauge(
        "bytes", "memory kept for root by overcommit mode 2 (by 0 too up to 5.1)"
    )
    user_reserve_kbytes: int | None = gauge("bytes", "memory mode 2 keeps from one process taking all")
    swappiness: int | None = gauge("count", "cost of dropping file pages against swapping: 0 … 200")
    vfs_cache_pressure: int | None = gauge("count", "eagerness to reclaim names and inodes; 100 is fair")
    min_free_kbytes: int | None = gauge("bytes", "memory kept free by the min watermarks")
    watermark_scale_factor: int | None = gauge("count", "distance of watermarks, 1/10000 of memory (4.6)")
    watermark_boost_factor: int | None = gauge("count", "boost on fragmentation, 1/10000 (5.0)")
    dirty_ratio: float | None = gauge("ratio", "share of dirtyable memory at which writers are slowed")
    dirty_bytes: int | None = gauge("bytes", "dirty memory at which writers are slowed")
    dirty_background_ratio: float | None = gauge(
        "ratio", "share of dirtyable memory at which flushing starts"
    )
    dirty_background_bytes: int | None = gauge("bytes", "dirty memory at which flushing starts")
    dirty_expire_centisecs: float | None = gauge("seconds", "age at which dirty pages are written")
    dirty_writeback_centisecs: float | None = gauge("seconds", "time between two rounds of flushing")
    zone_reclaim_mode: int | None = gauge("count", "bits: reclaim on the own node before going to another")
    max_map_count: int | None = gauge("count", "mappings a process may have")
    stat_interval: int | None = gauge("seconds", "time between updates of /proc/vmstat")
    page_cluster: int | None = gauge("count", "2**n pages are swapped in at once")
    compaction_proactiveness: int | None = gauge("count", "background compaction: 0 … 100 (5.9)")
    extfrag_threshold: int | None = gauge("count", "fragmentation index above which to compact, 1/1000")
    nr_hugepages: int | None = gauge("count", "huge pages in the pool of the default size")
    nr_overcommit_hugepages: int | None = gauge("count", "huge pages allowed beyond the pool")
    panic_on_oom: int | None = gauge("count", "1, 2: panic instead of killing a process")
    vfs_cache_pressure_denom: int | None = gauge("count", "what a fair vfs_cache_pressure is (6.16)")
    oom_kill_allocating_task: int | None = gauge("count", "1: kill who asks, not who holds most")


HYPHENS = {"page_cluster": "page-cluster"}


def sysctl(column: str) -> str:
    """The kernel's name of a column's file."""
    return HYPHENS.get(column, column)


FILES = {f"proc/sys/vm/{sysctl(name)}": name for name in columns_of(SysVm)}


def _base(name: str, value: int) -> float:
    """From the file's unit to the column's."""
    match name.rpartition("_")[2]:
        case "kbytes":
            return value * 1024
        case "ratio" | "centisecs":
            return value / 100
        case _:
            return value


for _name, _column in columns_of(SysVm).items():
    # node_exporter has the numbers of the files, of those it is told to (--collector.sysctl.include).
    _column.metric = Metric(f"node_sysctl_vm_{_name}", factor=_base(_name, 1))


def parse(files: Mapping[str, str]) -> Iterator[SysVm]:
    """One row of all sysctls that could be read."""
    found = {name: files[path].split() for path, name in FILES.items() if path in files}
    values = {name: _base(name, unsigned(words[0], 1)) for name, words in found.items() if words}
    yield SysVm(**values)  # type: ignore[arg-type]


READERS = (TreeReader(table="sys_vm", paths=tuple(FILES), row=SysVm, parse=parse),)
