"""/proc/sysvipc/shm: System V shared memory segments of this IPC namespace.

           key      shmid perms       size  cpid  lpid nattch   uid   gid ...      rss       swap
    1375731713          4   600   67108864  9022  9022      1     0     0 ... 67108864          0

ipc/shm.c sysvipc_shm_proc_show(). Sizes are bytes. ``rss`` and ``swap`` (2.6.34) count the pages the segment
has, mapped or not; of a segment of huge pages, pages of the pool. A segment stays until it is removed,
whether or not anybody is attached.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = ("key", "shmid", "size", "cpid", "nattch", "uid")
WORD = 1 << 32


@row
class SharedSegment:
    """One segment."""

    shmid: int
    key: int
    """What programs find it by; 0 (IPC_PRIVATE) is without one."""
    cpid: int
    """Who made it: it may have ended long ago, and the number be another's."""
    uid: int
    """Its owner."""
    size: int = gauge("bytes", "what was asked for")
    nattch: int = gauge("count", "attachments; 0 is used by nobody now")
    rss: int | None = gauge("bytes", "its pages in RAM")
    swap: int | None = gauge("bytes", "its pages in swap")


def parse(text: str) -> Iterator[SharedSegment]:
    """A row for every segment."""
    head, *lines = text.split("\n")
    names = head.split()
    if not set(NEEDED) <= set(names):
        raise Malformed(1, "no header")
    for number, line in enumerate(lines, 2):
        words = line.split()
        if not words:
            continue
        if len(words) < len(names):
            raise Malformed(number, f"fewer than {len(names)} words")
        told = dict(zip(names, words, strict=False))
        key = told["key"]
        negative = key.startswith("-")  # the kernel prints this word alone as a signed number
        yield SharedSegment(
            key=(WORD - unsigned(key[1:], number)) % WORD if negative else unsigned(key, number),
            rss=unsigned(told["rss"], number) if "rss" in told else None,
            swap=unsigned(told["swap"], number) if "swap" in told else None,
            **{name: unsigned(told[name], number) for name in NEEDED if name != "key"},
        )


READERS = (Reader(table="sysvipc_shm", path="proc/sysvipc/shm", row=SharedSegment, parse=parse),)
