"""``jinmaek vmstat`` of a recording: the same lines, as they would have been printed then."""

from __future__ import annotations

import json

from jinmaek.cli import vmstat
from jinmaek.cli.errors import Usage
from jinmaek.cli.recorded import Recorded
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.stat import Stat
from jinmaek.kernel.vmstat import Vmstat
from jinmaek.views import vmstat as view
from jinmaek.views import vmstat_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace


def shown(args: Namespace) -> int:
    """A line, or one for every ``delay`` seconds until the count or the end of the record is reached."""
    if args.explain:
        raise Usage("vmstat", "--explain takes its figures from this host", "leave out --recording and --at")
    with Recorded(args) as recorded:
        now = _read(recorded)
        if args.forks:
            told = recorded.row("stat", Stat)
            vmstat.put(json.dumps({"schema": 1, "forks": told.processes}) if args.json else view.forks(told))
            return 0
        if args.stats:
            totals = vmstat_json.totals(now) if args.json else None
            vmstat.put(json.dumps(totals) if totals else "\n".join(view.totals(now, args.unit)))
            return 0
        return _lines(args, recorded, now)


def _lines(args: Namespace, recorded: Recorded, now: view.Reading) -> int:
    left = args.count if args.count is not None else (1 if args.delay is None else None)
    most = vmstat.height()
    if not args.json:
        vmstat.put(vmstat.header(args))
    if not args.no_first:
        vmstat.line(view.Line(now), args, recorded.wall)
        left = left and left - 1
    printed = 1
    while (left is None or left > 0) and recorded.go_on(1 if args.delay is None else args.delay):
        if not args.json and not args.one_header and printed % most == 0:
            vmstat.put(vmstat.header(args))
        before, now = now, _read(recorded)
        vmstat.line(view.Line(now, before, now.at - before.at), args, recorded.wall)
        printed += 1
        left = left and left - 1
    return 0


def _read(recorded: Recorded) -> view.Reading:
    return view.Reading(
        recorded.row("stat", Stat),
        recorded.row("vmstat", Vmstat),
        recorded.row("meminfo", Meminfo),
        at=recorded.seconds,
        hz=int(recorded.meta.get("clk_tck", 100)),
        page_size=int(recorded.meta.get("page_size", 4096)),
    )
