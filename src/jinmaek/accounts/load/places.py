"""Which file system a thread in D is at work in: by the descriptor its system call was given.

Nothing is asked of the file system itself, which may never answer: /proc/PID/task/TID/syscall holds number
and arguments of the call (fs/proc/base.c proc_pid_syscall(), for who may trace the thread), fdinfo the mount
of a descriptor, mountinfo the mount. Threads of the kernel name their device in their own name.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import mountinfo
from jinmaek.root import Root
from jinmaek.tasks.files import read
from jinmaek.tasks.table import Waiting

MACHINES = ("x86_64", "aarch64")
READING: Mapping[str, tuple[int, int]] = {
    "read": (0, 63), "fstat": (5, 80), "pread64": (17, 67), "readv": (19, 65), "flock": (73, 32),
    "getdents64": (217, 61), "newfstatat": (262, 79), "preadv": (295, 69), "preadv2": (327, 286),
    "statx": (332, 291),
}  # fmt: skip
WRITING: Mapping[str, tuple[int, int]] = {
    "write": (1, 64), "pwrite64": (18, 68), "writev": (20, 66), "sendfile": (40, 71), "fsync": (74, 82),
    "fdatasync": (75, 83), "ftruncate": (77, 46), "fchmod": (91, 52), "fchown": (93, 55), "openat": (257, 56),
    "mkdirat": (258, 34), "unlinkat": (263, 35), "splice": (275, 76), "sync_file_range": (277, 84),
    "fallocate": (285, 47), "pwritev": (296, 70), "syncfs": (306, 267), "copy_file_range": (326, 285),
    "pwritev2": (328, 287),
}  # fmt: skip
"""System calls whose first argument is a descriptor of the file or folder they work on, by ``MACHINES``:
those that change nothing, and those that may, and so wait while the file system is frozen."""

FREEZE = frozenset(("percpu_rwsem_wait", "__percpu_down_read", "__sb_start_write", "sb_wait_write"))
"""Where a thread that wants to change a frozen file system sleeps."""

NAMED = re.compile(r"jbd2/(.+)-\d+$|(?:xfsaild|xfs-\w+|dmcrypt_write|f2fs_\w+)[/-](.+)$")
FLUSHER = re.compile(r"kworker/.*flush-(\d+:\d+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A file system: its device as the kernel calls it, its type, where it is mounted; None is not known."""

    device: str
    fstype: str | None = None
    mountpoint: str | None = None
    writing: bool = False
    """Whether the call may change it."""


@dataclass(slots=True)
class Places:
    """Looks places up; the mounts of a mount namespace are read once."""

    root: Root
    _mounts: dict[str, dict[int, mountinfo.MountPoint]] = field(default_factory=dict)

    def of(self, thread: Waiting) -> Place | None:
        """Where a thread is at work; None where its call has no descriptor, or may not be seen."""
        by_name = _named(thread.comm)
        if by_name is not None:
            return by_name
        folder = self.root.path(f"proc/{thread.tgid}/task/{thread.pid}")
        try:
            words = read(f"{folder}/syscall").split()
            writing = _writes(words[0]) if len(words) > 1 else None
            mount = None if writing is None else self._mount(folder, int(words[1], 16))
        except (procfile.Unreadable, Malformed, ValueError):
            return None
        if mount is None or writing is None:
            return None
        return Place(_device(mount), mount.fstype, mount.path, writing)

    def _mount(self, folder: str, descriptor: int) -> mountinfo.MountPoint | None:
        info = read(f"{folder}/fdinfo/{descriptor}")
        told = re.search(r"^mnt_id:\s*(\d+)", info, re.MULTILINE)
        if told is None:
            return None
        namespace = _namespace(folder)
        if namespace not in self._mounts:
            known = mountinfo.parse(read(f"{folder}/mountinfo"))
            self._mounts[namespace] = {mount.id: mount for mount in known}
        return self._mounts[namespace].get(int(told[1]))


def _writes(number: str) -> bool | None:
    """Whether the call with this number may change a file; None for one without a descriptor in front."""
    machine = platform.machine()
    if machine not in MACHINES or not number.isdigit():
        return None
    at = MACHINES.index(machine)
    for calls, writes in ((READING, False), (WRITING, True)):
        if any(numbers[at] == int(number) for numbers in calls.values()):
            return writes
    return None


def _namespace(folder: str) -> str:
    try:
        return os.readlink(f"{folder}/ns/mnt")
    except OSError:
        return folder


def _device(mount: mountinfo.MountPoint) -> str:
    """A block device by its name, a server or a file system in memory by what was mounted."""
    return mount.source.removeprefix("/dev/") if mount.source.startswith("/dev/") else mount.source


def _named(comm: str) -> Place | None:
    found = NAMED.match(comm) or FLUSHER.search(comm)
    return None if found is None else Place(next(name for name in found.groups() if name))
