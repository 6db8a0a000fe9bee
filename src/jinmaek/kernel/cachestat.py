"""cachestat(2) (6.5): how much of an open file is in the page cache.

mm/filemap.c. The kernel counts pages; here they are bytes. What counts as evicted left by reclaim: pages that
were dropped (drop_caches, POSIX_FADV_DONTNEED) leave no trace. Of those, recently evicted are the ones that
would be taken for part of the working set if they came back now (mm/workingset.c workingset_test_recent():
less was activated and evicted since than there are pages in active use). Of tmpfs and shared memory,
evicted pages are those in swap.

Asked about a file on an overlay, the kernel answers for the overlay's own inode, which holds nothing: the
pages are the real file's. Since 6.13 it answers only who owns the file, may write to it or has CAP_FOWNER.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from typing import NamedTuple

from jinmaek.kernel.syscall import call

NUMBER = 451
ALL = ctypes.create_string_buffer(struct.pack("=QQ", 0, 0), 16)
"""``struct cachestat_range``: from the beginning, to the end whatever that is."""
ANSWER = struct.Struct("=5Q")
PAGE = mmap.PAGESIZE


class Cachestat(NamedTuple):
    """The page cache of one file in bytes; None is what the source does not tell."""

    nr_cache: int
    nr_dirty: int | None = None
    """Of those in the cache, changed and not yet written; a large folio is dirty as a whole."""
    nr_writeback: int | None = None
    """Of those in the cache, being written."""
    nr_evicted: int | None = None
    """Were in the cache and were reclaimed."""
    nr_recently_evicted: int | None = None
    """Of those evicted, lately enough to belong to the working set."""


def cachestat(descriptor: int) -> Cachestat:
    """What the kernel says of an open file. Raises OSError: ENOSYS, EPERM, EOPNOTSUPP (hugetlbfs)."""
    answer = ctypes.create_string_buffer(ANSWER.size)
    call(NUMBER, descriptor, ALL, answer, 0)
    return parse(answer.raw)


def parse(answer: bytes) -> Cachestat:
    """``struct cachestat``."""
    return Cachestat(*(pages * PAGE for pages in ANSWER.unpack(answer)))
