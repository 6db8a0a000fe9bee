"""The load account out of what an exporter told at each scrape: kinds of threads, and no names.

Scrapes are further apart than the kernel's own counts, so these come as one mean. Of threads in D an exporter
may tell where they sleep (ours), only how many there are (node_exporter's ``processes`` collector), or only
those that wait for I/O, which /proc/stat counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from jinmaek.accounts.cpu import busy_seconds
from jinmaek.accounts.load.account import KINDS, NOT_COUNTED, Kind, Load, Part
from jinmaek.accounts.load.ticks import EXP_1, PERIOD, Tick, average
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.stat import Stat
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot
from jinmaek.tasks.census import Threads, Waits
from jinmaek.tasks.waits import class_of

TABLES = ("loadavg", "stat", "stat_cpu", "threads", "waits")
SHORTEST = 2 * PERIOD
"""Seconds between two readings from which on what the kernel counted between them is told."""

Counts = dict[Kind, float]


def account(readings: Sequence[Snapshot]) -> Load:
    """The account of these readings, oldest first, at least one."""
    first, last = readings[0], readings[-1]
    window = last.monotonic - first.monotonic
    averages = _load(last)
    told = [(one, counts) for one in readings if (counts := _counts(one)) is not None]
    kinds = _means(counts for _, counts in told)
    busy = busy_seconds(first, last) if window else None
    before = _load(first)
    recovered = _recovered(before, averages, window)
    steps = [
        (later.monotonic - earlier.monotonic, _counted(counts))
        for (earlier, _), (later, counts) in pairwise(told)
    ]
    return Load(
        load=averages,
        cpus=len(last.tables.get("stat_cpu", ())) or None,
        window_s=window,
        counts=() if recovered is None else (Tick(last.monotonic, recovered, exact=False),),
        recovered=recovered,
        predicted=average(before[0], steps) if before is not None and steps else None,
        parts=_parts(kinds),
        on_cpu=None if busy is None else busy / window,
        stolen=_stolen(first, last, window),
        gaps=tuple(_gaps(last)),
    )


def _load(snapshot: Snapshot) -> tuple[float, float, float] | None:
    for row in snapshot.tables.get("loadavg", ()):
        if isinstance(row, Loadavg):
            return row.load1, row.load5, row.load15
    return None


def _recovered(
    before: tuple[float, float, float] | None, after: tuple[float, float, float] | None, window: float
) -> float | None:
    """The mean the kernel counted, the latest counts weighing most as they do in load1."""
    if before is None or after is None or window < SHORTEST:
        return None
    keep = EXP_1 ** round(window / PERIOD)
    return max(0.0, (after[0] - before[0] * keep) / (1 - keep))


def _counts(snapshot: Snapshot) -> Counts | None:
    """Threads by kind at one scrape; None where it does not tell who runs."""
    row = next((one for one in snapshot.tables.get("stat", ()) if isinstance(one, Stat)), None)
    if row is None or row.procs_running is None or row.procs_blocked is None:
        return None
    # The exporter runs while it reads, and sleeps when the kernel counts.
    counts: Counts = {"running": float(max(0, row.procs_running - 1))}
    waits = [one for one in snapshot.tables.get("waits", ()) if isinstance(one, Waits)]
    states = [one for one in snapshot.tables.get("threads", ()) if isinstance(one, Threads)]
    if waits:
        for one in waits:
            kind = class_of(one.wchan)
            counts[kind] = counts.get(kind, 0.0) + one.threads
    elif states:
        asleep = sum(one.count for one in states if one.thread_state == "D")
        blocked = min(asleep, row.procs_blocked)
        counts["disk"], counts["other"] = float(blocked), float(asleep - blocked)
    else:
        counts["disk"] = float(row.procs_blocked)
    return counts


def _means(every: Iterable[Counts]) -> Counts:
    samples = list(every)
    return {
        kind: sum(one.get(kind, 0.0) for one in samples) / len(samples)
        for kind in KINDS
        if any(one.get(kind) for one in samples)
    }


def _counted(counts: Counts) -> float:
    return sum(threads for kind, threads in counts.items() if kind not in NOT_COUNTED)


def _parts(kinds: Counts) -> tuple[Part, ...]:
    whole = _counted(kinds)
    parts = [
        Part(kind, threads, None if kind in NOT_COUNTED or not whole else threads / whole, ())
        for kind, threads in kinds.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-part.threads, KINDS.index(part.kind))))


def _stolen(first: Snapshot, last: Snapshot, window: float) -> float | None:
    steals = [
        next((row.steal for row in one.tables.get("stat", ()) if isinstance(row, Stat)), None)
        for one in (first, last)
    ]
    before, after = steals
    return None if before is None or after is None or not window else (after - before) / window


def _gaps(last: Snapshot) -> Iterable[Gap]:
    if not last.tables.get("stat"):
        yield Gap("absent", "stat", "the exporter does not tell all of it: who runs is not known")
    if not last.tables.get("waits") and not last.tables.get("threads"):
        yield Gap("absent", "threads", "of threads in D only those that wait for I/O are known")
    elif not last.tables.get("waits"):
        yield Gap("absent", "waits", "what threads in D wait for is not known, but for I/O")
    yield Gap("absent", "processes", "exporters do not tell which threads run or wait")
