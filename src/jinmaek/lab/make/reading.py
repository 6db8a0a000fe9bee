"""Workers that read and write files and devices, and what of a file is in the page cache."""

from __future__ import annotations

import mmap
import os
import time

from jinmaek.kernel.cachestat import cachestat
from jinmaek.lab.make.process import Line

MIB = 1024 * 1024
BLOCK = 1 << 16
CONTENT = bytes(range(256)) * 4096
"""A MiB of it."""


def read_directly(line: Line, device: str, size: int) -> None:
    """Read a device or file past the page cache, again and again."""
    room = mmap.mmap(-1, BLOCK)
    file = os.open(device, os.O_RDONLY | os.O_DIRECT)
    line.tell("reading")
    at = 0
    while True:
        os.preadv(file, [room], at % size)
        at += BLOCK


def read_through(path: str) -> float:
    """Read a file from its beginning to its end; the seconds that took."""
    began = time.monotonic()
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while os.read(file, MIB):
            pass
    finally:
        os.close(file)
    return time.monotonic() - began


def fill(path: str, size: int) -> None:
    """Write a file of so many bytes."""
    with open(path, "wb", buffering=0) as file:
        file.writelines(CONTENT for _ in range(size // len(CONTENT)))


def forget(path: str) -> None:
    """Have the kernel drop a file's clean pages from its cache."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def cached(path: str) -> int:
    """Bytes of a file in the page cache. Raises OSError before Linux 6.5."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return cachestat(file).nr_cache
    finally:
        os.close(file)
