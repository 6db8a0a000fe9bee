"""Full queues in /proc/net/{tcp,tcp6,udp,udp6}: connections not accepted, datagrams not read.

    sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode …
     0: 0100007F:4AF7 00000000:0000 0A 00000000:00000081 00:00000000 00000000     0        0 27511 1 …

net/ipv4/tcp_ipv4.c get_tcp4_sock(): of a listening socket rx_queue is the accept queue; those come first in
the file. net/ipv4/udp.c udp4_format_sock(): the 13th word counts what a socket has lost (2.6.27).
"""

from __future__ import annotations

from jinmaek.columns import Malformed, row
from jinmaek.kernel.digits import hexadecimal, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LISTEN = "0A"
"""TCP_LISTEN of include/net/tcp_states.h."""


@row
class Queue:
    """One socket that things wait at, or were lost at."""

    protocol: str
    """tcp or udp."""
    port: int
    inode: int
    """As in the link ``socket:[27511]`` of a descriptor."""
    waiting: int
    """Connections not accepted yet (tcp), bytes not read yet (udp)."""
    drops: int | None
    """Datagrams lost since the socket was made; None of tcp."""


def listening(lines: Iterator[str]) -> Iterator[Queue]:
    """Of tcp and tcp6, line by line: ends at the first socket that does not listen."""
    for number, words in _sockets(lines):
        if words[3] != LISTEN:
            return
        yield Queue(
            protocol="tcp",
            port=_port(words[1], number),
            inode=unsigned(words[9], number),
            waiting=hexadecimal(words[4].partition(":")[2], number),
            drops=None,
        )


def datagrams(lines: Iterator[str]) -> Iterator[Queue]:
    """Of udp and udp6, line by line."""
    for number, words in _sockets(lines):
        yield Queue(
            protocol="udp",
            port=_port(words[1], number),
            inode=unsigned(words[9], number),
            waiting=hexadecimal(words[4].partition(":")[2], number),
            drops=unsigned(words[12], number) if len(words) > 12 else None,
        )


def _sockets(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    next(lines, None)  # the heading
    for number, line in enumerate(lines, 2):
        words = line.split()
        if not words:
            continue
        if len(words) < 10:
            raise Malformed(number, f"{len(words)} words")
        yield number, words


def _port(address: str, number: int) -> int:
    return hexadecimal(address.rpartition(":")[2], number)
