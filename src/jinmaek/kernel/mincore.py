"""mincore(2): which pages of a mapped file are in the page cache, for kernels without cachestat(2).

mm/mincore.c. A file is mapped without being read; looking costs a byte a page. It tells nothing of dirty or
evicted pages. Since 5.2 it says of a file that the caller neither owns nor may write to that all of it is
there: that is no answer, so nobody is asked then.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import time

from jinmaek.kernel.syscall import failed, libc

CHUNK = 1 << 30
"""Mapped at a time: 256 KiB of answers."""
CAP_FOWNER = 3
WHOLE_HOST = "0 0 4294967295"
"""/proc/self/uid_map outside of user namespaces: only there CAP_FOWNER is about every file."""


def resident(descriptor: int, size: int, until: float) -> tuple[int, bool]:
    """Bytes of an open file in the page cache, and whether all of it was looked at.

    ``descriptor`` must be open for reading; ``until`` is of CLOCK_MONOTONIC. Raises OSError.
    """
    total = 0
    for start in range(0, size, CHUNK):
        if start and time.monotonic() > until:
            return total, False
        total += _chunk(descriptor, start, min(CHUNK, size - start))
    return total, True


def truthful(descriptor: int, owner: int) -> bool:
    """Whether the kernel tells this user the truth about a file of ``owner``."""
    if os.geteuid() == owner or _may_all():
        return True
    return os.access(f"/proc/self/fd/{descriptor}", os.W_OK, effective_ids=True)


def _may_all() -> bool:
    with open("/proc/self/status") as status, open("/proc/self/uid_map") as ids:
        able = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
        return bool(able >> CAP_FOWNER & 1) and " ".join(ids.read().split()) == WHOLE_HOST


def _chunk(descriptor: int, start: int, length: int) -> int:
    library = libc()
    map_file = getattr(library, "mmap64", library.mmap)
    map_file.restype = ctypes.c_void_p
    map_file.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64)
    address = map_file(None, length, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, start)
    if address == ctypes.c_void_p(-1).value:
        raise failed()
    place, whole = ctypes.c_void_p(address), ctypes.c_size_t(length)
    try:
        told = ctypes.create_string_buffer(-(-length // mmap.PAGESIZE))
        if library.mincore(place, whole, told):
            raise failed()
        # The lowest bit of a byte is the answer; the others are reserved and 0.
        return told.raw.count(1) * mmap.PAGESIZE
    finally:
        library.munmap(place, whole)
