"""The mount namespaces of the host, each through one process that lives in it.

/proc/PID/ns/mnt names the namespace, /proc/PID/mounts lists its mounts, and /proc/PID/root leads into it.
None of them takes a lock of the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import mounts
from jinmaek.kernel.mounts import Mount
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.files import read, unreadable

MAY_HANG = (
    "9p", "afs", "autofs", "ceph", "cifs", "coda", "fuse", "gfs2", "glusterfs", "gpfs", "lustre", "nfs",
    "ocfs2", "orangefs", "smb", "sshfs", "virtiofs",
)  # fmt: skip
"""Beginnings of the types of file systems that ask a server, or a program, to look a name up."""


@dataclass(frozen=True, slots=True)
class MountSpace:
    """One mount namespace."""

    pid: int | None
    """Who it is seen through; None is the reader's own."""
    mounts: tuple[Mount, ...]
    """Those that are seen: the last one of each mountpoint."""

    def path(self, root: Root, mountpoint: str) -> str:
        """Where a mountpoint of it can be reached."""
        return root.path(f"proc/{self.pid or 'self'}/root{mountpoint}")

    def on(self, path: str) -> Mount | None:
        """The mount that holds a path."""
        over = [mount for mount in self.mounts if _under(path, mount.mountpoint)]
        return max(over, key=lambda mount: len(mount.mountpoint), default=None)

    def may_hang(self, mountpoint: str) -> bool:
        """Whether the way to a mountpoint crosses a file system that may not answer."""
        return any(
            mount.fstype.startswith(MAY_HANG) and _under(mountpoint, mount.mountpoint)
            for mount in self.mounts
            if mount.mountpoint != mountpoint
        )


@dataclass(frozen=True, slots=True)
class MountSpaces:
    """All that could be seen."""

    spaces: tuple[MountSpace, ...]
    of: Mapping[int, int]
    """Place of a process' namespace in ``spaces``, by pid."""
    gaps: tuple[Gap, ...]


def look(root: Root, pids: Iterable[int]) -> MountSpaces:
    """The namespaces of these processes; of a captured tree its one mount table."""
    gaps: dict[str, Gap] = {}
    if not root.live:
        own = _mounts(root, "self", gaps) or _mounts(root, None, gaps)
        return MountSpaces((MountSpace(None, own),) if own else (), {}, tuple(gaps.values()))
    places: dict[str, int] = {}
    spaces: list[MountSpace] = []
    of: dict[int, int] = {}
    own_name = _namespace(root, "self", gaps)
    for pid, name in ((None, own_name), *((pid, _namespace(root, str(pid), gaps)) for pid in pids)):
        if name is None:
            continue
        if name not in places:
            seen = _mounts(root, str(pid or "self"), gaps)
            if not seen:
                continue  # it ended meanwhile: the next one of the namespace will do
            places[name] = len(spaces)
            spaces.append(MountSpace(pid, seen))
        if pid is not None:
            of[pid] = places[name]
    return MountSpaces(tuple(spaces), of, tuple(gaps.values()))


def _namespace(root: Root, pid: str, gaps: dict[str, Gap]) -> str | None:
    path = root.path(f"proc/{pid}/ns/mnt")
    try:
        return os.readlink(path)
    except OSError as error:
        why = unreadable(error, path).why
    if why == "denied":
        count = int(gaps["ns"].detail.partition(" ")[0]) + 1 if "ns" in gaps else 1
        gaps["ns"] = Gap(why, "proc/PID/ns/mnt", f"{count} processes: their mounts are not seen")
    return None


def _mounts(root: Root, pid: str | None, gaps: dict[str, Gap]) -> tuple[Mount, ...]:
    path = f"proc/{pid}/mounts" if pid else "proc/mounts"
    try:
        rows = mounts.parse(read(root.path(path)))
        return tuple({mount.mountpoint: mount for mount in rows}.values())
    except procfile.Unreadable as missing:
        if missing.why not in ("absent", "gone"):
            gaps["mounts"] = Gap(missing.why, "proc/PID/mounts")
    except Malformed as fault:
        gaps["mounts"] = Gap("malformed", path, str(fault))
    return ()


def _under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
