"""Reading what the memory ledger is made of: as close together as it goes, and twice."""

from __future__ import annotations

import os
from typing import TypeVar

from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_core import Core, page_size
from jinmaek.kernel.hugepages import Hugepages
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.stat import StatCpu
from jinmaek.kernel.vmstat_columns import Vmstat
from jinmaek.kernel.zfs import Abdstats, Arcstats
from jinmaek.kernel.zoneinfo import Zone
from jinmaek.kernel.zram import Zram
from jinmaek.kernel.zswap import Zswap
from jinmaek.kernel.zswap_pool import ZswapPool
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.sampling import Snapshot, take

Row = TypeVar("Row")

MOVING = ("meminfo", "zoneinfo", "vmstat")
"""Read together, as close as it goes."""
STILL = ("hugepages", "zram", "zswap", "zswap_pool", "arcstats", "abdstats", "stat_cpu")
TRIES = 3
CALM = 16 << 20
"""Bytes the residual may move between two readings before they are taken again."""


class NoMeminfo(Exception):
    """There is nothing to account for."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(f"{gap.source}: {gap.kind}")
        self.gap = gap


def read_core(root: Root) -> tuple[Core, int | None, dict[str, Gap]]:
    """The quietest of a few pairs of readings, and by how much the residual moved in it."""
    still = take(root, STILL)
    if not root.live:
        first, gaps = _reading(root, still)
        return first, None, {**still.gaps, **gaps}
    before, _ = _reading(root, still)
    best: tuple[int, Core, dict[str, Gap]] | None = None
    for _ in range(TRIES):
        core, gaps = _reading(root, still)
        moved = abs(balance(core).residual - balance(before).residual)
        if best is None or moved < best[0]:
            best = moved, core, gaps
        if moved <= CALM:
            break
        before = core
    assert best is not None
    moved, core, gaps = best
    return core, moved, {**still.gaps, **gaps}


def _reading(root: Root, still: Snapshot) -> tuple[Core, dict[str, Gap]]:
    told = take(root, MOVING)
    meminfo = row_of(told, Meminfo)
    if meminfo is None:
        raise NoMeminfo(told.gaps["meminfo"])
    vmstat = row_of(told, Vmstat)
    page = page_size(meminfo, None if root.live else vmstat, os.sysconf("SC_PAGESIZE"))
    return core_of(meminfo, told, still, page), dict(told.gaps)


def core_of(meminfo: Meminfo, told: Snapshot, still: Snapshot, page: int) -> Core:
    """What the ledger is made of, out of two snapshots, which may be the same; a page has ``page`` bytes."""
    return Core(
        meminfo=meminfo,
        page=page,
        vmstat=row_of(told, Vmstat),
        zones=rows_of(told, Zone),
        pools=rows_of(still, Hugepages),
        zram=rows_of(still, Zram),
        zswap=row_of(still, Zswap),
        zswap_pool=row_of(still, ZswapPool),
        arc=row_of(still, Arcstats),
        abd=row_of(still, Abdstats),
        cpus=len(rows_of(still, StatCpu)) or None,
    )


def rows_of(told: Snapshot, of: type[Row]) -> tuple[Row, ...]:
    """The rows of one type in a snapshot."""
    return tuple(row for rows in told.tables.values() for row in rows if isinstance(row, of))


def row_of(told: Snapshot, of: type[Row]) -> Row | None:
    """The first of them."""
    return next(iter(rows_of(told, of)), None)
