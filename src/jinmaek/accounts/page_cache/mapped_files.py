"""The files processes have mapped: /proc/PID/maps names them, under the deadline of ``tasks.guarded``.

A file is opened by its path where that still leads to it, else through /proc/PID/map_files, which takes the
mmap_lock too and needs CAP_CHECKPOINT_RESTORE (5.9) or CAP_SYS_ADMIN.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial

from jinmaek import procfile
from jinmaek.accounts.page_cache.account import CachedFile
from jinmaek.accounts.page_cache.file_systems import namespace
from jinmaek.accounts.page_cache.open_files import from_path
from jinmaek.accounts.page_cache.patience import LeftBehind, open_within
from jinmaek.accounts.page_cache.search import (
    INTERNAL,
    Candidate,
    Search,
    allowed,
    consider,
    note,
    open_again,
)
from jinmaek.kernel import pid_maps
from jinmaek.kernel.pid_maps import DELETED, MappedFile
from jinmaek.kernel.statx import Statx, statx
from jinmaek.root import LIVE
from jinmaek.tasks.guarded import Guard

BATCH = 64
"""Processes whose maps are held in memory at a time."""
PATIENCE = 0.5
"""Seconds for a link in map_files; the lock was free a moment before."""

Mapped = tuple[int, int, str]


def look(search: Search, pids: Sequence[int]) -> None:
    """Ask every file these processes have mapped, the first ones first."""
    guard = Guard(LIVE, ("maps",))
    seen: dict[Mapped, CachedFile | None] = {}
    pids = [pid for pid in pids if pid not in search.shut]
    for start in range(0, len(pids), BATCH):
        batch = pids[start : start + BATCH]
        if search.over():
            if not search.late:
                search.skip("processes", "out of time", str(batch[0]), count=len(pids) - start)
            return
        search.progress(search.asked)
        left = max(0.0, search.until - time.monotonic())
        read = guard.read([(pid, pid) for pid in batch], left)
        for pid in batch:
            reading = read[pid]
            if reading.missed is not None:
                _missed(search, pid, reading.missed.kind, reading.missed.detail)
            elif reading.texts:
                for file in pid_maps.parse(reading.texts[0]):
                    if pid not in search.shut:
                        _one(search, seen, pid, file)


def _missed(search: Search, pid: int, kind: str, detail: str) -> None:
    match kind:
        case "gone" | "absent":
            pass
        case "denied":
            search.skip("processes", "denied", str(pid))
        case _ if "mmap_lock" in detail:
            search.skip("processes", "locked", _name(pid))
        case _ if search.over():
            search.skip("processes", "out of time", _name(pid))
        case _:
            search.skip("processes", "error", _name(pid), detail=detail)


def _name(pid: int) -> str:
    """From a file that takes no lock."""
    try:
        return procfile.read(f"/proc/{pid}/comm").removesuffix("\n") + f" [{pid}]"
    except procfile.Unreadable:
        return str(pid)


def _one(search: Search, seen: dict[Mapped, CachedFile | None], pid: int, file: MappedFile) -> None:
    key = file.device, file.inode, file.path
    if key in seen:
        note(seen[key], pid)
        return
    identity = file.device, file.inode
    if identity in search.known:
        seen[key] = note(search.known[identity], pid)
        return
    seen[key] = None
    system = search.systems.of_device(file.device, pid)
    if system is None:
        if not file.path.startswith(INTERNAL):
            search.skip("files", "unknown file system", file.path)
    elif allowed(search, system, file.path):
        there = _there(search, pid, file)
        if there is None:
            seen[key] = _by_link(search, pid, file)
        else:
            opened = partial(from_path, there[0], identity)
            seen[key] = consider(search, Candidate(there[1], file.path, opened), pid=pid, holder=pid)


def _there(search: Search, pid: int, file: MappedFile) -> tuple[str, Statx] | None:
    """Where the file can be reached by name; None where another one is there now, or none."""
    if file.deleted:
        return None
    path = file.path if namespace(pid) == search.systems.own else f"/proc/{pid}/root{file.path}"
    try:
        there = statx(path, follow=False)
    except OSError:
        return None
    same = there.regular and there.identity == (file.device, file.inode)
    return (path, there) if same else None


def _by_link(search: Search, pid: int, file: MappedFile) -> CachedFile | None:
    link = f"/proc/{pid}/map_files/{file.addresses}"
    try:
        handle = open_within(PATIENCE, partial(os.open, link, os.O_PATH | os.O_CLOEXEC))
    except LeftBehind:
        search.shut.add(pid)
        search.skip("processes", "locked", _name(pid))
        return None
    except OSError as error:
        search.refused("files", error, file.path)
        return None
    try:
        there = statx(handle)
        if not there.regular:
            return None
        # Another name of it may be left, or be called so.
        path = file.path + DELETED if file.deleted and there.links else file.path
        one = Candidate(there, path, lambda anew: open_again(handle, quietly=anew), not there.links)
        return consider(search, one, pid=pid, holder=pid)
    finally:
        os.close(handle)
