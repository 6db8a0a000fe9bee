"""Which files in memory are in swap: what a file takes, less what of it is in the page cache.

The kernel tells no sum: a tmpfs counts its blocks wherever they are. cachestat(2) (6.5) or mincore(2) is
asked about every file of it, and about memfds and deleted files through the descriptors that hold them.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace

from jinmaek.accounts.shared_memory import NOTICED, SharedMemory, SharedObject
from jinmaek.kernel import cachestat, mincore
from jinmaek.tasks.memory_files import BLOCK

FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Partly(Exception):
    """Not every file of an object could be asked."""


def measured(shared: SharedMemory, budget: float) -> SharedMemory:
    """The same objects, with their swap where all of it could be found out within ``budget`` seconds.

    An object of less than a MiB is not worth it, and one of which a file may not be opened stays unknown.
    """
    until = time.monotonic() + budget
    return replace(shared, objects=tuple(_measured(one, until) for one in shared.objects))


def _measured(one: SharedObject, until: float) -> SharedObject:
    if one.swap is not None or not one.path or (one.size or 0) < NOTICED:
        return one
    try:
        return replace(one, swap=min(_swapped(one, until), one.size or 0))
    except (_Partly, OSError):
        return one


def _swapped(one: SharedObject, until: float) -> int:
    if one.kind != "tmpfs":
        return _of_file(one.path, until, follow=True)
    seen: set[int] = set()
    total = 0
    for path, inode in _files(one, until):
        if inode not in seen:
            seen.add(inode)
            total += _of_file(path, until)
    return total


def _files(one: SharedObject, until: float) -> Iterator[tuple[str, int]]:
    """Regular files with their inodes; what is mounted within is another file system's."""
    folders = [one.path]
    while folders:
        if time.monotonic() > until:
            raise _Partly
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield entry.path, entry.inode()
                elif entry.is_dir(follow_symlinks=False) and entry.path not in one.within:
                    folders.append(entry.path)


def _of_file(path: str, until: float, *, follow: bool = False) -> int:
    """Bytes of one file in swap."""
    try:
        file = os.open(path, FLAGS & ~os.O_NOFOLLOW if follow else FLAGS)
    except FileNotFoundError:
        return 0  # deleted meanwhile
    try:
        told = os.fstat(file)
        if not stat.S_ISREG(told.st_mode) or not told.st_blocks:
            return 0
        return max(0, told.st_blocks * BLOCK - _resident(file, told, until))
    finally:
        os.close(file)


def _resident(file: int, told: os.stat_result, until: float) -> int:
    try:
        return cachestat.cachestat(file).nr_cache
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
    if not mincore.truthful(file, told.st_uid):
        raise _Partly
    found, whole = mincore.resident(file, told.st_size, until)
    if not whole:
        raise _Partly
    return found
