"""The kernel's limits of promised and of dirty memory, for the present settings and for others.

mm/util.c vm_commit_limit(), __vm_enough_memory(); mm/page-writeback.c domain_dirty_limits(),
global_dirtyable_memory(), dirty_freerun_ceiling(). In bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinmaek.advice.seen import Seen
from jinmaek.advice.watermarks import reserve, told

MODE_STRICT = 2


def commit_limit(seen: Seen, ratio: int, kbytes: int) -> int:
    """CommitLimit under these settings; raises ``Missing``."""
    pool = seen.known("meminfo.Hugetlb")
    if pool is None:
        # Before 4.16 only the pool of the default size is told.
        pool = seen.now("meminfo.HugePages_Total") * seen.now("meminfo.Hugepagesize")
    allowed = kbytes * 1024 // seen.page
    if not kbytes:
        allowed = int(seen.now("meminfo.MemTotal") - pool) // seen.page * ratio // 100
    return allowed * seen.page + int(seen.now("meminfo.SwapTotal"))


def for_users(seen: Seen, limit: float) -> float:
    """What of the limit a large process without privileges can have: the reserves are not for it."""
    return limit - seen.now("sys_vm.admin_reserve_kbytes") - seen.now("sys_vm.user_reserve_kbytes")


@dataclass(frozen=True, slots=True)
class DirtyLimits:
    """Amounts of dirty page cache."""

    background: int
    """At which flushing starts."""
    slowed: int
    """At which writers are slowed down: half way between the two others."""
    limit: int
    """Which writers are kept below."""
    halved: bool
    """Whether the background was not below the limit, so that the kernel takes half of that."""


def dirtyable(seen: Seen) -> int:
    """Memory the ratios are of: free pages less the reserve, and the page cache; raises ``Missing``."""
    held = reserve(told(seen))
    free = seen.now("vmstat.nr_free_pages")
    files = seen.now("vmstat.nr_inactive_file") + seen.now("vmstat.nr_active_file")
    return int(free - min(free, held) + files + 1) * seen.page


@dataclass(frozen=True, slots=True)
class DirtySettings:
    """The four files; of a ratio and its bytes the one that is not 0 counts."""

    ratio: int
    size: int
    background_ratio: int
    background_size: int


def dirty_limits(memory: int, settings: DirtySettings, page: int) -> DirtyLimits:
    """The limits for so much dirtyable memory."""
    pages = memory // page
    limit = _limit(pages, settings.size, settings.ratio, page)
    background = _limit(pages, settings.background_size, settings.background_ratio, page)
    halved = background >= limit
    if halved:
        background = limit // 2
    return DirtyLimits(background * page, (limit + background) // 2 * page, limit * page, halved)


def _limit(pages: int, size: int, ratio: int, page: int) -> int:
    """In pages. The kernel turns the percents into 1/4096 first and loses a little."""
    return -(-size // page) if size else ratio * page // 100 * pages // page
