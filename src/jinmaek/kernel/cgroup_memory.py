"""memory.{current,peak,max,high,low,stat,events,swap.*} of every cgroup, or what version 1 has instead.

mm/memcontrol.c, mm/memcontrol-v1.c. Columns bear the names of version 2. From version 1 come:
current usage_in_bytes · peak max_usage_in_bytes · max limit_in_bytes · swap_current total_swap ·
swap_max memsw limit less limit · events_max failcnt with memsw's · events_oom_kill oom_control (4.13) ·
anon total_rss · file total_cache · kernel
kmem.usage_in_bytes · pgfault, pgmajfault and the LRU lists with ``total_``. Its refaults are left out:
older kernels print them in bytes, newer ones in pages, under one name. Version 1 alone has
swappiness (its root's is vm.swappiness).
The root has no limits and, in version 2, only memory.stat.
"""

from __future__ import annotations

from jinmaek.columns import Metric, TreeReader, ceiling, counter, gauge, row
from jinmaek.kernel.cgroup_files import by_cgroup, number, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILES = (
    "memory.stat",
    "memory.current",
    "memory.peak",
    "memory.max",
    "memory.high",
    "memory.low",
    "memory.events",
    "memory.swap.current",
    "memory.swap.max",
    "memory.usage_in_bytes",
    "memory.max_usage_in_bytes",
    "memory.limit_in_bytes",
    "memory.memsw.limit_in_bytes",
    "memory.kmem.usage_in_bytes",
    "memory.failcnt",
    "memory.memsw.failcnt",
    "memory.oom_control",
    "memory.swappiness",
)
UNLIMITED = 0x7FFF_FFFF_FFFF_0000
"""Version 1 prints the largest number of whole pages for "no limit": pages are up to 64 KiB."""


def _cadvisor(name: str, labels: Mapping[str, str] | None = None) -> Metric:
    return Metric(f"container_memory_{name}", labels, rename={"cgroup": "id"})


def _failure(kind: str) -> Metric:
    return _cadvisor("failures_total", {"failure_type": kind, "scope": "hierarchy"})


@row
class CgroupMemory:
    """Memory of one cgroup with all below it."""

    cgroup: str
    current: int | None = gauge("bytes", "memory charged, cache included", _cadvisor("usage_bytes"))
    peak: int | None = gauge("bytes", "most that was ever charged (5.19)", _cadvisor("max_usage_bytes"))
    max: int | None = ceiling(
        "bytes", "hard limit", Metric("container_spec_memory_limit_bytes", rename={"cgroup": "id"})
    )
    high: int | None = ceiling("bytes", "limit above which it is slowed and reclaimed")
    low: int | None = gauge("bytes", "memory protected from reclaim while others have more")
    swap_current: int | None = gauge("bytes", "memory of it in swap", _cadvisor("swap"))
    swap_max: int | None = ceiling("bytes", "most memory in swap")
    events_low: int | None = counter("count", "reclaims below low")
    events_high: int | None = counter("count", "times it was slowed for being above high")
    events_max: int | None = counter("count", "times it hit max", _cadvisor("failcnt"))
    events_oom: int | None = counter("count", "times reclaim at max did not help")
    events_oom_kill: int | None = counter("count", "processes of it killed by any OOM killer")
    anon: int | None = gauge("bytes", "anonymous memory", _cadvisor("rss"))
    file: int | None = gauge("bytes", "page cache, shmem included", _cadvisor("cache"))
    shmem: int | None = gauge("bytes", "tmpfs, memfd, shared memory: part of file")
    kernel: int | None = gauge("bytes", "kernel memory (5.18)", _cadvisor("kernel_usage"))
    slab_reclaimable: int | None = gauge("bytes", "names and inodes: slab that can be dropped")
    slab_unreclaimable: int | None = gauge("bytes", "slab that cannot be dropped")
    inactive_file: int | None = gauge(
        "bytes", "cache on the inactive list", _cadvisor("total_inactive_file_bytes")
    )
    active_file: int | None = gauge("bytes", "cache on the active list", _cadvisor("total_active_file_bytes"))
    inactive_anon: int | None = gauge("bytes", "anonymous and shmem on the inactive list")
    active_anon: int | None = gauge("bytes", "anonymous and shmem on the active list")
    pgfault: int | None = counter("count", "page faults", _failure("pgfault"))
    pgmajfault: int | None = counter("count", "page faults that read a disk", _failure("pgmajfault"))
    workingset_refault_anon: int | None = counter("count", "pages back from swap soon after (5.9)")
    workingset_refault_file: int | None = counter("count", "cache pages back soon after reclaim")
    pgscan: int | None = counter("count", "pages looked at by reclaim")
    pgsteal: int | None = counter("count", "pages reclaimed")
    swappiness: int | None = gauge("count", "cost of dropping file pages against swapping (version 1)")


SAME_NAME = (
    "shmem",
    "inactive_file",
    "active_file",
    "inactive_anon",
    "active_anon",
    "pgfault",
    "pgmajfault",
)
"""Of memory.stat, in both versions (in version 1 with ``total_`` before it)."""
VERSION_2 = (
    "anon",
    "file",
    "kernel",
    "slab_reclaimable",
    "slab_unreclaimable",
    "workingset_refault_anon",
    "pgscan",
    "pgsteal",
)
EVENTS = ("low", "high", "max", "oom", "oom_kill")


def _v2(files: Mapping[str, str], stat: Mapping[str, int]) -> dict[str, int | None]:
    events = numbers(files, "memory.events")
    # Before 5.9 only file pages were counted, in one number.
    refault_file = stat.get("workingset_refault_file", stat.get("workingset_refault"))
    return {
        "current": number(files, "memory.current"),
        "peak": number(files, "memory.peak"),
        "max": number(files, "memory.max"),
        "high": number(files, "memory.high"),
        "low": number(files, "memory.low"),
        "swap_current": number(files, "memory.swap.current"),
        "swap_max": number(files, "memory.swap.max"),
        "workingset_refault_file": refault_file,
        **{f"events_{name}": events.get(name) for name in EVENTS},
        **{name: stat.get(name) for name in (*SAME_NAME, *VERSION_2)},
    }


def _v1(files: Mapping[str, str], stat: Mapping[str, int]) -> dict[str, int | None]:
    limit = _limited(number(files, "memory.limit_in_bytes"))
    with_swap = _limited(number(files, "memory.memsw.limit_in_bytes"))
    return {
        "current": number(files, "memory.usage_in_bytes"),
        "peak": number(files, "memory.max_usage_in_bytes"),
        "max": limit,
        "swap_current": stat.get("total_swap"),
        "swap_max": None if limit is None or with_swap is None else max(with_swap - limit, 0),
        "events_max": _hits(number(files, "memory.failcnt"), number(files, "memory.memsw.failcnt")),
        "events_oom_kill": numbers(files, "memory.oom_control").get("oom_kill"),
        "anon": stat.get("total_rss"),
        "file": stat.get("total_cache"),
        "kernel": number(files, "memory.kmem.usage_in_bytes"),
        "swappiness": number(files, "memory.swappiness"),
        **{name: stat.get(f"total_{name}") for name in SAME_NAME},
    }


def _hits(memory: int | None, with_swap: int | None) -> int | None:
    """Where both limits are the same the one with swap is tried first, and alone counts (try_charge())."""
    return None if memory is None else memory + (with_swap or 0)


def _limited(limit: int | None) -> int | None:
    return None if limit is None or limit >= UNLIMITED else limit


def parse(tree: Mapping[str, str]) -> Iterator[CgroupMemory]:
    """One row for each cgroup that has any of the files."""
    for cgroup, files in by_cgroup(tree).items():
        stat = numbers(files, "memory.stat")
        version_1 = "memory.usage_in_bytes" in files or "total_rss" in stat
        yield CgroupMemory(cgroup=cgroup, **(_v1 if version_1 else _v2)(files, stat))


READERS = (
    TreeReader(
        table="cgroup_memory",
        paths=tuple(f"sys/fs/cgroup/**/{name}" for name in FILES),
        row=CgroupMemory,
        parse=parse,
    ),
)
