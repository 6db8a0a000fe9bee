"""The kernel's watermarks and what follows from them, for the present settings and for others.

mm/page_alloc.c __setup_per_zone_wmarks(), calculate_min_free_kbytes(); mm/khugepaged.c
set_recommended_min_free_kbytes(); mm/show_mem.c si_mem_available(). In pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

from jinmaek.advice.seen import Missing, Seen
from jinmaek.kernel.zoneinfo import Zone
from jinmaek.model import Gap

NOT_LOW = ("HighMem", "Movable")
"""Zones the kernel's own allocations cannot use."""
LITTLE = (32, 128)
"""Bounds of the little that zones get which are left out when min_free_kbytes is shared out."""
DEFAULT_BOUNDS = (128, 262144)
DEFAULT_FACTOR = 10
PCPTYPES = 3
"""Types of movability that have free lists of their own."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The watermarks of one zone, as zoneinfo prints them: raised by the boost."""

    zone: Zone
    min: int
    low: int
    high: int


def zones(seen: Seen) -> tuple[Zone, ...]:
    """All zones; raises ``Missing`` where the kernel does not say how large they are (before 3.8)."""
    found: tuple[Zone, ...] = seen.rows("zoneinfo")
    if any(zone.managed is None for zone in found):
        raise Missing(Gap("absent", "zoneinfo.managed", "this kernel does not have the field"))
    return found


def populated(seen: Seen) -> tuple[Zone, ...]:
    """Zones that have memory; raises ``Missing``."""
    return tuple(zone for zone in zones(seen) if zone.managed)


def told(seen: Seen) -> tuple[Marks, ...]:
    """The watermarks as they are; raises ``Missing``."""
    return tuple(Marks(zone, zone.min, zone.low, zone.high) for zone in zones(seen))


def marks(of: Sequence[Zone], min_free_kbytes: int, scale_factor: int, page: int) -> tuple[Marks, ...]:
    """Every zone's watermarks under these settings. Zones without memory may have some too (Movable)."""
    pages = min_free_kbytes * 1024 // page
    left_out = {zone for zone in of if _left_out(zone)}
    low_memory = sum(zone.managed or 0 for zone in of if zone not in left_out)
    found: list[Marks] = []
    for zone in of:
        managed = zone.managed or 0
        share = pages * managed // low_memory if low_memory else 0
        lowest = share
        if zone in left_out:
            lowest = _little(zone)
        step = max(share // 4, managed * scale_factor // 10000)
        boost = zone.boost or 0
        found.append(Marks(zone, lowest + boost, lowest + step + boost, lowest + 2 * step + boost))
    return tuple(found)


def _little(zone: Zone) -> int:
    return max(LITTLE[0], min((zone.managed or 0) // 1024, LITTLE[1]))


def _left_out(zone: Zone) -> bool:
    """HighMem always; Movable on newer kernels: its min watermark shows it."""
    return zone.zone == "HighMem" or (
        zone.zone == "Movable" and zone.min - (zone.boost or 0) == _little(zone)
    )


def reserve(made: Sequence[Marks]) -> int:
    """Pages no program is given: of each zone its high watermark and what it keeps for lower zones.

    totalreserve_pages: the kernel does not compute it again for a boost.
    """
    return sum(
        min(m.zone.managed or 0, (m.zone.protection_max or 0) + m.high - (m.zone.boost or 0)) for m in made
    )


def available(seen: Seen, made: Sequence[Marks]) -> int:
    """MemAvailable in pages under these watermarks; raises ``Missing``."""
    low = sum(m.low for m in made)
    free = seen.now("meminfo.MemFree") // seen.page - reserve(made)
    files = (seen.now("meminfo.Active_file") + seen.now("meminfo.Inactive_file")) // seen.page
    kernel = seen.known("meminfo.KReclaimable")
    slab = (seen.now("meminfo.SReclaimable") if kernel is None else kernel) // seen.page
    return int(max(0, free + files - min(files // 2, low) + slab - min(slab // 2, low)))


def at_boot_kbytes(seen: Seen) -> int:
    """The min_free_kbytes the kernel chose at boot, with what khugepaged added; raises ``Missing``."""
    plain = _plain(seen, {})
    # khugepaged starts later, when there are watermarks.
    first = {m.zone: m.high for m in marks(zones(seen), plain, DEFAULT_FACTOR, seen.page)}
    return max(plain, _recommended(seen, first, None))


def if_chosen_now(seen: Seen, thp: str | None = None) -> int:
    """The same if the kernel chose again: it does when huge pages are switched to ``thp``."""
    highs = {zone: zone.high for zone in populated(seen)}
    return max(_plain(seen, highs), _recommended(seen, highs, thp))


def _usable(seen: Seen, highs: Mapping[Zone, int]) -> int:
    """nr_free_buffer_pages(): what lies above the high watermarks."""
    low = [zone for zone in populated(seen) if zone.zone not in NOT_LOW]
    return sum(max(0, (zone.managed or 0) - highs.get(zone, 0)) for zone in low)


def _plain(seen: Seen, highs: Mapping[Zone, int]) -> int:
    least, most = DEFAULT_BOUNDS
    return max(least, min(isqrt(_usable(seen, highs) * seen.page // 1024 * 16), most))


def _recommended(seen: Seen, highs: Mapping[Zone, int], thp: str | None) -> int:
    """What khugepaged wants kept free while huge pages are on; 0 otherwise."""
    try:
        row = seen.rows("transparent_hugepage")[0]
    except Missing as missing:
        if missing.gap.kind == "absent":
            return 0  # a kernel without them
        raise
    if (thp or row.enabled) in (None, "never") or not row.hpage_pmd_size:
        return 0
    low = [zone for zone in populated(seen) if zone.zone not in NOT_LOW]
    blocks = len(low) * (2 + PCPTYPES * PCPTYPES)
    pages = min(row.hpage_pmd_size // seen.page * blocks, _usable(seen, highs) // 20)
    return int(pages * seen.page // 1024)
