"""One look at the page cache: at what is open, what is mapped, and what lies under given paths."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from jinmaek import procfile
from jinmaek.accounts.page_cache import devices, mapped_files, open_files, walked_files
from jinmaek.accounts.page_cache.account import Looked, Moved, PageCache, Totals, rank
from jinmaek.accounts.page_cache.file_systems import ours
from jinmaek.accounts.page_cache.residency import choose
from jinmaek.accounts.page_cache.search import Search
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.pressure import PressureMemory
from jinmaek.model import Gap
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, take

HALF = 0.5
"""The part of the time that processes may take where paths are to be walked as well."""
MOVING = ("vmstat", "pressure_memory")
WATCH = 0.5
"""Seconds for evicted pages to come back, where there are any."""


def look(
    paths: Sequence[str] = (),
    *,
    everywhere: bool = False,
    remote: bool = False,
    budget: float = 10.0,
    limit: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> PageCache:
    """Ask every file in reach once, within ``budget`` seconds and ``limit`` files walked.

    ``paths`` are files and folders; ``everywhere`` walks all local file systems; ``remote`` also asks those
    that may wait for a server or a daemon. Raises ``OSError`` for a path that is not there,
    ``procfile.Unreadable`` and ``Malformed`` without /proc.
    """
    began, cpu = time.monotonic(), time.process_time()
    way = choose()
    search = Search(way, ours(way.shm), began + budget, remote=remote, progress=progress)
    starts = walked_files.starts(search, paths)
    before = take(LIVE, MOVING)
    pids = _with_memory()
    if paths or everywhere:
        search.until = began + budget * HALF
    open_files.look(search, pids)
    mapped_files.look(search, pids)
    open_files.look_at_loops(search)
    on_devices = devices.look(search)
    moved = _watch(before, began + WATCH, search)
    search.until = began + budget
    walked_files.look(search, starts, limit)
    if everywhere:
        walked_files.look_everywhere(search, limit)
    if moved is None:
        before = take(LIVE, MOVING)
        moved = _watch(before, time.monotonic() + WATCH, search) or _moved(before)
    after = take(LIVE, ("meminfo", "cgroup_memory"))
    return PageCache(
        way=way.name,
        totals=totals(after),
        files=rank(search.found),
        devices=on_devices,
        holders=search.holders,
        paths=tuple(paths),
        everywhere=everywhere,
        privileged=not os.geteuid(),
        looked=Looked(search.asked, search.processes, search.skipped()),
        gaps=_gaps(search, before, after),
        moved=moved,
        cgroups={
            row.cgroup: row for row in after.tables.get("cgroup_memory", ()) if isinstance(row, CgroupMemory)
        },
        mounted=_mounted(search),
        cpu_s=time.process_time() - cpu,
        wall_s=time.monotonic() - began,
    )


def _with_memory() -> list[int]:
    """Processes that have memory of their own (no kernel threads), those that map most files first."""
    found: list[tuple[int, int]] = []
    for name in os.listdir("/proc"):
        if name.isdigit() and name.isascii():
            try:
                size, _, shared = procfile.read_bytes(f"/proc/{name}/statm").split(None, 3)[:3]
            except procfile.Unreadable:
                continue
            if size != b"0":
                found.append((-int(shared), int(name)))
    return [pid for _, pid in sorted(found)]


def totals(snapshot: Snapshot) -> Totals:
    """The kernel's sums in a snapshot."""
    for row in snapshot.tables.get("meminfo", ()):
        if isinstance(row, Meminfo):
            return Totals(row.MemTotal, row.MemAvailable, row.Cached, row.Buffers, row.Shmem)
    return Totals(None, None, None, None, None)


def _watch(before: Snapshot, until: float, search: Search) -> Moved | None:
    """What happened until then, where there is anything that could come back.

    Not while folders are walked: that makes pages of metadata come back itself.
    """
    if not any(file.told.nr_recently_evicted for file in search.found):
        return None
    time.sleep(max(0.0, until - time.monotonic()))
    return _moved(before)


def _moved(before: Snapshot) -> Moved:
    after = take(LIVE, ("vmstat",))
    waits = [row for row in before.tables.get("pressure_memory", ()) if isinstance(row, PressureMemory)]
    return Moved(
        span=after.monotonic - before.monotonic,
        refaults=more(before, after, "workingset_refault_file"),
        activated=more(before, after, "workingset_activate_file"),
        pressure=waits[0].some_avg10 if waits else None,
    )


def more(before: Snapshot, after: Snapshot, name: str) -> int | None:
    """By how much a field of vmstat grew."""
    values = [getattr(row, name) for shot in (before, after) for row in shot.tables.get("vmstat", ())]
    return values[1] - values[0] if len(values) == 2 and None not in values else None


def _mounted(search: Search) -> dict[str, int]:
    """Bytes each file system in memory holds, in RAM or in swap."""
    held: dict[str, int] = {}
    for mount in search.systems.mounts:
        if search.systems.made(mount).kind == "memory" and search.systems.holding(mount.path) is mount:
            try:
                told = os.statvfs(mount.path)
            except OSError as error:
                search.refused("folders", error, mount.path)
                continue
            held[mount.path] = (told.f_blocks - told.f_bfree) * told.f_frsize
    return held


def _gaps(search: Search, *snapshots: Snapshot) -> tuple[Gap, ...]:
    gaps = [gap for snapshot in snapshots for gap in snapshot.gaps.values()]
    if search.way.refused is not None:
        gaps.append(search.way.refused)
    hiding = [m for m in search.systems.mounts if m.path == "/proc" and "hidepid=" in m.options]
    if hiding and os.geteuid():
        gaps.append(Gap("denied", "proc", "processes of other users are hidden (hidepid)"))
    if search.through and search.way.name == "cachestat":
        detail = f"{len(search.through)} files of containers: what is dirty or evicted is not known"
        gaps.append(Gap("absent", "overlay layers", detail))
    return tuple(gaps)
