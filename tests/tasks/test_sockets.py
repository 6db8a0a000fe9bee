"""Full queues of this namespace, and who holds the sockets."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tasks.children import until

from jinmaek.kernel.net_sockets import Queue
from jinmaek.root import LIVE, Root
from jinmaek.tasks import sockets


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=5) as made:
        yield made


def test_connections_that_nobody_accepts_and_whose_they_are(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = server.getsockname()[1]

    def queue() -> Queue:
        (found,) = (one for one in sockets.accepting(LIVE) if one.port == port)
        return found

    with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)):
        # The last packet of a handshake may still be on its way.
        until(lambda: queue().waiting == 2)
        told = queue()
    assert (told.protocol, told.waiting) == ("tcp", 2)
    assert told.inode == os.fstat(server.fileno()).st_ino
    monkeypatch.setattr(sockets, "PATIENCE", 60.0)
    assert sockets.holders(LIVE, [told.inode]) == {told.inode: os.getpid()}


def test_a_receiver_that_lost_datagrams() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(64):
                sender.sendto(b"x" * 1000, slow.getsockname())

        def losing() -> list[Queue]:
            return [one for one in sockets.losing(LIVE) if one.inode == os.fstat(slow.fileno()).st_ino]

        until(lambda: bool(losing()))
        (queue,) = losing()
        assert queue.port == slow.getsockname()[1]
    assert queue.waiting > 0
    assert queue.drops is not None
    assert queue.drops > 0


def test_what_is_not_there(tmp_path: Path) -> None:
    empty = Root(str(tmp_path))
    assert sockets.accepting(empty) == sockets.losing(empty) == []
    assert sockets.holders(empty, [5]) == {}
    assert sockets.holders(LIVE, [0, 2**40]) == {}


def test_the_search_for_who_holds_it_ends_in_time(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PATIENCE", -1.0)
    assert sockets.holders(LIVE, [os.fstat(server.fileno()).st_ino]) == {}
    assert time.process_time() > 0
