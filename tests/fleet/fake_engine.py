"""An engine that misbehaves as it is told."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Behaviour = Callable[[BaseHTTPRequestHandler, dict[str, str]], None]
"""Answers one request, given what was asked."""


@dataclass(slots=True)
class Fake:
    url: str
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    """Set at the end of a test: whoever waits should stop."""


@contextlib.contextmanager
def fake(behave: Callable[[Fake], Behaviour], tls: ssl.SSLContext | None = None) -> Iterator[Fake]:
    """An engine on a port of its own until the end of the block."""
    engine = Fake("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            self.handle_asked(self.rfile.read(size).decode())

        def do_GET(self) -> None:
            self.handle_asked(urlsplit(self.path).query)

        def handle_asked(self, query: str) -> None:
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            engine.asked.append(asked)
            engine.headers.append(dict(self.headers.items()))
            with contextlib.suppress(ConnectionError):
                behaviour(self, asked)

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    engine.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    behaviour = behave(engine)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        engine.over.set()
        server.shutdown()
        server.server_close()
        thread.join(30)


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """One whole answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def vector(*series: tuple[dict[str, str], float], **more: object) -> bytes:
    """The answer to an instant query."""
    result = [{"metric": labels, "value": [1_790_000_000, str(value)]} for labels, value in series]
    return json.dumps(
        {"status": "success", "data": {"resultType": "vector", "result": result}, **more}
    ).encode()


def fault(text: str, kind: str = "execution") -> bytes:
    return json.dumps({"status": "error", "errorType": kind, "error": text}).encode()
