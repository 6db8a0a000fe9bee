"""/proc/PID/mountinfo: the mounts a process sees, with their ids and devices.

    27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
    44 27 0:39 / /var/lib/x\\040y rw,relatime shared:9 - overlay overlay rw,lowerdir=/a:/b,upperdir=/c

fs/proc_namespace.c show_mountinfo(). Words are escaped as in /proc/mounts. Any number of optional fields
stands before the ``-``.
"""

from __future__ import annotations

import os

from jinmaek.columns import Malformed, row
from jinmaek.kernel.digits import unsigned
from jinmaek.kernel.mounts import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class MountPoint:
    """One mount."""

    id: int
    device: int
    """Of the file system, as stat(2) gives it in st_dev; files of btrfs have others."""
    root: str
    """The folder of the file system that is mounted."""
    path: str
    fstype: str
    source: str
    options: str
    """Of the file system (not of the mount), still escaped as the file system does it."""


def parse(text: str) -> Iterator[MountPoint]:
    """The mounts in the order of mounting: of two at one place the later one is seen."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        left, dash, right = line.partition(" - ")
        words, told = left.split(" "), right.split(" ")
        if not dash or len(words) < 6 or len(told) < 2:
            raise Malformed(number, "fewer than 8 words")
        major, colon, minor = words[2].partition(":")
        if not colon:
            raise Malformed(number, "no major:minor")
        yield MountPoint(
            id=unsigned(words[0], number),
            device=os.makedev(unsigned(major, number), unsigned(minor, number)),
            root=decode(words[3]),
            path=decode(words[4]),
            fstype=decode(told[0]),
            source=decode(told[1]),
            options=decode(told[2]) if len(told) > 2 else "",
        )
