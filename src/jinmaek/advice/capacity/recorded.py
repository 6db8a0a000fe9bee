"""What a recording tells ``capacity``: memory over hours and days, by some hundred samples of them.

Nothing of it can be asked for more: no mappings, no limits of processes, no cgroup of a process. A shortage
may have lasted minutes of days: whether memory was short is judged where threads waited for it most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from jinmaek.advice.capacity import ends
from jinmaek.advice.capacity.series import Identity, Watched, limited
from jinmaek.advice.capacity.tracks import Tracks
from jinmaek.history.live import Ring
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.sparse import snapshots
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.model import Gap, Remembered, TasksRead
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import Scan

EACH = ("meminfo", "vmstat", "pressure_memory", "cgroup_memory")
ENDS = (*EACH, "cgroup_pressure", "buddyinfo", "swaps", "sys_vm", "uptime")
COLUMNS = (
    "pid", "tgid", "ppid", "start_time", "comm", "state", "flags", "minflt", "majflt", "num_threads", "vsize",
    "resident", "vm_swap", "rss_anon", "rss_file", "rss_shmem", "read_bytes",
)  # fmt: skip
MANY = 600
"""Samples that are taken of a recording at most, about."""
PIECE = 600.0
"""Seconds in which a shortage is judged, or four samples where those take longer."""
KEPT = 1 << 20
GAPS = (
    Gap("absent", "proc/PID/smaps", "not recorded: which mapping grew"),
    Gap("absent", "proc/PID/limits", "not recorded: what a process may have at most"),
    Gap("absent", "proc/PID/cgroup", "not recorded: the cgroup of a process"),
    Gap("absent", "proc/PID/status VmHWM", "not recorded: what a process once had"),
)


@dataclass(slots=True)
class Before:
    """What was recorded up to a moment, as a look gathers it."""

    tracks: Tracks
    snapshots: list[Snapshot] = field(default_factory=list)
    """Without tasks."""
    limited: dict[str, list[tuple[float, CgroupMemory]]] = field(default_factory=dict)
    scan: Scan | None = None
    """The last."""
    fetched: dict[Identity, int] = field(default_factory=dict)
    """Bytes each process had fetched from storage at the first sample."""
    gaps: dict[str, Gap] = field(default_factory=dict)
    told: Remembered | None = None
    """What part of the recording it is."""


def read(
    recording: Recording,
    boot: str,
    start: float,
    end: float,
    floor: float,
    *,
    pid: int | None = None,
    cgroup: str | None = None,
    most: int = MANY,
    progress: Callable[[float], None] | None = None,
) -> Before:
    """Samples of a boot from ``start`` to ``end``, seconds since boot."""
    found = Before(Tracks(None, floor, pid))
    for one in snapshots(recording, boot, start, end, most, ENDS, COLUMNS):
        found.gaps |= {name: gap for name, gap in one.gaps.items() if name in EACH or name == "tasks"}
        if one.tasks is None or not one.tasks.processes.rss_anon:
            found.gaps.setdefault("tasks", Gap("absent", "tasks", "the memory of processes is not recorded"))
        else:
            found.tracks.add(one.tasks, one.monotonic)
            found.scan = one.tasks
            if not found.snapshots:
                found.fetched = fetched(one.tasks)
        for row in one.tables.get("cgroup_memory", ()):
            if isinstance(row, CgroupMemory) and _matters(row, cgroup):
                found.limited.setdefault(row.cgroup, []).append((one.monotonic, row))
        found.snapshots.append(replace(one, tasks=None))
        if progress:
            progress((one.monotonic - start) / max(1.0, end - start))
    return found


def _matters(row: CgroupMemory, cgroup: str | None) -> bool:
    bounded = row.max is not None or row.high is not None
    return row.current is not None and (bounded or row.cgroup == cgroup)


def fetched(scan: Scan) -> dict[Identity, int]:
    """Bytes each process had fetched from storage, where that is known."""
    tasks = scan.processes
    known = zip(tasks.pid, tasks.start_time, tasks.read_bytes, strict=True) if tasks.read_bytes else ()
    return {(pid, start): size for pid, start, size in known if size is not None}


def watched(found: Before, asked: float) -> Watched:
    """A piece of a recording as if it had been watched. There is at least one sample."""
    ring, last, tracks, scan = Ring(KEPT), found.snapshots[-1], found.tracks, found.scan
    for one in found.snapshots:
        ring.add(one)
    there = {row.cgroup for row in last.tables.get("cgroup_memory", ()) if isinstance(row, CgroupMemory)}
    return Watched(
        wall=last.wall,
        asked=asked,
        readings=len(found.snapshots),
        floor=tracks.floor,
        history=ring,
        processes=tracks.processes(),
        cgroups={path: limited(path, rows) for path, rows in found.limited.items() if path in there},
        crowds=() if scan is None else ends.crowds(None, tracks, scan),
        readers=() if scan is None else ends.readers(None, found.fetched, fetched(scan), scan, tracks.floor),
        tasks=None if scan is None else TasksRead(scan.way, 0.0),
        gaps=(*dict.fromkeys(found.gaps.values()), *GAPS),
        judged=_worst(found.snapshots),
    )


def _worst(every: Sequence[Snapshot]) -> tuple[float, float] | None:
    """The end and the length of the piece in which threads waited for memory most; None of a short time."""
    times = [one.monotonic for one in every]
    if len(times) < 2 or times[-1] - times[0] <= PIECE:
        return None
    totals = [
        next((getattr(row, "some_total", None) for row in one.tables.get("pressure_memory", ())), None)
        for one in every
    ]
    if None in totals:
        # Without pressure, by what came back from swap or after eviction.
        totals = [_came_back(one) for one in every]
    step = max(later - earlier for earlier, later in pairwise(times))
    length = max(PIECE, 4 * step)
    best: tuple[float, float, float] | None = None
    first = 0
    for place, time in enumerate(times):
        while time - times[first] > length:
            first += 1
        before, after = totals[first], totals[place]
        if before is None or after is None or time - times[first] < length / 2:
            continue
        share = (after - before) / (time - times[first])
        # Of pieces alike, the last.
        if best is None or share >= best[0]:
            best = share, time, time - times[first]
    return None if best is None else best[1:]


def _came_back(one: Snapshot) -> float | None:
    names = ("pswpin", "workingset_activate_anon", "workingset_activate_file", "workingset_activate")
    for row in one.tables.get("vmstat", ()):
        known = [value for name in names if (value := getattr(row, name, None)) is not None]
        return float(sum(known)) if known else None
    return None
