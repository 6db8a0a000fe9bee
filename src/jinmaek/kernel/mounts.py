"""/proc/mounts: what is mounted where in this mount namespace; how full the file systems in memory are.

    tmpfs /dev/shm tmpfs rw,relatime,size=24684084k 0 0
    /dev/sdb1 /mnt/my\\040disk ext4 rw 0 0

fs/proc_namespace.c show_vfsmnt(). Space, tab, newline, ``\\`` and, in a device, ``#`` are written as ``\\``
and three octal digits.
The sizes come from statvfs(2), which no captured tree can answer.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, gauge, row

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

IN_MEMORY = ("tmpfs", "ramfs", "devtmpfs", "hugetlbfs")
"""Types whose statvfs(2) answers from memory: no server and no disk can make it hang."""
UNLIMITED = 1 << 63


@row
class Mount:
    """One mount; of two on the same mountpoint the later one is seen."""

    device: str
    mountpoint: str
    fstype: str
    options: str


@row
class Tmpfs:
    """One file system whose files are in memory (or swap). No limit is None."""

    mountpoint: str
    size: int | None = gauge("bytes", "most it may hold")
    used: int | None = gauge("bytes", "held now")
    inodes: int | None = gauge("count", "most files it may hold")
    inodes_used: int | None = gauge("count", "files held now")


def decode(word: str) -> str:
    """A word of a mount table without its octal escapes."""
    first, *parts = word.split("\\")
    decoded = [first]
    for part in parts:
        code = part[:3]
        octal = len(code) == 3 and all(digit in "01234567" for digit in code)
        decoded.append(chr(int(code, 8)) + part[3:] if octal else "\\" + part)
    return "".join(decoded)


def parse(text: str) -> Iterator[Mount]:
    """Rows of a mount table in the order of mounting, equal ones once."""
    seen: set[Mount] = set()
    # Other characters that split() and splitlines() take for white space stand in names as they are.
    for index, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        words = line.split(" ")
        if len(words) < 4:
            raise Malformed(index, "fewer than 4 words")
        device, mountpoint, fstype, options = (decode(word) for word in words[:4])
        mount = Mount(device=device, mountpoint=mountpoint, fstype=fstype, options=options)
        if mount not in seen:
            seen.add(mount)
            yield mount


def tmpfs_usage(mounts: Iterable[Mount], statvfs: Callable[[str], os.statvfs_result]) -> Iterator[Tmpfs]:
    """How full each file system in memory is; ``statvfs`` is asked once for each mountpoint.

    Only for the machine it runs on. Errors of ``statvfs`` are the caller's: a mount may be gone or denied.
    """
    seen_type = {mount.mountpoint: mount.fstype for mount in mounts}
    for mountpoint, fstype in seen_type.items():
        if fstype not in IN_MEMORY:
            continue
        told = statvfs(mountpoint)
        blocks = 0 < told.f_blocks < UNLIMITED
        files = 0 < told.f_files < UNLIMITED
        yield Tmpfs(
            mountpoint=mountpoint,
            size=told.f_blocks * told.f_frsize if blocks else None,
            used=(told.f_blocks - told.f_bfree) * told.f_frsize if blocks else None,
            inodes=told.f_files if files else None,
            inodes_used=told.f_files - told.f_ffree if files else None,
        )


READERS = (Reader(table="mounts", path="proc/mounts", row=Mount, parse=parse),)
