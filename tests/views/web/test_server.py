"""The server holds: many clients, slow ones, wrong ones, strangers."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.views.web.conftest import needed
from tests.views.web.serving import Server, running, start

from jinmaek.agent.http import loopback
from jinmaek.cli.door import address
from jinmaek.cli.main import main

SECONDS = float(os.environ.get("JINMAEK_WEB_SECONDS", "4"))
CLIENTS = 50
TOKEN = "0123456789abcdef0123456789abcdef"


def raw(server: Server, text: bytes, wait: float = 5.0) -> bytes:
    """What comes back for these bytes until the server ends it, or nothing more comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as sock:
        sock.sendall(text)
        got = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := sock.recv(65_536):
                got += part
        return got


def listening(server: Server) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    sock.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return sock


def test_many_listen_and_each_is_told(server: Server) -> None:
    before = server.resident()
    sockets = [listening(server) for _ in range(CLIENTS)]
    got = dict.fromkeys(sockets, b"")
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end or any(one.count(b"event: sample") < 2 for one in got.values()):
            assert time.monotonic() < end + 60
            for one in select.select(sockets, [], [], 0.5)[0]:
                got[one] = got[one][-100_000:] + one.recv(65_536)
            assert server.ask("/api/v1/history?points=100")[0] == 200
    finally:
        for one in sockets:
            one.close()
    for told in got.values():
        assert told.startswith(b"HTTP/1.1 200") or len(told) >= 100_000
    assert server.resident() - before < 64 << 20


def test_more_than_may_listen_are_told_so(server: Server) -> None:
    sockets: list[socket.socket] = []
    try:
        refused = b""
        while len(sockets) < 120 and not refused:
            sockets.append(listening(server))
            first = sockets[-1].recv(4096)
            refused = first if b" 503 " in first.split(b"\r\n")[0] else b""
        assert b"Retry-After: 3" in refused.title() or b"retry-after: 3" in refused
    finally:
        for one in sockets:
            one.close()
    assert server.ask("/api/v1/host")[0] == 200


def test_who_reads_nothing_is_let_go_and_nothing_is_kept_for_it() -> None:
    """A queue of 16 events and what the kernel takes; then it is dropped, and others are told on."""
    from jinmaek.views.web import events

    client = events.Client()
    for number in range(events.QUEUED):
        client.put(b"%d" % number)
    assert not client.slow.is_set()
    client.put(b"one too many")
    assert client.slow.is_set()
    assert client.queue.qsize() == events.QUEUED


def test_a_slow_listener_ends_and_is_counted(server: Server) -> None:
    """Whole path: what is sent to a client that takes nothing comes to an end."""
    import asyncio

    from jinmaek.views.web import events

    async def play() -> tuple[int, int, int]:
        hub = events.Hub()
        hub.open()
        client = hub.enter()
        gate, sent = asyncio.Event(), 0

        async def send(message: dict[str, object]) -> None:
            nonlocal sent
            sent += 1
            if message["type"] == "http.response.body" and sent > 2:
                await gate.wait()

        async def receive() -> dict[str, object]:
            await gate.wait()
            return {"type": "http.disconnect"}

        task = asyncio.create_task(events.stream(hub, client, b"hello", receive, send))  # type: ignore[arg-type]
        for _ in range(events.QUEUED + 4):
            await asyncio.sleep(0)
            hub.tell(lambda: b"event")
            await asyncio.sleep(0)
        while not hub.dropped:
            await asyncio.sleep(0.01)
        gate.set()
        await asyncio.wait_for(task, 60)
        return hub.dropped, len(hub), client.queue.qsize()

    dropped, left, queued = asyncio.run(play())
    assert dropped == 1
    assert left == 0
    assert queued <= events.QUEUED


@pytest.mark.parametrize(
    "text",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /api/v1/host?" + b"a=b&" * 8_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"GET /static/%2e%2e/%2e%2e/api.py HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"GET /static/%00 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=range(12),
)
def test_nonsense_is_refused_and_the_server_goes_on(server: Server, text: bytes) -> None:
    got = raw(server, text, wait=2.0)
    first = got.split(b"\r\n")[0]
    assert not got or re.match(rb"HTTP/1.1 4\d\d", first), first
    assert b"root:" not in got
    assert b"Traceback" not in got
    assert server.ask("/api/v1/host")[0] == 200


def test_who_never_finishes_a_request_is_disconnected(server: Server) -> None:
    from jinmaek.views.web import serve

    needed("uvicorn")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60 + 4 * serve.WHOLE_S) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
        assert sock.recv(65_536) == b""
    assert server.ask("/api/v1/host")[0] == 200


def test_a_long_query_is_too_long(server: Server) -> None:
    assert server.ask("/api/v1/history?since=" + "1" * 3000)[0] == 414


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/api/v1/host", "/api/v1/events"])
def test_nothing_is_written(server: Server, method: str, path: str) -> None:
    status, headers, _ = server.ask(path, method=method, body=b"x" * 10)
    assert status == 405
    assert "GET" in headers["allow"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:9876", ""])
def test_a_name_of_elsewhere_is_refused(server: Server, host: str) -> None:
    status, _, body = server.ask("/api/v1/host", {"Host": host})
    assert status in (400, 421)
    assert b"kernel" not in body


def test_what_a_browser_may_do_is_said_with_every_answer(server: Server) -> None:
    for path in ("/", "/api/v1/host", "/static/main.js", "/nowhere", "/api/v1/host?x=1"):
        _, headers, _ = server.ask(path)
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"


def test_files_are_not_sent_twice(server: Server) -> None:
    _, headers, _ = server.ask("/static/main.js")
    status, _, body = server.ask("/static/main.js", {"If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    needed("uvicorn")
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(TOKEN + "\n")
    with running("--token-file", str(file)) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/api/v1/host", "/api/v1/events", "/static/main.js", "/nowhere"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Cookie": f"jinmaek={TOKEN}"},
        {"Accept": "text/html"},
    ],
    ids=["none", "wrong", "basic", "short", "cookie", "browser"],
)
def test_without_the_token_nothing_is_told(guarded: Server, path: str, headers: dict[str, str]) -> None:
    status, _, body = guarded.ask(path, headers)
    assert status == 401
    assert os.uname().nodename.encode() not in body
    assert os.uname().release.encode() not in body
    assert b"/static/" not in body


def test_with_the_token_all_is_told(guarded: Server) -> None:
    status, _, body = guarded.ask("/api/v1/host", {"Authorization": f"Bearer {TOKEN}"})
    assert status == 200
    assert b"kernel" in body


def test_the_form_gives_a_cookie_that_is_not_the_token(guarded: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, headers, _ = guarded.ask("/login", form, "POST", f"token={TOKEN}".encode())
    assert status == 303
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    assert guarded.ask("/api/v1/host", {"Cookie": cookie.split(";")[0]})[0] == 200
    assert guarded.ask("/login", form, "POST", b"token=wrong")[0] == 401


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["--listen", "0.0.0.0:0"], 2, "--token-file"),
        (["--listen", "[::]:0"], 2, "--token-file"),
        (["--listen", "10.0.0.1:80"], 2, "--token-file"),
        (["--listen", "9876"], 2, "no ADDRESS:PORT"),
        (["--listen", "127.0.0.1:99999"], 2, "no ADDRESS:PORT"),
        (["--token-file", "/nowhere/token"], 3, "name another file"),
        (["--tls-cert", "/nowhere"], 2, "give both"),
        (["--recording", "/nowhere"], 3, "No such file"),
        (["--set", "no.such=1"], 2, "there is no such limit"),
    ],
)
def test_what_it_does_not_start_with(
    words: list[str], status: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    needed("uvicorn")
    assert main(["web", *words]) == status
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    assert main(["web", "--token-file", str(file)]) == 2
    assert "at least 16" in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_line(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web", "--listen", f"127.0.0.1:{server.port}"]) == 3
    said = capsys.readouterr().err
    assert "already in use" in said
    assert said.count("\n") == 1


def test_without_the_library_it_is_one_line() -> None:
    code = (
        "import sys\n"
        "sys.modules['uvicorn'] = None\n"
        "from jinmaek.cli.main import main\n"
        "sys.exit(main(['web']))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 3
    assert "pip install 'jinmaek[web]'" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_it_stops_at_once_with_listeners(server: Server) -> None:
    needed("uvicorn")
    made = start()
    with listening(made) as sock:
        sock.recv(4096)
        began = time.monotonic()
        assert made.stop() == 130
        assert time.monotonic() - began < 30
        while sock.recv(65_536):
            pass


@pytest.mark.parametrize(
    ("text", "got"),
    [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:9876", ("::1", 9876)), ("::1:9876", ("::1", 9876))],
)
def test_addresses(text: str, got: tuple[str, int]) -> None:
    assert address(text) == got


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("localhost", True), ("::1", True), ("0.0.0.0", False),
     ("::", False), ("192.0.2.1", False), ("host.example", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_what_is_near(host: str, near: bool) -> None:
    assert loopback(host) is near


def test_https_answers(tmp_path: Path) -> None:
    needed("uvicorn")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(key), "-out", str(cert), "-days", "1", "-subj", "/CN=localhost"],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
    import ssl

    process = subprocess.Popen(
        [sys.executable, "-m", "jinmaek", "web", "--listen", "127.0.0.1:0",
         "--tls-cert", str(cert), "--tls-key", str(key)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        found = re.search(r"https://127.0.0.1:(\d+)/", process.stderr.readline())
        assert found
        context = ssl.create_default_context(cafile=str(cert))
        context.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", int(found[1]), timeout=60, context=context)
        connection.request("GET", "/api/v1/host")
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        process.kill()
        process.wait()
