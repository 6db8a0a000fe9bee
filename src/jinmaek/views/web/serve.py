"""Serving the application on a socket of this host until a signal says stop."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from jinmaek.views.http_guard import App
from jinmaek.views.web.events import Hub

CONNECTIONS = 256
"""At a time: of more, each is told that the server is busy."""
UNREAD_MS = 20_000
"""For how long a client may take nothing of what was sent to it."""
WHOLE_S = 5.0
"""Twice so long a request may take until it is whole."""
HEAD = 16_384
"""Bytes of a request's head."""


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ``OSError``."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: who reads nothing is disconnected by the kernel (tcp(7)).
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        made.bind(address)
        made.listen(CONNECTIONS)
    except BaseException:
        made.close()
        raise
    return made


class Patient(H11Protocol):
    """Closes a connection on which no request has come to be whole for long: it would be held for nothing."""

    idle = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self.loop.call_later(WHOLE_S, self.look)

    def look(self) -> None:
        """Whether it is idle, and was so last time."""
        now = self.cycle is None or self.cycle.response_complete
        if now and self.idle:
            self.transport.close()
        self.idle = now
        if not self.transport.is_closing():
            self.loop.call_later(WHOLE_S, self.look)


class Server(uvicorn.Server):
    """Ends the streams of events at the first signal: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop has come."""
        self._hub.end()
        super().handle_exit(sig, frame)


def serve(app: App, hub: Hub, listening: socket.socket, tls: tuple[str, str] | None = None) -> None:
    """Answer until SIGINT or SIGTERM, which is raised again then. ``tls`` are certificate and key."""
    logging.basicConfig(format="jinmaek: %(message)s", level=logging.ERROR)
    config = uvicorn.Config(
        app,
        http=Patient,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD,
        timeout_graceful_shutdown=3,
        ssl_certfile=None if tls is None else tls[0],
        ssl_keyfile=None if tls is None else tls[1],
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    Server(config, hub).run(sockets=[listening])
