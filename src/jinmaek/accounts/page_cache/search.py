"""The search for cached files: each file is asked once, however many have it open and whatever its names.

What cannot be asked is counted with its reason. Nothing is opened before it is known to be a regular file on
a file system that waits for nobody: a pipe, a device or a server must never be touched by looking.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from jinmaek.accounts.page_cache.account import CachedFile, Holder, Process, Reason, Skipped, What
from jinmaek.accounts.page_cache.file_systems import FileSystem, FileSystems
from jinmaek.accounts.page_cache.overlay import layers, real_file
from jinmaek.accounts.page_cache.residency import OUT_OF_MEANS, OnlyPart, Way, ask
from jinmaek.kernel.cachestat import Cachestat
from jinmaek.kernel.mountinfo import MountPoint
from jinmaek.kernel.statx import Statx, statx

Identity = tuple[int, int]
Where = tuple[FileSystem, MountPoint | None]

DENIED = frozenset((errno.EACCES, errno.EPERM))
GONE = frozenset((errno.ENOENT, errno.ESRCH, errno.ENOTDIR))
NO_PAGES = frozenset((errno.EOPNOTSUPP, errno.ENODEV))
"""What cachestat(2) and mmap(2) say of a file that has no page cache."""
INTERNAL = ("/[", "/anon_hugepage", "/memfd:", "/SYSV")
"""Names on mounts of the kernel's own other than that of shared memory: huge pages, which are no page cache,
and what it maps for itself (``/[aio]``)."""
READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to be asked. ``opened`` gives a descriptor, which the asker closes.

    It is told whether the descriptor must have been opened anew, for reading: a file that is mapped must be
    readable, and to close a descriptor taken from another process makes a network file system write.
    """

    file: Statx
    path: str
    """As the process that has it sees it."""
    opened: Callable[[bool], int]
    deleted: bool = False


@dataclass(slots=True)
class Search:
    """What was found so far, and within which bounds more is looked for."""

    way: Way
    systems: FileSystems
    until: float
    """CLOCK_MONOTONIC."""
    remote: bool = False
    """Also ask file systems that may wait for a server or a daemon."""
    progress: Callable[[int], None] = lambda _: None
    known: dict[Identity, CachedFile | None] = field(default_factory=dict)
    """None: was asked, and has nothing in the page cache."""
    found: list[CachedFile] = field(default_factory=list)
    holders: dict[Holder, Process] = field(default_factory=dict)
    layers: dict[int, list[str]] = field(default_factory=dict)
    """Of each overlay, by the id of its mount."""
    through: dict[tuple[int, int, int], CachedFile | None] = field(default_factory=dict)
    """Files on overlays whose real file could not be told, by inode, size and time of change."""
    devices: dict[int, None] = field(default_factory=dict)
    """Block devices a process has open."""
    shut: set[int] = field(default_factory=set)
    """Processes that may not be looked at."""
    asked: int = 0
    """Files."""
    processes: int = 0
    late: bool = False
    """There was no time for the open files of all processes."""
    skips: dict[tuple[What, Reason, str], tuple[int, str]] = field(default_factory=dict)

    def over(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() > self.until

    def skip(self, what: What, reason: Reason, example: str, *, detail: str = "", count: int = 1) -> None:
        """Count what is not looked at."""
        before, first = self.skips.get((what, reason, detail), (0, example))
        self.skips[what, reason, detail] = (before + count, first)

    def refused(self, what: What, error: OSError, example: str) -> None:
        """Count what the kernel refused. What has gone is nobody's loss; our own want of means is raised."""
        if error.errno in OUT_OF_MEANS:
            raise error
        if error.errno in DENIED:
            self.skip(what, "denied", example)
        elif error.errno not in GONE:
            self.skip(what, "error", example, detail=error.strerror or str(error))

    def skipped(self) -> tuple[Skipped, ...]:
        """Everything that was not looked at."""
        return tuple(Skipped(*key, *told) for key, told in self.skips.items())


def consider(
    search: Search,
    one: Candidate,
    *,
    pid: int | None = None,
    holder: Holder | None = None,
    given: bool = False,
    where: Where | None = None,
) -> CachedFile | None:
    """Ask a regular file unless it was asked before, and note who has it.

    Its path is as ``pid`` sees it; ``where`` is the file system, for those who know it.
    """
    identity = one.file.identity
    if identity in search.known:
        return note(search.known[identity], holder, given=given)
    found = _ask(search, one, where or search.systems.of(one.file, pid))
    if found is not None or holder is not None or one.file.links > 1:
        search.known[identity] = found  # the others will not be met again
    return note(found, holder, given=given)


def note(found: CachedFile | None, holder: Holder | None, *, given: bool = False) -> CachedFile | None:
    """One more who has this file."""
    if found is not None:
        found.given |= given
        if holder is not None:
            found.who[holder] = None
    return found


def allowed(search: Search, system: FileSystem, path: str) -> bool:
    """Whether files of a file system may be asked; counts them where not."""
    if system.kind == "remote" and not search.remote:
        search.skip("files", "remote", path, detail=system.fstype)
        return False
    return system.kind != "none"


def reopen(path: str, expected: Identity, *, follow: bool, anew: bool) -> int:
    """A descriptor for reading of exactly the file that was looked at.

    What a path leads to may be exchanged at any moment: an O_PATH descriptor touches nothing, and opening
    that one again cannot lead elsewhere. Raises OSError.
    """
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    try:
        file = statx(handle)
        if file.identity != expected or not file.regular:
            raise FileNotFoundError(errno.ENOENT, "another file is there now", path)
        return open_again(handle, quietly=anew)
    finally:
        os.close(handle)


def open_again(handle: int, *, quietly: bool) -> int:
    """A descriptor for reading of the file of another one. Raises OSError.

    ``quietly``: mmap(2) is not to change the time of last access, where we may ask for that.
    """
    if quietly:
        try:
            return os.open(f"/proc/self/fd/{handle}", READ | os.O_NOATIME)
        except PermissionError:
            pass  # only the owner may
    return os.open(f"/proc/self/fd/{handle}", READ)


def _ask(search: Search, one: Candidate, where: Where | None) -> CachedFile | None:
    if where is None:
        if not one.path.startswith(INTERNAL):
            search.skip("files", "unknown file system", one.path)
        return None
    system, mount = where
    if not allowed(search, system, one.path):
        return None
    if system.kind == "overlay" and mount is not None:
        return _ask_through(search, one, system, mount)
    return _made(search, one, system, _told(search, one, system))


def _ask_through(search: Search, one: Candidate, system: FileSystem, mount: MountPoint) -> CachedFile | None:
    """A file on an overlay: ask the real one, which other overlays may share."""
    below = search.layers.get(mount.id)
    if below is None:
        below = search.layers[mount.id] = layers(mount.options)
    for layer in below:
        under = search.systems.holding(layer)
        if under is not None and not allowed(search, search.systems.made(under), one.path):
            return None
    known = search.way.name == "cachestat" and not one.deleted
    real = real_file(one.path, one.file, mount, below) if known else None
    if real is not None:
        place, file = real

        def opened(anew: bool) -> int:
            return reopen(place, file.identity, follow=False, anew=anew)

        if file.identity not in search.known:
            there = search.systems.of(file)
            there = (there[0] if there else system), None
            search.known[file.identity] = _ask(search, Candidate(file, one.path, opened), there)
        return search.known[file.identity]
    # Two overlays over one layer show one file with the inode number, size and time of the layer's.
    twin = one.file.inode, one.file.size, one.file.mtime_ns
    if twin not in search.through:
        search.through[twin] = _made(search, one, system, _told(search, one, system, through=True))
    return search.through[twin]


def _told(search: Search, one: Candidate, system: FileSystem, *, through: bool = False) -> Cachestat | None:
    search.asked += 1
    if not search.asked % 64:
        search.progress(search.asked)
    if not one.file.size:
        return None
    try:
        descriptor = one.opened(through or search.way.name == "mincore" or system.kind == "remote")
        try:
            return ask(search.way, descriptor, one.file, search.until, through=through)
        finally:
            os.close(descriptor)
    except OnlyPart as part:
        search.skip("files", "out of time", one.path)
        return part.told
    except OSError as error:
        if error.errno not in NO_PAGES:
            search.refused("files", error, one.path)
        return None


def _made(search: Search, one: Candidate, system: FileSystem, told: Cachestat | None) -> CachedFile | None:
    if told is None or not (told.nr_cache or told.nr_evicted):
        return None
    made = CachedFile(
        device=one.file.device,
        inode=one.file.inode,
        path=one.path,
        deleted=one.deleted or not one.file.links,
        size=one.file.size,
        system=system,
        told=told,
    )
    search.found.append(made)
    return made
