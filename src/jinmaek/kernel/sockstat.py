"""/proc/net/sockstat: sockets and the memory their buffers hold.

    sockets: used 16
    TCP: inuse 1 orphan 0 tw 4 alloc 1 mem 457
    UDP: inuse 0 mem 0
    FRAG: inuse 0 memory 0

net/ipv4/proc.c sockstat_seq_show(). ``mem`` is in pages and of the whole host; ``inuse`` counts
the sockets of this network namespace.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, columns_of, gauge, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class Sockstat:
    """Sockets by protocol."""

    sockets_used: int | None = gauge("count", "sockets of every kind", "node_sockstat_sockets_used")
    TCP_inuse: int | None = gauge("count", "TCP sockets bound or connected", "node_sockstat_TCP_inuse")
    TCP_orphan: int | None = gauge("count", "TCP connections no process holds", "node_sockstat_TCP_orphan")
    TCP_tw: int | None = gauge("count", "TCP connections in TIME_WAIT", "node_sockstat_TCP_tw")
    TCP_alloc: int | None = gauge("count", "TCP sockets in any state", "node_sockstat_TCP_alloc")
    TCP_mem: int | None = gauge("pages", "buffers of TCP", "node_sockstat_TCP_mem")
    UDP_inuse: int | None = gauge("count", "UDP sockets bound", "node_sockstat_UDP_inuse")
    UDP_mem: int | None = gauge("pages", "buffers of UDP", "node_sockstat_UDP_mem")
    UDPLITE_inuse: int | None = gauge("count", "UDP-Lite sockets bound", "node_sockstat_UDPLITE_inuse")
    RAW_inuse: int | None = gauge("count", "raw sockets", "node_sockstat_RAW_inuse")
    FRAG_inuse: int | None = gauge("count", "IP packets being put together", "node_sockstat_FRAG_inuse")
    FRAG_memory: int | None = gauge("bytes", "memory of IP fragments held", "node_sockstat_FRAG_memory")


KNOWN = frozenset(columns_of(Sockstat))


def parse(text: str) -> Iterator[Sockstat]:
    """The one row of /proc/net/sockstat."""
    found: dict[str, int] = {}
    for index, line in enumerate(text.split("\n"), 1):
        protocol, colon, rest = line.partition(":")
        words = rest.split() if colon else []
        for name, number in zip(words[::2], words[1::2], strict=False):
            if f"{protocol}_{name}" in KNOWN:
                found[f"{protocol}_{name}"] = unsigned(number, index)
    if not found:
        raise Malformed(0, "no line of a protocol")
    yield Sockstat(**found)


READERS = (Reader(table="sockstat", path="proc/net/sockstat", row=Sockstat, parse=parse),)
