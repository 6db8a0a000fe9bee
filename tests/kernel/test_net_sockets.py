"""Sockets at which connections wait, and those that lost datagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from jinmaek.columns import Malformed
from jinmaek.kernel.net_sockets import Queue, datagrams, listening

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = HEAD + (
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000081 00:00000000 00000000     0     0 27511 1 0 100\n"
    "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0     0 1200 1 0 100\n"
    "   2: 0100007F:1F90 0100007F:A3F2 01 00000000:0000FFFF 00:00000000 00000000     0        0 991 1 0 20\n"
    "   3: not a socket at all\n"
)
UDP = HEAD + (
    "  101: 0100007F:14E9 00000000:0000 07 00000000:00001100 00:00000000 00000000   107     0 31 2 0 4881\n"
    "  102: 00000000000000000000000000000000:0044 00000000000000000000000000000000:0000 07 00000000:00000000"
    " 00:00000000 00000000     0        0 32 2 0 0\n"
)


def lines(text: str) -> Iterator[str]:
    return iter(text.splitlines(keepends=True))


def test_listening_sockets_come_first_and_the_rest_is_not_read() -> None:
    assert list(listening(lines(TCP))) == [
        Queue(protocol="tcp", port=8080, inode=27511, waiting=129, drops=None),
        Queue(protocol="tcp", port=22, inode=1200, waiting=0, drops=None),
    ]
    assert list(listening(lines(HEAD))) == []
    assert list(listening(lines(""))) == []


def test_udp_sockets_and_what_they_lost() -> None:
    assert list(datagrams(lines(UDP))) == [
        Queue(protocol="udp", port=5353, inode=31, waiting=0x1100, drops=4881),
        Queue(protocol="udp", port=68, inode=32, waiting=0, drops=0),
    ]
    (old,) = datagrams(lines(HEAD + " 1: 0:1 0:0 07 0:1 0:0 0 0 0 9\n"))
    assert old.drops is None


@pytest.mark.parametrize("parse", [listening, datagrams])
@pytest.mark.parametrize(
    "text", ["few words", "1: x:y 0:0 0A 0:0 0:0 0 0 0 9", "1: 0:1 0:0 0A 0 0:0 0 0 0 9"]
)
def test_malformed(parse: Callable[[Iterator[str]], Iterator[Queue]], text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(lines(HEAD + text + "\n")))
