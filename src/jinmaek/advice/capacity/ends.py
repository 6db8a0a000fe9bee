"""What is asked once, at the end of a look: who read most, crowds, limits of growers, peaks of the past."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from heapq import nlargest

from jinmaek import procfile
from jinmaek.advice.capacity.growth import moved
from jinmaek.advice.capacity.programs import CROWD
from jinmaek.advice.capacity.series import Crowd, Identity, Peak, Reader
from jinmaek.advice.capacity.tracks import Tracks, cgroup_of
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_io, pid_limits, pid_smaps_rollup, pid_status
from jinmaek.kernel.pid_limits import PidLimits
from jinmaek.root import Root
from jinmaek.tasks.files import read
from jinmaek.tasks.guarded import Guard
from jinmaek.tasks.table import Scan, place

READERS = 8
MEMBERS = 8
"""Processes of a crowd whose memory is asked for."""
BUDGET = 0.5
"""Seconds for that."""
PEAKS = 256
"""Of the largest processes, how much they ever had is asked."""


def fetched(root: Root, scan: Scan) -> dict[Identity, int]:
    """Bytes each process fetched from storage so far, of those that may be asked."""
    found = {}
    for identity in zip(scan.processes.pid, scan.processes.start_time, strict=True):
        try:
            told = pid_io.parse(read(root.path(f"proc/{identity[0]}/io")))
        except (procfile.Unreadable, Malformed):
            continue
        if told.read_bytes is not None:
            found[identity] = told.read_bytes
    return found


def readers(
    root: Root | None, before: Mapping[Identity, int], after: Mapping[Identity, int], last: Scan, floor: float
) -> list[Reader]:
    """Who fetched most between the two; of one born meanwhile all it did."""
    sizes = {one: total - before.get(one, 0) for one, total in after.items() if one[0] != os.getpid()}
    most = nlargest(READERS, (one for one in sizes if sizes[one] >= floor), key=lambda one: sizes[one])
    return [
        Reader(pid, start, "?" if (i := place(last.processes, pid)) is None else last.processes.comm[i],
               cgroup_of(root, pid), sizes[pid, start])
        for pid, start in most
    ]  # fmt: skip


def crowds(root: Root | None, tracks: Tracks, last: Scan) -> list[Crowd]:
    """Names borne by ever more, or ever fewer, processes."""
    names = set[str]().union(*tracks.counts)
    found = []
    for name in sorted(names):
        counts = [float(one[name]) for one in tracks.counts]
        if moved(counts, CROWD) and counts[-1]:
            found.append(_crowd(root, name, tracks.times, counts, last))
    return found


def _crowd(
    root: Root | None, name: str, times: Sequence[float], counts: Sequence[float], last: Scan
) -> Crowd:
    tasks = last.processes
    there = [i for i, comm in enumerate(tasks.comm) if comm == name]
    newest = sorted(there, key=lambda i: tasks.start_time[i])[-MEMBERS:]
    parent = place(tasks, tasks.ppid[newest[-1]])
    return Crowd(
        name=name,
        times=times,
        counts=counts,
        each=_each(root, [tasks.pid[i] for i in newest]),
        pid=tasks.pid[newest[-1]],
        start_time=tasks.start_time[newest[-1]],
        cgroup=cgroup_of(root, tasks.pid[newest[-1]]),
        parent=None if parent is None else (tasks.pid[parent], tasks.comm[parent]),
    )


def _each(root: Root | None, pids: Sequence[int]) -> float | None:
    """The mean of what these have of their own: what is shared is divided among those that share it."""
    if root is None:
        return None
    sizes: list[int] = []
    for told in Guard(root, ("smaps_rollup",)).read([(pid, pid) for pid in pids], BUDGET).values():
        if told.missed is not None:
            continue
        try:
            sums = pid_smaps_rollup.parse(told.texts[0].decode("ascii", "replace"))
        except Malformed:
            continue
        anon = sums.Private_Dirty if sums.Pss_Anon is None else sums.Pss_Anon
        sizes.append(anon + (sums.Swap if sums.SwapPss is None else sums.SwapPss))
    return sum(sizes) / len(sizes) if sizes else None


def limits(root: Root, wanted: Sequence[Identity]) -> dict[Identity, PidLimits]:
    """What processes may have at most, of those whose limits can be read."""
    found = {}
    for identity in wanted:
        try:
            found[identity] = pid_limits.parse(read(root.path(f"proc/{identity[0]}/limits")))
        except (procfile.Unreadable, Malformed):
            continue
    return found


def peaks(root: Root, last: Scan) -> list[Peak]:
    """What the largest processes have, and had at most."""
    tasks = last.processes
    found = []
    for i in nlargest(PEAKS, range(len(tasks)), key=lambda i: tasks.resident[i] or 0):
        try:
            status = pid_status.parse(read(root.path(f"proc/{tasks.pid[i]}/status")))
        except (procfile.Unreadable, Malformed):
            continue
        if status.VmHWM is not None and status.VmRSS is not None:
            found.append(Peak(tasks.comm[i], tasks.pid[i], status.VmHWM, status.VmRSS))
    return found
