"""What reclaim did on a host, as several knobs ask it: was there any, did it hurt, whose rules held.

vmstat.pgscan_anon and pgscan_file (5.8) count reclaim under the limits of cgroups too; pgscan_kswapd and
pgscan_direct count that of the whole host alone (mm/vmscan.c shrink_inactive_list()).
"""

from __future__ import annotations

from jinmaek.advice.seen import Missing, Seen, Window

SCANNED = ("vmstat.pgscan_anon", "vmstat.pgscan_file")
STOLEN = ("vmstat.pgsteal_anon", "vmstat.pgsteal_file")
REFAULTS = ("vmstat.workingset_refault_anon", "vmstat.workingset_refault_file")
STALLS = tuple(
    f"vmstat.allocstall{zone}" for zone in ("", "_dma", "_dma32", "_normal", "_high", "_movable", "_device")
)
"""Times an allocation had to reclaim itself; one counter to 4.7, since then one for each zone."""

LEAST = 1000
"""Pages a look must have scanned to tell anything; otherwise all since boot is told."""
CAME_BACK = 0.1
"""Share of the reclaimed pages that had to come back, from which on they were missed."""
PER_SECOND = 100
"""Pages that come back each second of a look before it is called harm …"""
OF_MEMORY = 0.01
"""… and how much of RAM since boot."""


def any_reclaim(seen: Seen) -> bool:
    """Whether a page was looked at for reclaim since boot, for the host or a cgroup; raises ``Missing``."""
    try:
        return bool(seen.boot.grew(*SCANNED))
    except Missing:
        # Before 5.8 these show that there was some, but not that there was none under a cgroup's limit.
        if seen.boot.grew_some("vmstat.pgscan_kswapd", "vmstat.pgscan_direct", "vmstat.pswpout", *REFAULTS):
            return True
        raise


def harm(seen: Seen, window: Window, came_back: float, taken: float) -> bool:
    """Whether so many of the pages taken came back that they should not have been taken."""
    if came_back < CAME_BACK * taken:
        return False
    if window.first is None:
        return came_back * seen.page >= OF_MEMORY * seen.now("meminfo.MemTotal")
    return came_back / window.seconds >= PER_SECOND


def swap_in_ram(seen: Seen) -> bool:
    """Whether swap is compressed memory: all areas are zram, or zswap stands before them."""
    areas = seen.rows("swaps")
    if seen.known("zswap.enabled"):
        return True
    return bool(areas) and all("zram" in area.filename for area in areas)


def zram_in_use(seen: Seen) -> tuple[float, float]:
    """Bytes that zram holds, and bytes of RAM that takes; 0 and 0 without zram."""
    try:
        rows = seen.rows("zram")
    except Missing as missing:
        if missing.gap.kind == "absent":
            return 0.0, 0.0
        raise
    return sum(row.orig_data_size or 0 for row in rows), sum(row.mem_used_total or 0 for row in rows)


def other_swappiness(seen: Seen, value: int) -> tuple[tuple[str, int], ...]:
    """Cgroups of version 1 whose memory.swappiness is not ``value``."""
    try:
        rows = seen.rows("cgroup_memory")
    except Missing:
        return ()  # with_own_swappiness() tells why
    return tuple((row.cgroup, row.swappiness) for row in rows if row.swappiness not in (None, value))


def with_own_swappiness(seen: Seen) -> tuple[float, tuple[str, ...]]:
    """The share of the host's pages in cgroups of version 1, and the cgroups at their top.

    Each of these has a memory.swappiness, copied from its parent when it was made. Raises ``Missing``.
    """
    try:
        rows = seen.rows("cgroup_memory")
    except Missing as missing:
        if missing.gap.kind == "absent":
            return 0.0, ()  # no memory controller
        raise
    top = [row for row in rows if row.swappiness is not None and row.cgroup.count("/") == 1]
    top = [row for row in top if row.cgroup != "/"]
    held = sum((row.anon or 0) + (row.file or 0) for row in top)
    pages = sum(seen.now(f"meminfo.{name}") for name in ("AnonPages", "Cached", "Buffers"))
    return (min(held / pages, 1.0) if pages else 0.0), tuple(row.cgroup for row in top)
