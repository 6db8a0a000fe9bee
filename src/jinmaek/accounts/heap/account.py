"""The account of one process: regions and their sums, what fills one, the verdict, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinmaek.accounts.heap.content import Content
from jinmaek.accounts.heap.malloc import Chunks
from jinmaek.accounts.heap.regions import SHARED, Region, own
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.tools import Next
from jinmaek.accounts.heap.verdict import Verdict
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.model import Gap


class Refused(Exception):
    """There is nothing to look at: what, why, and what to do."""

    def __init__(self, what: str, why: str, todo: str) -> None:
        super().__init__(f"{what}: {why}; {todo}")
        self.what = what
        self.why = why
        self.todo = todo


@dataclass(frozen=True, slots=True)
class Cost:
    """What the look took: our CPU time, the time that passed, each walk of its page tables
    for smaps, all for pagemap, and how much of its memory was read."""

    cpu_s: float
    wall_s: float
    smaps_s: tuple[float, ...]
    pagemap_s: float
    read_bytes: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all regions in bytes; None where there was no second look."""

    first: int
    last: int | None
    """Its own: what ``regions.own`` counts."""
    rss: int | None
    pss: int | None
    anonymous: int | None
    swap: int | None
    lazy_free: int | None
    huge: int | None
    unexplained: int | None
    """RssAnon + VmSwap of status, less the same from the regions: what came or went between the two."""


@dataclass(frozen=True, slots=True)
class Account:
    """``subject`` is the region the content is of: the one that grew most, or the largest."""

    pid: int
    start_time: float
    name: str
    runtime: Runtime
    window: float
    asked: float
    """The window that was asked for; longer where the walk of its page tables needs it."""
    regions: tuple[Region, ...] | None
    totals: Totals
    subject: Region | None
    content: Content | None
    chunks: Chunks | None
    verdict: Verdict
    next: tuple[Next, ...]
    gaps: tuple[Gap, ...]
    cost: Cost


def totals(regions: Sequence[Region], status: PidStatus | None, *, complete: bool) -> Totals:
    """``status`` is read right after the last look; ``complete`` says that there was one."""
    began = sum(own(one.kind, one.first) for one in regions)
    if not complete:
        return Totals(began, None, None, None, None, None, None, None, None)
    lasts = [one.last for one in regions]
    anonymous = sum(sizes.anonymous for sizes in lasts)
    private = sum(one.last.swap for one in regions if one.kind not in SHARED)
    unexplained = None
    if status is not None and status.RssAnon is not None and status.VmSwap is not None:
        unexplained = status.RssAnon + status.VmSwap - anonymous - private
    return Totals(
        first=began,
        last=sum(own(one.kind, one.last) for one in regions),
        rss=sum(sizes.rss for sizes in lasts),
        pss=sum(sizes.pss for sizes in lasts),
        anonymous=anonymous,
        swap=sum(sizes.swap for sizes in lasts),
        lazy_free=sum(sizes.lazy_free for sizes in lasts),
        huge=sum(sizes.huge for sizes in lasts),
        unexplained=unexplained,
    )
