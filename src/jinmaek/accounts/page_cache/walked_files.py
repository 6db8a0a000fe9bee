"""Files below given paths, whether anyone has them open or not; one file system at a time.

A folder another file system is mounted on is left alone unless it was asked for: entering it may wait for a
server. Folders are read without changing their time of last access where we may.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from jinmaek.accounts.page_cache.account import Reason
from jinmaek.accounts.page_cache.open_files import from_path
from jinmaek.accounts.page_cache.search import (
    READ,
    Candidate,
    Identity,
    Search,
    Where,
    allowed,
    consider,
    open_again,
)
from jinmaek.kernel.mountinfo import MountPoint
from jinmaek.kernel.statx import Statx, of_stat, statx

FIRST = ("/tmp", "/opt", "/srv", "/data", "/home", "/var/log", "/var/lib")  # noqa: S108
"""Where files that were read and closed are most often, the last one first: time may not last for all."""


@dataclass(slots=True)
class Walk:
    """What is still to be looked into, and what has been."""

    left: int | None
    """Files it may still ask; None is without limit."""
    given: bool
    folders: list[str] = field(default_factory=list)
    visited: set[Identity] = field(default_factory=set)
    crossings: dict[str, MountPoint] = field(default_factory=dict)
    """Where other file systems are mounted below the one that is walked."""

    def full(self) -> bool:
        return self.left is not None and self.left <= 0


def starts(search: Search, paths: Iterable[str]) -> list[tuple[str, Statx]]:
    """The real paths that were asked for, and what is there. Raises OSError for one that is not there."""
    found = []
    for path in paths:
        if _answers(search, path):
            real = os.path.realpath(path)
            if _answers(search, real):
                found.append((real, statx(real)))
                if stat.S_ISBLK(found[-1][1].mode):
                    search.devices[found[-1][1].rdev] = None
    return found


def look(search: Search, found: Iterable[tuple[str, Statx]], limit: int | None) -> None:
    """Ask files and everything in folders."""
    walk = Walk(limit, given=True)
    for path, file in found:
        if file.regular:
            opened = partial(from_path, path, file.identity)
            consider(search, Candidate(file, path, opened), given=True)
        elif stat.S_ISDIR(file.mode):
            _walk(search, walk, file, [path])
        elif not stat.S_ISBLK(file.mode):
            search.skip("files", "no file", path)


def look_everywhere(search: Search, limit: int | None) -> None:
    """Ask every file on every file system mounted here that answers by itself."""
    walk = Walk(limit, given=False)
    for mount in _worth_walking(search):
        first = [path for path in FIRST if search.systems.holding(path) is mount and path != mount.path]
        try:
            _walk(search, walk, statx(mount.path), [mount.path, *first])
        except OSError as error:
            search.refused("folders", error, mount.path)


def _answers(search: Search, path: str) -> bool:
    """Whether a path is, by its name, on a file system that may be asked."""
    mount = search.systems.holding(path)
    return mount is None or allowed(search, search.systems.made(mount), path)


def _worth_walking(search: Search) -> list[MountPoint]:
    """One mount of each file system, the one that shows most of it; those on disks first."""
    shown: dict[int, MountPoint] = {}
    for mount in search.systems.mounts:
        kind = search.systems.made(mount).kind
        if kind == "none" or search.systems.holding(mount.path) is not mount:
            continue  # another one is mounted over it
        if kind == "remote" and not search.remote:
            search.skip("folders", "remote", mount.path, detail=mount.fstype)
            continue
        known = shown.setdefault(mount.device, mount)
        if known.root != "/" and mount.root == "/":
            shown[mount.device] = mount
    return sorted(shown.values(), key=lambda mount: search.systems.made(mount).kind == "memory")


def _walk(search: Search, walk: Walk, top: Statx, start: list[str]) -> None:
    """Everything below the first of ``start``, beginning with the last of them."""
    where = search.systems.of(top)
    if where is None:
        search.skip("folders", "unknown file system", start[0])
        return
    walk.folders = start
    walk.crossings = {mount.path: mount for mount in search.systems.under(start[0])}
    while walk.folders:
        if walk.full() or search.over():
            reason: Reason = "limit" if walk.full() else "out of time"
            search.skip("folders", reason, walk.folders[-1], count=len(walk.folders))
            return
        folder = walk.folders.pop()
        try:
            handle = _opened(folder)
            try:
                _folder(search, walk, where, top.device, folder, handle)
            finally:
                os.close(handle)
        except OSError as error:
            search.refused("folders", error, folder)


def _folder(search: Search, walk: Walk, where: Where, device: int, folder: str, handle: int) -> None:
    here = os.fstat(handle)
    if here.st_dev != device:
        search.skip("folders", "other mount", folder)  # a subvolume, or mounted a moment ago
        return
    if (here.st_dev, here.st_ino) in walk.visited:
        return
    walk.visited.add((here.st_dev, here.st_ino))
    prefix = folder.rstrip("/") + "/"
    with os.scandir(handle) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _push(search, walk, prefix + entry.name)
            elif entry.is_file(follow_symlinks=False):
                if walk.full() or search.over():
                    walk.folders.append(folder)  # so that it is counted as not looked into
                    return
                _file(search, walk, where, handle, entry.name, prefix)


def _push(search: Search, walk: Walk, folder: str) -> None:
    crossing = walk.crossings.get(folder)
    if crossing is None:
        walk.folders.append(folder)
    elif walk.given and search.systems.made(crossing).kind != "none":
        search.skip("folders", "other mount", folder)


def _file(search: Search, walk: Walk, where: Where, folder: int, name: str, prefix: str) -> None:
    path = prefix + name
    flags = READ | os.O_NOFOLLOW
    if walk.left is not None:
        walk.left -= 1
    try:
        # Of a name that is a pipe by now, opening it for reading without waiting does no harm.
        descriptor = os.open(name, flags, dir_fd=folder)
    except OSError as error:
        search.refused("files", error, path)
        return
    mine = [descriptor]
    try:
        file = of_stat(os.fstat(descriptor))
        if file.regular:

            def opened(anew: bool) -> int:
                return open_again(descriptor, quietly=True) if anew else mine.pop()

            consider(search, Candidate(file, path, opened), given=walk.given, where=where)
    finally:
        for unused in mine:
            os.close(unused)


def _opened(folder: str) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(folder, flags | os.O_NOATIME)
    except PermissionError:
        return os.open(folder, flags)
