"""Watching the live machine for ``capacity``: a reading now and then, bounded in what all of them cost."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jinmaek.advice.capacity import ends, mapped
from jinmaek.advice.capacity.growth import SAMPLES
from jinmaek.advice.capacity.recorded import Before
from jinmaek.advice.capacity.series import Identity, Watched, limited
from jinmaek.advice.capacity.tracks import Tracks
from jinmaek.history.live import Ring
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Scanner

EACH = ("meminfo", "vmstat", "pressure_memory", "cgroup_memory")
ENDS = (*EACH, "cgroup_pressure", "buddyinfo", "swaps", "sys_vm", "uptime")
"""At the first and the last reading."""
SHARE = 0.05
"""Of one CPU, that watching may cost: readings are farther apart where one costs more."""
MANY = 600
"""Readings of a long look, unless more are asked for."""
MOST = 3600
"""Readings that are kept at most."""
SPARE = 4
"""Readings more than are needed."""
GLANCE = 0.2
"""Seconds between two looks whether it is to stop."""
FLOOR = 1 << 20
"""Bytes that must move: allocators and page tables take that much at a time."""
PAGE = os.sysconf("SC_PAGE_SIZE")
ROUNDS = (0.25, 0.5, 0.75)
"""Of the window, when mappings are walked: who begins late is not missed."""
WALKED = 3
"""Growers whose mappings are walked in one round."""
LARGEST = 64 << 30
"""Bytes of a process whose page tables are walked."""
KEPT = 1 << 20

Progress = Callable[[float, str], None]
"""Told the seconds left, 0 at the end, and who grew most so far."""


@dataclass(slots=True)
class _Seen:
    """What is gathered on the way."""

    root: Root
    scanner: Scanner
    cgroup: str | None
    tracks: Tracks
    ring: Ring = field(default_factory=lambda: Ring(KEPT))
    limited: dict[str, list[tuple[float, CgroupMemory]]] = field(default_factory=dict)
    walked: dict[Identity, mapped.First | Gap] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)
    cost: float = 0.0
    """CPU seconds of the last reading."""


def watch(
    root: Root,
    scanner: Scanner,
    span: float,
    interval: float | None = None,
    *,
    pid: int | None = None,
    cgroup: str | None = None,
    stop: Callable[[], bool] = lambda: False,
    before: Callable[[float, float], Before | Gap | None] = lambda _, __: None,
    progress: Progress | None = None,
) -> Watched:
    """Watch for ``span`` seconds, or until ``stop``; a captured tree is the one moment it shows.

    Without an ``interval`` it is a second, less in a short look, more where a reading costs much.
    ``before`` is asked once, with the moment of the beginning (seconds since boot) and the least change of a
    size that counts, for what was recorded up to then: the look goes on from it.
    """
    floor = float(FLOOR if scanner.way == "bpf" else max(FLOOR, error(os.cpu_count() or 1)))
    seen = _Seen(root, scanner, cgroup, Tracks(root, floor, pid))
    earlier = before(time.clock_gettime(time.CLOCK_BOOTTIME), floor)
    if isinstance(earlier, Before):
        _go_on(seen, earlier)
    begin = due = time.monotonic()
    first = last = _reading(seen, ENDS)
    assert first.tasks is not None
    fetched = (isinstance(earlier, Before) and earlier.fetched) or ends.fetched(root, first.tasks)
    rounds = [begin + part * span for part in ROUNDS]
    interrupted = final = not root.live
    while not final:
        due = max(due, time.monotonic() - GLANCE) + _pace(seen, span, interval)
        final = due >= begin + span - GLANCE / 2
        interrupted = _sleep(seen, min(due, begin + span), begin + span, stop, progress)
        final = final or interrupted
        last = _reading(seen, ENDS if final else EACH)
        if rounds and time.monotonic() >= rounds[0] and not final:
            rounds.pop(0)
            _walk(seen)
    if progress:
        progress(0, "")
    made = _watched(seen, span, last, fetched, interrupted=interrupted and root.live)
    if isinstance(earlier, Before):
        watched = last.monotonic - first.monotonic
        return dataclasses.replace(made, judged=(last.monotonic, watched), remembered=earlier.told)
    return dataclasses.replace(made, remembered=earlier)


def _go_on(seen: _Seen, before: Before) -> None:
    """Begin where a recording ends."""
    for snapshot in before.snapshots:
        seen.ring.add(snapshot)
    seen.tracks = before.tracks
    seen.tracks.root = seen.root
    seen.limited = before.limited


def error(cpus: int) -> int:
    """Bytes by which a size in /proc/PID/status may be off since 6.2: each CPU keeps up to a batch of pages.

    lib/percpu_counter.c; the batch is 32, or twice the number of CPUs. Exact again since 6.16.
    """
    return PAGE * cpus * max(32, 2 * cpus)


def _pace(seen: _Seen, span: float, interval: float | None) -> float:
    """Seconds to the next reading: the cost decides, as long as there are enough of them."""
    least = max(min(1.0, span / (2 * SAMPLES)), span / MANY)
    return interval or min(max(least, seen.cost / SHARE), span / (SAMPLES + SPARE))


def _reading(seen: _Seen, tables: Sequence[str]) -> Snapshot:
    began = time.process_time()
    both = tables is ENDS
    # What /proc tells of every process costs much: in between only those that faulted are asked.
    scan = seen.scanner.scan(details=both or seen.scanner.way == "bpf")
    snapshot = take(seen.root, tables, scan)
    seen.gaps |= snapshot.gaps
    if "processes" in scan.gaps:
        seen.gaps["processes"] = scan.gaps["processes"]
    for row in snapshot.tables.get("cgroup_memory", ()):
        if isinstance(row, CgroupMemory) and _matters(seen, row):
            seen.limited.setdefault(row.cgroup, []).append((snapshot.monotonic, row))
    kept = {name: rows for name, rows in snapshot.tables.items() if both or name != "cgroup_memory"}
    seen.ring.add(dataclasses.replace(snapshot, tables=kept, tasks=None))
    seen.tracks.add(scan, snapshot.monotonic)
    seen.cost = time.process_time() - began
    return snapshot


def _matters(seen: _Seen, row: CgroupMemory) -> bool:
    limited = row.max is not None or row.high is not None
    return row.current is not None and (limited or row.cgroup == seen.cgroup)


def _sleep(
    seen: _Seen, until: float, end: float, stop: Callable[[], bool], progress: Progress | None
) -> bool:
    """Whether it was told to stop."""
    while (left := until - time.monotonic()) > 0 and not stop():
        if progress:
            progress(end - time.monotonic(), _fastest(seen))
        time.sleep(min(left, GLANCE))
    return stop()


def _fastest(seen: _Seen) -> str:
    most = next(iter(seen.tracks.growers(seen.tracks.floor)), None)
    return "" if most is None else f"{most.name} [{most.pid}] {most.grown / (1 << 20):+.0f} MiB"


def _walk(seen: _Seen) -> None:
    """Walk the mappings of those that grew most so far, each once."""
    grown = seen.tracks.growers(seen.tracks.floor / 4)
    able = [track.identity for track in grown if track.rows[-1][0] < LARGEST]
    seen.walked |= mapped.first(seen.root, [one for one in able if one not in seen.walked][:WALKED])


def _watched(
    seen: _Seen, span: float, last: Snapshot, before: Mapping[Identity, int], *, interrupted: bool
) -> Watched:
    """``before`` is what each process had fetched from storage at the first reading."""
    tracks, scan = seen.tracks, last.tasks
    assert scan is not None
    grown = [track.identity for track in tracks.growers(tracks.floor)][: ends.READERS]
    return Watched(
        wall=last.wall,
        asked=span,
        readings=len(tracks.times),
        floor=tracks.floor,
        history=seen.ring,
        processes=tracks.processes(),
        cgroups={
            path: limited(path, rows)
            for path, rows in seen.limited.items()
            if rows[-1][0] == tracks.times[-1]
        },
        crowds=ends.crowds(seen.root, tracks, scan),
        readers=ends.readers(seen.root, before, ends.fetched(seen.root, scan), scan, tracks.floor),
        peaks=ends.peaks(seen.root, scan),
        mapped=mapped.second(seen.root, seen.walked, grown) if seen.root.live else {},
        allowed=ends.limits(seen.root, grown),
        interrupted=interrupted,
        tasks=seen.scanner.reading,
        gaps=tuple(dict.fromkeys(seen.gaps.values())),
    )
