"""/proc/net/dev: traffic, errors and drops of every network interface of this network namespace.

    Inter-|   Receive                            …  |  Transmit
     face |bytes    packets errs drop fifo frame …  |bytes    packets errs drop …
      eth0: 200964454 4070   0    0    0    0 0   0   193709  2330    0    0 0   0  0  0

net/core/net-procfs.c dev_seq_show(). ``drop`` of the receiving side counts rx_missed_errors too. A name may
hold any byte but white space, ``/`` and ``:``; there is no space after the colon when the count is long.
"""

from __future__ import annotations

from jinmaek.columns import Malformed, Reader, counter, row
from jinmaek.kernel.digits import unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@row
class NetDev:
    """One interface. Counters restart when the interface is made anew."""

    device: str
    receive_bytes: int = counter("bytes", "data received", "node_network_receive_bytes_total")
    receive_packets: int = counter("count", "packets received", "node_network_receive_packets_total")
    receive_errs: int = counter("count", "bad packets received", "node_network_receive_errs_total")
    receive_drop: int = counter("count", "packets received, not passed on", "node_network_receive_drop_total")
    receive_fifo: int = counter("count", "packets lost: buffer overrun", "node_network_receive_fifo_total")
    receive_frame: int = counter("count", "framing errors", "node_network_receive_frame_total")
    receive_compressed: int = counter(
        "count", "compressed packets received", "node_network_receive_compressed_total"
    )
    receive_multicast: int = counter(
        "count", "multicast packets received", "node_network_receive_multicast_total"
    )
    transmit_bytes: int = counter("bytes", "data sent", "node_network_transmit_bytes_total")
    transmit_packets: int = counter("count", "packets sent", "node_network_transmit_packets_total")
    transmit_errs: int = counter("count", "packets not sent: errors", "node_network_transmit_errs_total")
    transmit_drop: int = counter("count", "packets not sent: no room", "node_network_transmit_drop_total")
    transmit_fifo: int = counter("count", "packets not sent: buffer", "node_network_transmit_fifo_total")
    transmit_colls: int = counter("count", "collisions", "node_network_transmit_colls_total")
    transmit_carrier: int = counter(
        "count", "packets not sent: carrier lost", "node_network_transmit_carrier_total"
    )
    transmit_compressed: int = counter(
        "count", "compressed packets sent", "node_network_transmit_compressed_total"
    )


def parse(text: str) -> Iterator[NetDev]:
    """Rows of /proc/net/dev; the lines without a colon are its headings."""
    for index, line in enumerate(text.split("\n"), 1):
        # An alias of old (eth0:1) has a colon of its own: the last one ends the name.
        name, colon, rest = line.rpartition(":")
        if not colon:
            continue
        n = [unsigned(word, index) for word in rest.split()[:16]]
        if len(n) < 16:
            raise Malformed(index, "fewer than 16 counts")
        yield NetDev(
            device=name.strip(" "),
            receive_bytes=n[0],
            receive_packets=n[1],
            receive_errs=n[2],
            receive_drop=n[3],
            receive_fifo=n[4],
            receive_frame=n[5],
            receive_compressed=n[6],
            receive_multicast=n[7],
            transmit_bytes=n[8],
            transmit_packets=n[9],
            transmit_errs=n[10],
            transmit_drop=n[11],
            transmit_fifo=n[12],
            transmit_colls=n[13],
            transmit_carrier=n[14],
            transmit_compressed=n[15],
        )


READERS = (Reader(table="net_dev", path="proc/net/dev", row=NetDev, parse=parse),)
