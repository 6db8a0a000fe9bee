"""The agent's door with a real server behind it: what it answers, whom it refuses, what it survives."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.certificates import certificate

from jinmaek.agent.exposition import Teller
from jinmaek.agent.http import CannotListen, Door, Server, application, loopback
from jinmaek.views.openmetrics.text import CONTENT_TYPES, Form

pytest.importorskip("uvicorn", reason="the extra web is not installed")

TOKEN = "0123456789abcdef-token"
BODY = b"node_load1 1.5\n" * 20_000


class Fixed:
    """Tells always the same."""

    def body(self, form: Form, *, zipped: bool) -> bytes:
        body = BODY + form.encode()
        return gzip.compress(body, 1) if zipped else body


@contextlib.contextmanager
def served(door: Door) -> Iterator[int]:
    server = Server(application(cast(Teller, Fixed())), door)
    server.start()
    try:
        yield server.port
    finally:
        server.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(Door("127.0.0.1", 0)) as port:
        yield port


def asked(
    port: int, path: str = "/metrics", method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_metrics_in_the_form_asked_for(port: int) -> None:
    status, headers, body = asked(port)
    assert (status, headers["content-type"], body) == (200, CONTENT_TYPES["text"], BODY + b"text")
    status, headers, body = asked(
        port, Accept="application/openmetrics-text", Accept_Encoding="deflate, gzip"
    )
    assert (headers["content-type"], headers["content-encoding"]) == (CONTENT_TYPES["openmetrics"], "gzip")
    assert gzip.decompress(body) == BODY + b"openmetrics"
    assert asked(port, method="HEAD")[2] == b""
    assert "server" not in headers


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/healthz", "GET", 200),
        ("/", "GET", 404),
        ("/metrics/", "GET", 404),
        ("/../../etc/passwd", "GET", 404),
        ("/metrics", "POST", 405),
        ("/metrics", "DELETE", 405),
        ("/metrics?" + "x" * 10_000, "GET", 200),
        ("/" + "a" * 10_000, "GET", 404),
    ],
)
def test_other_questions(port: int, path: str, method: str, status: int) -> None:
    assert asked(port, path, method)[0] == status


def test_a_foreign_host_name_is_refused(port: int) -> None:
    status, _, body = asked(port, Host=f"evil.example:{port}")
    assert status == 421
    assert b"node_load1" not in body


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
    ],
)
def test_garbage_harms_nobody(port: int, sent: bytes) -> None:
    answer = b""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as connection,
        contextlib.suppress(ConnectionError),
    ):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
    assert b"node_load1" not in answer
    assert asked(port)[0] == 200


def test_slow_readers_keep_nobody_waiting(port: int) -> None:
    with contextlib.ExitStack() as open_ones:
        for _ in range(20):
            one = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")  # and reads nothing
        for _ in range(20):
            one = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            one.sendall(b"GET /metrics HTTP/1.1\r\nHo")  # and says no more
        assert asked(port)[0] == 200


def test_many_at_once(port: int) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(asked(port)[0])) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert statuses == [200] * 50


def test_with_a_token_nobody_else_learns_anything() -> None:
    with served(Door("127.0.0.1", 0, TOKEN)) as port:
        for path in ("/metrics", "/healthz", "/", "/nothing"):
            status, headers, body = asked(port, path)
            assert (status, body) == (401, b"a token is needed\n")
            assert "jinmaek" not in str(headers).replace('realm="jinmaek"', "")
        assert asked(port, Authorization=f"Bearer {TOKEN}")[0] == 200
        assert asked(port, Authorization=f"Bearer {TOKEN}x")[0] == 401


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(Door("127.0.0.1", 0, TOKEN))


def test_over_tls(tmp_path: Path, peer: Callable[[str], str]) -> None:
    made, key = certificate(peer("openssl"), tmp_path)
    door = Door("127.0.0.1", 0, TOKEN, str(made), str(key))
    with served(door) as port:
        context = ssl.create_default_context(cafile=str(made))
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
        connection.request("GET", "/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
        assert connection.getresponse().read() == b"ok\n"
        connection.close()


def test_a_port_that_is_taken_is_an_error_at_once(port: int) -> None:
    with pytest.raises(CannotListen, match="in use"):
        Server(application(cast(Teller, Fixed())), Door("127.0.0.1", port))


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("10.0.0.7", False), ("web-7", False), ("", False)],
)  # fmt: skip
def test_which_addresses_only_this_host_can_reach(host: str, own: bool) -> None:
    assert loopback(host) is own
