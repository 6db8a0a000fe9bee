"""The agent's door: ``/metrics``, and beside it the page where there is one.

uvicorn comes with the extra ``web``; it is imported when the door is opened and not before.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from jinmaek.agent.exposition import Teller
from jinmaek.views.http_guard import LOOPBACK, App, Receive, Scope, Send, guard
from jinmaek.views.openmetrics.text import CONTENT_TYPES, negotiated

if TYPE_CHECKING:
    import uvicorn

METRICS, HEALTH = "/metrics", "/healthz"
AT_ONCE = 256
"""Connections; more are told to come again."""
BACKLOG = 128
IDLE = 75
"""Seconds a connection may stay open unused: more than the usual time between two scrapes."""
FAREWELL = 2
"""Seconds for answers under way when the agent stops."""


class CannotListen(Exception):
    """The address is taken, or is none of this host."""


class BadCertificate(Exception):
    """The certificate or its key cannot be used."""


class NotInstalled(Exception):
    """The library for this is not there."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where to listen, and who may come in. ``token`` is not in its ``repr``."""

    host: str
    port: int
    token: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def __repr__(self) -> str:
        return f"Door({self.host!r}, {self.port})"

    @property
    def loopback(self) -> bool:
        return loopback(self.host)

    def url(self, port: int) -> str:
        """Where it is, as an address for a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.cert_file else ''}://{host}:{port}"


def loopback(host: str) -> bool:
    """Whether only this host can reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def application(teller: Teller, page: App | None = None) -> App:
    """Metrics and the state of health; the rest is the page's."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and page is None:
            return
        if scope["type"] != "http" or scope["path"] not in (METRICS, HEALTH):
            if page is not None:
                await page(scope, receive, send)
            elif scope["type"] == "http":
                await reply(scope, send, 404, b"only /metrics and /healthz are here\n")
            return
        if scope["method"] not in ("GET", "HEAD"):
            await reply(scope, send, 405, b"GET or HEAD\n", (b"allow", b"GET, HEAD"))
        elif scope["path"] == HEALTH:
            await reply(scope, send, 200, b"ok\n")
        else:
            accepts = {key.lower(): value.decode("latin-1") for key, value in scope["headers"]}
            form = negotiated(accepts.get(b"accept", ""))
            zipped = "gzip" in accepts.get(b"accept-encoding", "").lower()
            encoding = ((b"content-encoding", b"gzip"),) if zipped else ()
            await reply(
                scope,
                send,
                200,
                teller.body(form, zipped=zipped),
                (b"vary", b"accept, accept-encoding"),
                *encoding,
                kind=CONTENT_TYPES[form].encode(),
            )

    return answer


async def reply(
    scope: Scope,
    send: Send,
    status: int,
    body: bytes,
    *more: tuple[bytes, bytes],
    kind: bytes = b"text/plain; charset=utf-8",
) -> None:
    """One whole answer."""
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class Server:
    """A server in a thread of its own. Raises ``NotInstalled``, ``CannotListen``, ``BadCertificate``."""

    def __init__(self, app: App, door: Door) -> None:
        try:
            import uvicorn
        except ImportError:
            raise NotInstalled from None
        hosts = LOOPBACK | {door.host} if door.loopback else frozenset()
        self._socket = listening(door.host, door.port)
        self._server: uvicorn.Server = uvicorn.Server(
            uvicorn.Config(
                guard(app, token=door.token, hosts=hosts),
                log_config=None,
                access_log=False,
                lifespan="auto",
                loop="asyncio",
                http="h11",
                ws="none",
                server_header=False,
                proxy_headers=False,
                limit_concurrency=AT_ONCE,
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=FAREWELL,
                ssl_certfile=door.cert_file,
                ssl_keyfile=door.key_file,
            )
        )
        try:
            self._server.config.load()
        except OSError as error:  # ssl.SSLError is one
            self._socket.close()
            raise BadCertificate(error.strerror or str(error)) from None
        self._cost: Callable[[], float] = float
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on, also where any was asked for."""
        number: int = self._socket.getsockname()[1]
        return number

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def cpu_s(self) -> float:
        """CPU seconds of answering so far."""
        return self._cost()

    def close(self) -> None:
        """End what is under way, for no longer than a moment, and stop listening."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(FAREWELL + 1)
        self._socket.close()

    def _run(self) -> None:
        clock = time.pthread_getcpuclockid(threading.get_ident())
        self._cost = lambda: time.clock_gettime(clock)
        self._server.run(sockets=[self._socket])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ``CannotListen``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CannotListen(error.strerror) from None
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise CannotListen(error.strerror) from None
    return found
