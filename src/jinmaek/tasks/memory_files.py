"""Files in memory without a name that live on because a process has them open: memfds, deleted ones.

/proc/PID/fd/N is a link that says so, and leads to the inode whatever its name was. No lock is taken. A file
that is only mapped, its descriptor closed, is not found here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jinmaek.kernel.mounts import IN_MEMORY
from jinmaek.model import Gap
from jinmaek.procfile import REASONS
from jinmaek.root import Root
from jinmaek.tasks.files import unreadable
from jinmaek.tasks.mount_spaces import MountSpaces

MEMFD = "/memfd:"
DELETED = " (deleted)"
BLOCK = 512
"""Bytes of a block in st_blocks."""


@dataclass(slots=True)
class MemoryFile:
    """One file. ``size`` is what it takes, in RAM or in swap."""

    device: int
    inode: int
    name: str
    memfd: bool
    size: int
    block: int
    """Bytes the file system counts in: those of a huge page on hugetlbfs."""
    link: str
    """A descriptor that leads to it."""
    holders: list[int] = field(default_factory=list)
    """Processes that have it open."""


def look(
    root: Root, pids: Iterable[int], spaces: MountSpaces, budget: float
) -> tuple[list[MemoryFile], tuple[Gap, ...]]:
    """The files these processes hold, for at most ``budget`` seconds."""
    found: dict[tuple[int, int], MemoryFile] = {}
    gaps: dict[str, Gap] = {}
    end = time.monotonic() + budget
    wanted = list(pids)
    for count, pid in enumerate(wanted):
        if time.monotonic() > end:
            said = f"{count} of {len(wanted)} processes in {budget:g} s"
            gaps["fd"] = Gap("timed out", "proc/PID/fd", said)
            break
        held: set[tuple[int, int]] = set()
        for link, name in _unnamed(root, pid, gaps):
            if not name.startswith(MEMFD) and not _in_memory(spaces, pid, name):
                continue
            try:
                told = os.stat(link)
            except OSError as error:
                if error.errno not in REASONS:
                    raise
                continue
            key = told.st_dev, told.st_ino
            if key not in found:
                memfd = name.startswith(MEMFD)
                shown = name.removeprefix(MEMFD) if memfd else name
                size = told.st_blocks * BLOCK
                found[key] = MemoryFile(*key, shown, memfd, size, told.st_blksize, link)
            if key not in held:
                held.add(key)
                found[key].holders.append(pid)
    return list(found.values()), tuple(gaps.values())


def _unnamed(root: Root, pid: int, gaps: dict[str, Gap]) -> Iterator[tuple[str, str]]:
    """Links to files without a name, and the name each had."""
    folder = root.path(f"proc/{pid}/fd")
    try:
        names = os.listdir(folder)
    except OSError as error:
        if (why := unreadable(error, folder).why) == "denied":
            gaps["fd"] = Gap(why, "proc/PID/fd", "memfds and deleted files of other users are not seen")
        return
    for number in names:
        link = f"{folder}/{number}"
        try:
            to = os.readlink(link)
        except OSError as error:
            if error.errno not in REASONS:
                raise
            continue
        if to.endswith(DELETED):
            yield link, to.removesuffix(DELETED)


def _in_memory(spaces: MountSpaces, pid: int, path: str) -> bool:
    """Whether the file was on a file system in memory: asking after any other may hang."""
    place = spaces.of.get(pid)
    if place is None or not path.startswith("/"):
        return False
    mount = spaces.spaces[place].on(path)
    return mount is not None and mount.fstype in IN_MEMORY
