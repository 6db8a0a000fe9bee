"""Workers that read files and devices."""

from __future__ import annotations

import mmap
import os

from jinmaek.lab.make.process import Line

BLOCK = 1 << 16


def read_directly(line: Line, device: str, size: int) -> None:
    """Read a device or file past the page cache, again and again."""
    room = mmap.mmap(-1, BLOCK)
    file = os.open(device, os.O_RDONLY | os.O_DIRECT)
    line.tell("reading")
    at = 0
    while True:
        os.preadv(file, [room], at % size)
        at += BLOCK
