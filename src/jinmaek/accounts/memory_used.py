"""What each tool would call "used" on this host, and why they differ, with figures. Pure.

procps 4 (4.0.1 and later)    MemTotal - MemAvailable; library/meminfo.c
procps 3 (3.3.12 to 4.0.0)    MemTotal - MemFree - Buffers - Cached - SReclaimable; proc/sysinfo.c
htop 3.1.2 to 3.2.2           the same, less what the ZFS cache can shrink: the figure beside the bar
htop 3.3.0 and later          that + Shmem; linux/LinuxMachine.c LinuxMachine_scanMemoryInfo(),
                              linux/Platform.c, MemoryMeter.c ("used + shared + compressed")

Where a difference comes out below zero all of them fall back to MemTotal - MemFree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinmaek.accounts.memory_core import Core, Sized
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.zfs import Arcstats
from jinmaek.kernel.zoneinfo import Zone


@dataclass(frozen=True, slots=True)
class Used:
    """Bytes; None where a source is missing."""

    procps4: int
    procps3: int | None
    htop: int | None
    """htop 3.3.0 and later."""
    htop_3_2: int | None
    """htop 3.1.2 to 3.2.2."""
    sum_rss: int | None
    """What top's column RES adds up to."""
    sum_pss: int | None
    """None where not every process could be read."""


@dataclass(frozen=True, slots=True)
class Available:
    """MemAvailable as mm/show_mem.c si_mem_available() makes it; ``told`` is what the kernel says.

    ``free - reserve + (file - file_kept) + (reclaimable - reclaimable_kept)``, not below 0.
    """

    told: int | None
    free: int
    reserve: int
    """Free pages the kernel keeps for itself: the high watermarks and what lower zones protect."""
    file: int
    file_kept: int
    """The part of the page cache it would not give up."""
    reclaimable: int
    reclaimable_kept: int

    @property
    def made(self) -> int:
        sum_ = self.free - self.reserve + self.file - self.file_kept
        return max(0, sum_ + self.reclaimable - self.reclaimable_kept)


def procps4(m: Meminfo) -> int:
    """What free(1) of procps 4 prints."""
    available = m.MemAvailable
    if not available or available > m.MemTotal:
        available = m.MemFree
    used = m.MemTotal - available
    return used if used >= 0 else m.MemTotal - m.MemFree


def procps3(m: Meminfo) -> int | None:
    """What free(1) of procps 3.3.12 and later prints."""
    if m.Buffers is None or m.Cached is None:
        return None
    used = m.MemTotal - m.MemFree - m.Buffers - m.Cached - (m.SReclaimable or 0)
    return used if used >= 0 else m.MemTotal - m.MemFree


def htop_3_2(m: Meminfo, arc: Arcstats | None = None) -> int | None:
    """What htop to 3.2 prints at the end of its memory bar."""
    used = procps3(m)
    if used is None:
        return None
    return used - (max(0, arc.size - arc.c_min) if arc is not None else 0)


def htop(m: Meminfo, arc: Arcstats | None = None) -> int | None:
    """What htop since 3.3 prints there: shared memory is part of it."""
    used = htop_3_2(m, arc)
    return None if used is None else used + (m.Shmem or 0)


def available(m: Meminfo, zones: Sequence[Zone], page: int) -> Available | None:
    """How MemAvailable comes about; None where the zones or the file lists are not told."""
    if not zones or m.Active_file is None or m.Inactive_file is None:
        return None
    reclaimable = m.KReclaimable if m.KReclaimable is not None else m.SReclaimable
    if reclaimable is None or any(zone.managed is None or zone.protection_max is None for zone in zones):
        return None
    low = sum(zone.low for zone in zones) * page
    reserve = sum(min(zone.managed or 0, (zone.protection_max or 0) + zone.high) for zone in zones) * page
    file = m.Active_file + m.Inactive_file
    return Available(
        told=m.MemAvailable,
        free=m.MemFree,
        reserve=reserve,
        file=file,
        file_kept=min(file // page // 2 * page, low),
        reclaimable=reclaimable,
        reclaimable_kept=min(reclaimable // page // 2 * page, low),
    )


def used(core: Core, sum_rss: int | None, sum_pss: int | None) -> Used:
    """What everybody says."""
    m = core.meminfo
    return Used(
        procps4=procps4(m),
        procps3=procps3(m),
        htop=htop(m, core.arc),
        htop_3_2=htop_3_2(m, core.arc),
        sum_rss=sum_rss,
        sum_pss=sum_pss,
    )


def reasons(core: Core) -> tuple[Sized, ...]:
    """What makes procps 4's figure larger (below 0: smaller) than procps 3's, largest first.

    They add up to the difference, but for the rounding of the kernel's own sum.
    """
    m = core.meminfo
    made = available(m, core.zones, core.page)
    if made is None or m.Cached is None or m.Buffers is None or m.MemAvailable is None:
        return ()
    shmem = m.Shmem or 0
    parts = [
        Sized("shmem", shmem),
        Sized("reserve", made.reserve),
        Sized("kept-cache", made.file_kept + made.reclaimable_kept),
        Sized("not-on-file-lists", m.Cached + m.Buffers - shmem - made.file),
        Sized("other-reclaimable", (m.SReclaimable or 0) - made.reclaimable),
    ]
    return tuple(sorted((part for part in parts if part.bytes), key=lambda part: -abs(part.bytes)))
