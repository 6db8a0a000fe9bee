"""What accounts say at each moment of a report: the memory ledger, the load, and the processes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from jinmaek.accounts.load.account import MOST as NAMED
from jinmaek.accounts.load.account import NOT_COUNTED, Load, Part
from jinmaek.accounts.load.recorded import of_samples
from jinmaek.accounts.load.ticks import Reading
from jinmaek.accounts.load.verdict import sentence, word
from jinmaek.accounts.load.watch import TABLES
from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_core import Balance
from jinmaek.accounts.memory_reading import MOVING, STILL, core_of, row_of
from jinmaek.accounts.memory_titles import TITLES
from jinmaek.catalog import ref
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.i18n import tr
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.views.load import NAMES
from jinmaek.views.report.parts import Part as Stretch
from jinmaek.views.report.parts import edges, step_for
from jinmaek.views.report.processes import COLUMNS, Processes
from jinmaek.views.tasks_json import gap

MOST = 100
"""Moments of a report: every minute of an hour."""
LEAST = 5.0
"""Seconds between two moments: enough for the rate of a process."""
LOOKS = 6
"""Samples between two moments that the load account is made of."""
NEEDED = tuple(dict.fromkeys((*MOVING, *STILL, *TABLES)))


def moments(
    recording: Recording,
    parts: Sequence[Stretch],
    since: float,
    until: float,
    name_of: Callable[[int], str],
    lang: str,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """By moment, in the order of time; a moment at which nothing was recorded is not among them."""
    step = step_for(until - since, MOST, LEAST)
    processes = Processes(name_of)
    times: list[float] = []
    ledgers: list[Balance | None] = []
    loads: list[dict[str, Any]] = []
    tasks: list[dict[str, Any] | None] = []
    wanted = edges(since, until, step)
    for part in parts:
        past = Past(recording, part.boot, part.start, part.end)
        past.only = NEEDED
        page = int(past.meta.get("page_size", 4096))
        observer = past.meta.get("pid")
        for wall in wanted:
            end = wall - part.offset
            last = bisect_right(past.times, min(end, part.end)) - 1
            if last < 0 or past.times[last] <= end - step:
                continue
            if progress:
                progress((wall - since) / max(1.0, until - since))
            first = max(0, bisect_right(past.times, end - step) - 1)
            looks = _looks(past, first, last)
            before, now = looks.get(first), looks.get(last)
            if before is None or now is None or (times and now.wall <= times[-1]):
                continue
            times.append(now.wall)
            ledgers.append(_ledger(now, page))
            readings = _readings(past, past.times[first], past.times[last])
            loads.append(_load(of_samples(list(looks.values()), observer, readings), lang))
            tasks.append(processes.at(before, now) if last > first else None)
    return {
        "step_s": step,
        "times": [round(time, 3) for time in times],
        "memory": _memory(ledgers, lang),
        "load": loads,
        "tasks": {
            "columns": list(COLUMNS),
            "processes": processes.named,
            "moments": tasks,
        },
    }


def _looks(past: Past, first: int, last: int) -> dict[int, Snapshot]:
    """The first sample, the last, and some evenly between, in their order; without those whose block is lost,
    which the recording names among its damage."""
    found = {}
    for at in sorted({first + (last - first) * n // LOOKS for n in range(LOOKS + 1)}):
        with suppress(LookupError):
            found[at] = past.snapshot(at)
    return found


def _readings(past: Past, start: float, end: float) -> list[Reading]:
    series = past.series(ref("loadavg.load1"), start, end)
    if isinstance(series, Gap):
        return []
    return [Reading(at, value) for points in series.values() for at, value in points if value is not None]


def _ledger(now: Snapshot, page: int) -> Balance | None:
    meminfo = row_of(now, Meminfo)
    return None if meminfo is None else balance(core_of(meminfo, now, now, page))


def _memory(ledgers: Sequence[Balance | None], lang: str) -> dict[str, Any]:
    """Buckets in the order of the ledger, and by moment the bytes of each, the residual and the total."""
    names = list(dict.fromkeys(bucket.name for one in ledgers if one for bucket in one.buckets))
    sources = {bucket.name: bucket.source for one in ledgers if one for bucket in one.buckets}
    return {
        "buckets": [
            {"name": name, "title": tr(lang, TITLES[name]), "source": sources[name]} for name in names
        ],
        "moments": [
            None
            if one is None
            else {
                "total": one.total,
                "bytes": [
                    next((bucket.bytes for bucket in one.buckets if bucket.name == name), None)
                    for name in names
                ],
                "residual": one.residual,
            }
            for one in ledgers
        ],
    }


def _load(load: Load, lang: str) -> dict[str, Any]:
    """The account of the time before a moment; numbers to two decimals."""
    return {
        "load1": load.load[0] if load.load else None,
        "cpus": load.cpus,
        "window_s": round(load.window_s, 3),
        "recovered": _two(load.recovered),
        "counted": _two(load.counted),
        "unexplained": _two(load.unexplained),
        "on_cpu": _two(load.on_cpu),
        "stolen": _two(load.stolen),
        "verdict": word(load),
        "sentence": sentence(load, lang),
        "parts": [_part(part, lang) for part in load.parts],
        "gaps": [gap(one) for one in load.gaps],
    }


def _part(part: Part, lang: str) -> dict[str, Any]:
    left = part.who[NAMED:]
    return {
        "kind": part.kind,
        "title": tr(lang, NAMES[part.kind]),
        "in_load": part.kind not in NOT_COUNTED,
        "threads": _two(part.threads),
        "share": None if part.share is None else round(part.share, 4),
        "who": [
            {"pid": who.pid, "name": who.name, "threads": _two(who.threads), "wchan": who.wchan}
            for who in part.who[:NAMED]
        ],
        "left_out": {"count": len(left), "threads": _two(sum(who.threads for who in left))},
    }


def _two(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
