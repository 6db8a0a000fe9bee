"""Who is pushed to, and misbehaves as it is told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

Behave = Callable[["Receiver", BaseHTTPRequestHandler], None]


@dataclass(slots=True)
class Receiver:
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)


@contextlib.contextmanager
def receiving(behave: Behave, port: int = 0) -> Iterator[Receiver]:
    """A receiver on a port of its own until the end of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if receiver.over.is_set():  # a connection that outlived its server
                self.close_connection = True
                return
            receiver.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            receiver.headers.append(dict(self.headers.items()))
            with contextlib.suppress(ConnectionError):
                behave(receiver, self)

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/write"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join(30)


def answer(status: int = 204, body: bytes = b"", **headers: str) -> Behave:
    """Always the same whole answer."""

    def behave(_: Receiver, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave
