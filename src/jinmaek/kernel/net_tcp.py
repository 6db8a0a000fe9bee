"""/proc/net/tcp and tcp6, also /proc/PID/net/tcp of its network namespace: every TCP socket.

    sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
     0: 0100007F:4AF7 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 27511 1 …

net/ipv4/tcp_ipv4.c get_tcp4_sock(), net/ipv6/tcp_ipv6.c get_tcp6_sock(). An address is printed as 32-bit
words in the byte order of the machine, the port as a number.
"""

from __future__ import annotations

import sys

from jinmaek.columns import Malformed, row
from jinmaek.kernel.digits import hexadecimal, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LISTEN = 0x0A
"""TCP_LISTEN of include/net/tcp_states.h."""


@row
class Socket:
    """One TCP socket."""

    address: bytes
    """Its own address, 4 or 16 bytes in network order."""
    port: int
    state: int
    inode: int
    """As in the link ``socket:[27511]`` of a descriptor; 0 where no process holds it any more."""


def parse(text: str) -> Iterator[Socket]:
    """The sockets in the order of the file; the first line is the heading."""
    for number, line in enumerate(text.split("\n")[1:], 2):
        words = line.split()
        if not words:
            continue
        if len(words) < 10:
            raise Malformed(number, f"{len(words)} words")
        address, colon, port = words[1].partition(":")
        if not colon or len(address) not in (8, 32):
            raise Malformed(number, f"not an address: {words[1][:40]!r}")
        parts = [hexadecimal(address[n : n + 8], number) for n in range(0, len(address), 8)]
        yield Socket(
            address=b"".join(part.to_bytes(4, sys.byteorder) for part in parts),
            port=hexadecimal(port, number),
            state=hexadecimal(words[3], number),
            inode=unsigned(words[9], number),
        )
