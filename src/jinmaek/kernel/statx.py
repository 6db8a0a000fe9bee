"""statx(2) (4.11): what a file is, from what the kernel already knows of it.

    0 mask · 16 nlink · 20 uid · 28 mode · 32 ino · 40 size · 112 mtime · 128 rdev · 136 dev · 144 mnt_id

include/uapi/linux/stat.h. AT_STATX_DONT_SYNC keeps a network file system from asking its server, and so this
call from waiting for one that is gone; stat(2) has no such promise. The mount is told since 5.8.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import Any, NamedTuple

from jinmaek.kernel.syscall import failed, libc

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_EMPTY_PATH = 0x1000
AT_STATX_DONT_SYNC = 0x4000
BASIC, MNT_ID = 0x7FF, 0x1000
ANSWER = struct.Struct("=I12xII4xHxxQQ64xqI4xIIIIQ")
SIZE = 256


class Statx(NamedTuple):
    """One file."""

    mode: int
    device: int
    inode: int
    size: int
    links: int
    uid: int
    mtime_ns: int
    rdev: int
    mount: int | None
    """What its mount's line in /proc/PID/mountinfo begins with; None before 5.8."""

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode: two names of one file have the same."""
        return self.device, self.inode

    @property
    def regular(self) -> bool:
        """A file with contents of its own: no directory, pipe, socket or device."""
        return stat.S_ISREG(self.mode)


def statx(path: str | int, *, follow: bool = True) -> Statx:
    """What a path, or an open file, is. Raises OSError."""
    function: Any = getattr(libc(), "statx", None)  # not in glibc before 2.28
    if function is None:
        return of_stat(os.stat(path) if isinstance(path, int) else os.stat(path, follow_symlinks=follow))
    answer = ctypes.create_string_buffer(SIZE)
    flags = AT_STATX_DONT_SYNC | (0 if follow else AT_SYMLINK_NOFOLLOW)
    if isinstance(path, int):
        refused = function(path, b"", flags | AT_EMPTY_PATH, BASIC | MNT_ID, answer)
    else:
        refused = function(AT_FDCWD, os.fsencode(path), flags, BASIC | MNT_ID, answer)
    if refused:
        raise failed(path if isinstance(path, str) else None)
    return parse(answer.raw)


def parse(answer: bytes) -> Statx:
    """``struct statx``."""
    mask, links, uid, mode, inode, size, seconds, nanoseconds, *devices, mount = ANSWER.unpack_from(answer)
    rdev_major, rdev_minor, major, minor = devices
    return Statx(
        mode=mode,
        device=os.makedev(major, minor),
        inode=inode,
        size=size,
        links=links,
        uid=uid,
        mtime_ns=seconds * 1_000_000_000 + nanoseconds,
        rdev=os.makedev(rdev_major, rdev_minor),
        mount=mount if mask & MNT_ID else None,
    )


def of_stat(told: os.stat_result) -> Statx:
    """The same from stat(2), which does not tell the mount."""
    return Statx(
        mode=told.st_mode,
        device=told.st_dev,
        inode=told.st_ino,
        size=told.st_size,
        links=told.st_nlink,
        uid=told.st_uid,
        mtime_ns=told.st_mtime_ns,
        rdev=told.st_rdev,
        mount=None,
    )
