"""/proc/PID/io: what a process read and wrote, with its threads.

    rchar: 6976
    read_bytes: 0

fs/proc/base.c do_io_accounting(). Readable by root and, for its own processes, by their user.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, counter, row
from jinmaek.kernel.digits import unsigned


@row
class PidIo:
    """The input and output of a process since it started."""

    rchar: int | None = counter("bytes", "data returned by read() and its like, page cache included")
    wchar: int | None = counter("bytes", "data given to write() and its like")
    syscr: int | None = counter("count", "calls of read() and its like")
    syscw: int | None = counter("count", "calls of write() and its like")
    read_bytes: int | None = counter("bytes", "data fetched from storage for it")
    write_bytes: int | None = counter("bytes", "page cache it dirtied, or written past the cache")
    cancelled_write_bytes: int | None = counter(
        "bytes", "part of write_bytes, dropped before reaching storage"
    )


def parse(text: str) -> PidIo:
    """The one row of an io file."""
    values: dict[str, int] = {}
    for line, content in enumerate(text.splitlines(), 1):
        key, _, value = content.partition(":")
        if key in PidIo.__slots__:  # type: ignore[attr-defined]
            values[key] = unsigned(value.strip(), line)
    if not values:
        raise Malformed(0, "no line of I/O counts")
    return PidIo(**values)
