"""Which file system a file is on, and whether asking it can keep the asker waiting.

Told from mount tables alone: a file system that hangs is recognised before anything on it is touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import mountinfo
from jinmaek.kernel.mountinfo import MountPoint
from jinmaek.kernel.statx import Statx

Kind = Literal["disk", "memory", "overlay", "remote", "none"]
"""What stands behind its files: a disk, memory alone (counted in Shmem), another file system, a server or
daemon that may not answer, or nothing that is kept in the page cache."""

MEMORY = frozenset(("tmpfs", "devtmpfs"))
PSEUDO = """
anon_inodefs autofs binder binfmt_misc bpf cgroup cgroup2 configfs cpuset debugfs devpts efivarfs fusectl
hugetlbfs mqueue nfsd nsfs pipefs proc pstore resctrl rpc_pipefs securityfs selinuxfs smackfs sockfs sysfs
tracefs
"""
NO_CACHE = frozenset(PSEUDO.split())
ON_DISK = frozenset(("bcachefs", "btrfs", "erofs", "ramfs", "rootfs", "squashfs", "ubifs", "zfs"))
"""File systems without a block device of their own that wait for nobody else."""
SHARED = frozenset(("fuseblk", "gfs2", "ocfs2"))
"""File systems on a block device that wait for a daemon or for other hosts."""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Where files are. Kernel-internal ones (memfd, System V shared memory) have no path."""

    fstype: str
    source: str
    path: str
    kind: Kind
    device: int


SHM = "shm"
"""Our name for the tmpfs the kernel mounts for itself: memfd, System V and anonymous shared memory."""


def kind_of(mount: MountPoint) -> Kind:
    """The kind of a mounted file system."""
    fstype = mount.fstype
    if fstype in MEMORY or (fstype == "rootfs" and "size=" in mount.options):
        return "memory"  # of the two file systems rootfs may be, only tmpfs has a size
    if fstype == "overlay":
        return "overlay"
    if fstype in NO_CACHE:
        return "none"
    if fstype in ON_DISK or (os.major(mount.device) and fstype not in SHARED):
        return "disk"
    # nfs, cifs, ceph, 9p, fuse.*, and whatever has neither a device nor a place on a list here.
    return "remote"


@dataclass(slots=True)
class FileSystems:
    """All mounts known so far: our own, and those of each process in another mount namespace."""

    shm: int | None
    mounts: tuple[MountPoint, ...] = ()
    by_id: dict[int, MountPoint] = field(default_factory=dict)
    by_device: dict[int, MountPoint] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    own: str = ""
    known: dict[int, FileSystem] = field(default_factory=dict)

    def of(self, file: Statx, pid: int | None = None) -> tuple[FileSystem, MountPoint | None] | None:
        """Where a file is that this process has; None where no mount table tells."""
        return self._of(file.mount, file.device, pid)

    def of_device(self, device: int, pid: int) -> FileSystem | None:
        """Where a file is of which only the device is known."""
        found = self._of(None, device, pid)
        return found[0] if found else None

    def _of(
        self, mount: int | None, device: int, pid: int | None
    ) -> tuple[FileSystem, MountPoint | None] | None:
        if device == self.shm:
            return FileSystem(SHM, SHM, "", "memory", device), None
        place = self._known(mount, device)
        if place is None and pid is not None and self._learn(pid):
            place = self._known(mount, device)
        return None if place is None else (self.made(place), place)

    def _known(self, mount: int | None, device: int) -> MountPoint | None:
        found = None if mount is None else self.by_id.get(mount)
        return found or self.by_device.get(device)

    def made(self, place: MountPoint) -> FileSystem:
        """One for each device: of many mounts of it, the one that shows most of it."""
        if place.device not in self.known:
            shown = self.by_device.get(place.device, place)
            self.known[place.device] = FileSystem(
                shown.fstype, shown.source, shown.path, kind_of(shown), shown.device
            )
        return self.known[place.device]

    def _learn(self, pid: int) -> bool:
        """Read the mounts of a process in a namespace not seen before."""
        name = namespace(pid)
        if name in self.namespaces:
            return False
        self.namespaces.add(name)
        try:
            found = tuple(mountinfo.parse(procfile.read(f"/proc/{pid}/mountinfo")))
        except (procfile.Unreadable, OSError, Malformed):
            return False
        self.add(found)
        return True

    def add(self, mounts: tuple[MountPoint, ...]) -> None:
        """Know these too. What was known first stays, unless it showed less of its file system."""
        for mount in mounts:
            self.by_id.setdefault(mount.id, mount)
            first = self.by_device.setdefault(mount.device, mount)
            if first.root != "/" and mount.root == "/":
                self.by_device[mount.device] = mount

    def under(self, folder: str) -> Iterator[MountPoint]:
        """Our mounts below a folder: walking must not enter them unasked."""
        prefix = folder.rstrip("/") + "/"
        return (mount for mount in self.mounts if mount.path.startswith(prefix) and mount.path != folder)

    def holding(self, path: str) -> MountPoint | None:
        """Our mount a path is on, by its name alone."""
        found = None
        for mount in self.mounts:
            inside = path == mount.path or path.startswith(mount.path.rstrip("/") + "/")
            if inside and (found is None or len(mount.path) >= len(found.path)):
                found = mount
        return found


def namespace(pid: int | str) -> str:
    """The mount namespace of a process as the kernel names it; empty where we may not know."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""


def ours(shm: int | None) -> FileSystems:
    """The file systems mounted where we are. Raises ``procfile.Unreadable`` and ``Malformed``."""
    mounts = tuple(mountinfo.parse(procfile.read("/proc/self/mountinfo")))
    own = namespace("self")
    systems = FileSystems(shm, mounts=mounts, own=own, namespaces={own})
    systems.add(mounts)
    return systems
