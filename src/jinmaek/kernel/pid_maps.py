"""/proc/PID/maps: the files a process has mapped. It takes the mmap_lock of the process.

    7f65330b8000-7f65338b8000 r--s 00000000 fe:00 2368667                    /var/lib/db/f (deleted)

fs/proc/task_mmu.c show_map_vma(). Most lines of most processes repeat a file or have none, so lines are not
rows here: ``pid_smaps`` has those. A newline in a name is written ``\\012``, a backslash is left as it is.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = re.compile(
    rb"^([0-9a-f]+-[0-9a-f]+) \S{4} \S+ ([0-9a-f]+):([0-9a-f]+) ([1-9][0-9]*) +(/.*)$", re.MULTILINE
)
DELETED = " (deleted)"


class MappedFile(NamedTuple):
    """One file, once for each process."""

    device: int
    """Of the file system; see mountinfo."""
    inode: int
    path: str
    deleted: bool
    addresses: str
    """Of its first mapping: the name of the link in /proc/PID/map_files."""


def parse(text: bytes) -> Iterator[MappedFile]:
    """The files in the order of addresses. What has no path (anonymous memory, sockets) is no file."""
    seen: set[tuple[bytes, ...]] = set()
    for match in LINE.finditer(text):
        addresses, *file = match.groups()
        if (key := tuple(file)) in seen:
            continue
        seen.add(key)
        major, minor, inode, name = file
        path = os.fsdecode(name)
        yield MappedFile(
            os.makedev(int(major, 16), int(minor, 16)),
            int(inode),
            path.removesuffix(DELETED),
            path.endswith(DELETED),
            addresses.decode("ascii"),
        )
