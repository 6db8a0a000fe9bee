"""/proc/spl/kstat/zfs/{arcstats,abdstats}: the cache of ZFS, which is no page cache of the kernel's.

    6 1 0x01 91 4368 5266997922 97951858082072
    name                            type data
    c_min                           4    33554432

OpenZFS module/os/linux/spl/spl-kstat.c, include/sys/arc_impl.h, module/os/linux/zfs/abd_os.c. Sizes are
bytes. ``scatter`` buffers are whole pages from the page allocator and so in no line of /proc/meminfo;
``linear`` ones, headers and dnodes are kernel objects (Slab).
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, columns_of, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "proc/spl/kstat/zfs"


@row
class Arcstats:
    """The adaptive replacement cache."""

    size: int = gauge("bytes", "the cache, everything in it", "node_zfs_arc_size")
    c: int | None = gauge("bytes", "the size it strives for", "node_zfs_arc_c")
    c_min: int = gauge("bytes", "it does not shrink below", "node_zfs_arc_c_min")
    c_max: int | None = gauge("bytes", "it does not grow above", "node_zfs_arc_c_max")


@row
class Abdstats:
    """The buffers of the cache."""

    linear_data_size: int = gauge("bytes", "data in kernel objects", "node_zfs_abd_linear_data_size")
    scatter_data_size: int = gauge("bytes", "data in pages of its own", "node_zfs_abd_scatter_data_size")
    scatter_chunk_waste: int = gauge("bytes", "lost in them", "node_zfs_abd_scatter_chunk_waste")


def _named(text: str, wanted: type) -> dict[str, int]:
    """The numbers of a table of named values that the row has columns for."""
    _, *lines = text.split("\n")
    if not lines or lines[0].split() != ["name", "type", "data"]:
        raise Malformed(2, "no header")
    names = columns_of(wanted)
    found = {}
    for number, line in enumerate(lines[1:], 3):
        words = line.split()
        if len(words) >= 3 and words[0] in names:
            found[words[0]] = unsigned(words[2], number)
    return found


def parse_arcstats(text: str) -> Iterator[Arcstats]:
    """The one row of arcstats."""
    found = _named(text, Arcstats)
    if not {"size", "c_min"} <= found.keys():
        raise Malformed(0, "no size and c_min")
    yield Arcstats(**found)


def parse_abdstats(text: str) -> Iterator[Abdstats]:
    """The one row of abdstats."""
    found = _named(text, Abdstats)
    if len(found) < len(columns_of(Abdstats)):
        raise Malformed(0, "sizes are missing")
    yield Abdstats(**found)


READERS = (
    Reader(table="arcstats", path=f"{FOLDER}/arcstats", row=Arcstats, parse=parse_arcstats),
    Reader(table="abdstats", path=f"{FOLDER}/abdstats", row=Abdstats, parse=parse_abdstats),
)
