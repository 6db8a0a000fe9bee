"""/proc/sys/fs/{file-nr,dentry-state,inode-nr}: open files, remembered names, inodes in memory.

    651     0       2466170
    108888  107406  45      0       7139    0
    101606  0

fs/file_table.c proc_nr_files(), fs/dcache.c proc_nr_dentry(), fs/inode.c proc_nr_inodes(). World readable,
unlike /proc/slabinfo, so they tell of a growing dentry or inode cache without privileges.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class FileNr:
    """Open files of the whole host."""

    allocated: int = gauge("count", "open files (struct file)", "node_filefd_allocated")
    free: int = gauge("count", "open files allocated, not in use; zero since 2.6")
    maximum: int = gauge("count", "most files that users without privileges may open", "node_filefd_maximum")


@row
class DentryState:
    """The cache of file names."""

    nr_dentry: int = gauge("count", "names in the cache")
    nr_unused: int = gauge("count", "names nobody holds: they can be reclaimed")
    age_limit: float = gauge("seconds", "a constant of old kernels")
    want_pages: int = gauge("count", "a constant of old kernels")
    nr_negative: int | None = gauge("count", "unused names of files that do not exist (5.0)")


@row
class InodeNr:
    """Inodes in memory."""

    nr_inodes: int = gauge("count", "inodes in memory")
    nr_free_inodes: int = gauge("count", "inodes in memory without a user")


def _numbers(text: str, least: int) -> list[int]:
    words = text.partition("\n")[0].split()
    if len(words) < least:
        raise Malformed(1, f"fewer than {least} numbers")
    return [unsigned(word, 1) for word in words]


def parse_file_nr(text: str) -> Iterator[FileNr]:
    """The one row of file-nr."""
    n = _numbers(text, 3)
    yield FileNr(allocated=n[0], free=n[1], maximum=n[2])


def parse_dentry_state(text: str) -> Iterator[DentryState]:
    """The one row of dentry-state."""
    n = _numbers(text, 4)
    # Before 5.0 the fifth word was a dummy that is always 0: a kernel that counts is never at 0.
    negative = n[4] if len(n) > 4 and n[4] else None
    yield DentryState(nr_dentry=n[0], nr_unused=n[1], age_limit=n[2], want_pages=n[3], nr_negative=negative)


def parse_inode_nr(text: str) -> Iterator[InodeNr]:
    """The one row of inode-nr."""
    n = _numbers(text, 2)
    yield InodeNr(nr_inodes=n[0], nr_free_inodes=n[1])


READERS = (
    Reader(table="file_nr", path="proc/sys/fs/file-nr", row=FileNr, parse=parse_file_nr),
    Reader(table="dentry_state", path="proc/sys/fs/dentry-state", row=DentryState, parse=parse_dentry_state),
    Reader(table="inode_nr", path="proc/sys/fs/inode-nr", row=InodeNr, parse=parse_inode_nr),
)
