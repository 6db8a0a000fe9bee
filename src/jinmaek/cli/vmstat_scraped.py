"""``jinmaek vmstat`` of a host in Prometheus: the line since its boot, or the lines up to a moment."""

from __future__ import annotations

import os
from itertools import pairwise

from jinmaek.cli import remote, vmstat
from jinmaek.cli.errors import SourceUnreadable
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.stat import CLK_TCK, Stat
from jinmaek.kernel.vmstat import Vmstat
from jinmaek.views import vmstat as view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from jinmaek.sampling import Snapshot

PAGES = {"x86_64": 4096, "i686": 4096, "s390x": 4096}
"""Bytes of a page by uname(2)'s machine, where it has but one."""


def shown(args: Namespace) -> int:
    """One line, or ``count`` lines of ``delay`` seconds that end at that time."""
    delay = 0 if args.delay is None else args.delay
    count = 1 if args.count is None else args.count
    past = remote.readings(args, ("stat", "vmstat", "meminfo"), float(delay * (count - 1)))
    # What exporters count in pages is swapping, and of the size of a page they say nothing.
    size = PAGES.get(past.machine or "")
    end = past.snapshots[-1].wall
    moments = [end - delay * (count - 1 - place) for place in range(count)]
    taken = [one for moment in moments for one in [s for s in past.snapshots if s.wall <= moment][-1:]]
    if len(taken) < count or len({one.wall for one in taken}) < count:
        raise SourceUnreadable(
            args.host[0],
            f"it was not scraped every {delay} s then",
            "give a longer delay or fewer lines",
        )
    readings = [_reading(one, size) for one in taken]
    if args.forks:
        return vmstat.forks(readings[-1].stat, args)
    if args.stats:
        return vmstat.totals(readings[-1], args)
    if not args.json:
        vmstat.put(vmstat.header(args))
    lines = [view.Line(readings[0])] if not args.no_first else []
    lines += [view.Line(now, before, now.at - before.at) for before, now in pairwise(readings)]
    for line in lines:
        vmstat.line(line, args, line.now.at)
    return 0


def _reading(snapshot: Snapshot, page_size: int | None) -> view.Reading:
    reading = view.Reading(
        remote.only_row(snapshot, "stat", Stat),
        remote.only_row(snapshot, "vmstat", Vmstat),
        remote.only_row(snapshot, "meminfo", Meminfo),
        at=snapshot.wall,
        hz=CLK_TCK,
        page_size=page_size or os.sysconf("SC_PAGESIZE"),
    )
    if page_size is None:
        reading.swapped = (None, None)
    return reading
