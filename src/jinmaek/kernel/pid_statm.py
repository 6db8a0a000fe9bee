"""/proc/PID/statm: the memory of a process in pages.

    765 400 372 5 0 123 0

fs/proc/array.c proc_pid_statm(). All zero for a kernel thread, a zombie and an exited leader.
"""

from __future__ import annotations

import os

from jinmaek.columns import Malformed, gauge, row
from jinmaek.kernel.digits import unsigned

PAGE = os.sysconf("SC_PAGESIZE")


@row
class PidStatm:
    """The memory of a process."""

    size: int = gauge("bytes", "address space")
    resident: int = gauge("bytes", "RAM it maps")
    shared: int = gauge("bytes", "the part of resident that is page cache or shared memory")
    text: int = gauge("bytes", "code of the program itself, resident or not")
    data: int = gauge("bytes", "private writable address space and stack")


def parse(text: str, page: int = PAGE) -> PidStatm:
    """The one row of a statm file; ``page`` is the page size of the kernel that wrote it."""
    words = text.split()
    if len(words) < 6:
        raise Malformed(1, "fewer than 6 words")
    size, resident, shared, code, _, data = (unsigned(word, 1) * page for word in words[:6])
    return PidStatm(size=size, resident=resident, shared=shared, text=code, data=data)
