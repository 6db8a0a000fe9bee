"""TCP sockets as the kernel lists them, and our own among them."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from jinmaek.columns import Malformed
from jinmaek.kernel.net_tcp import LISTEN, parse

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = (
    "   0: 0100007F:4AF7 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 27511 1 0\n"
)


@pytest.mark.skipif(sys.byteorder != "little", reason="the line was printed on a little-endian machine")
def test_address_and_port() -> None:
    (one,) = parse(HEAD + LINE)
    assert (one.address, one.port, one.state, one.inode) == (bytes([127, 0, 0, 1]), 19191, LISTEN, 27511)
    (six,) = parse(HEAD + LINE.replace("0100007F", "00000000000000000000000001000000"))
    assert six.address == bytes(15) + b"\1"


@pytest.mark.parametrize(
    "bad", ["0: 1 2\n", LINE.replace("0100007F:", "0100007F "), LINE.replace("27511", "x")]
)
def test_malformed(bad: str) -> None:
    with pytest.raises(Malformed):
        list(parse(HEAD + bad))


def test_our_own_socket_is_listed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        inode = int(os.readlink(f"/proc/self/fd/{server.fileno()}")[len("socket:[") : -1])
        found = [one for one in parse(Path("/proc/self/net/tcp").read_text()) if one.inode == inode]
    assert [(one.port, one.state, one.address) for one in found] == [(port, LISTEN, b"\x7f\0\0\1")]
