"""/proc/buddyinfo: free blocks of 2**order pages in every zone.

    Node 0, zone   Normal   4381   1093    185   1530    567    102      4      0      0      0      0

mm/vmstat.c frag_show(). As many columns as the kernel has orders.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Metric, Reader, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Buddyinfo:
    """One order of one zone."""

    node: int
    zone: str
    order: int
    free_blocks: int = gauge(
        "count",
        "free blocks of 2**order pages",
        Metric("node_buddyinfo_blocks", rename={"order": "size"}),
    )


def parse(text: str) -> Iterator[Buddyinfo]:
    """A row for every zone and order."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0] != "Node":
            continue
        if len(words) < 5 or words[2] != "zone":
            raise Malformed(number, "no blocks")
        node, zone = unsigned(words[1].removesuffix(","), number), words[3]
        for order, word in enumerate(words[4:]):
            yield Buddyinfo(node=node, zone=zone, order=order, free_blocks=unsigned(word, number))


READERS = (Reader(table="buddyinfo", path="proc/buddyinfo", row=Buddyinfo, parse=parse),)
