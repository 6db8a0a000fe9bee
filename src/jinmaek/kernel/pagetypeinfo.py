"""/proc/pagetypeinfo: free blocks of 2**order pages in every zone, by what may be put there.

    Node    0, zone   Normal, type      Movable   2099   1773 >100000   1055 …

mm/vmstat.c pagetypeinfo_showfree(). Readable by root only since 5.4. The kernel stops counting a list
at 100,000 blocks, so as not to hold the zone's lock: such a count is not known.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Pagetypeinfo:
    """One order of one migrate type of one zone."""

    node: int
    zone: str
    migratetype: str
    order: int
    free_blocks: int | None = gauge("count", "free blocks of 2**order pages; unknown above 100,000")


def parse(text: str) -> Iterator[Pagetypeinfo]:
    """A row for every zone, migrate type and order; the table of pageblocks below is not read."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) < 5 or words[0] != "Node" or words[4] != "type":
            continue
        if len(words) < 7:
            raise Malformed(number, "no blocks")
        node = unsigned(words[1].removesuffix(","), number)
        for order, word in enumerate(words[6:]):
            yield Pagetypeinfo(
                node=node,
                zone=words[3].removesuffix(","),
                migratetype=words[5],
                order=order,
                free_blocks=None if word.startswith(">") else unsigned(word, number),
            )


READERS = (Reader(table="pagetypeinfo", path="proc/pagetypeinfo", row=Pagetypeinfo, parse=parse),)
