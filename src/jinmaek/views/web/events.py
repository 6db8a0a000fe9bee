"""Live updates as server-sent events: what is new is told once, to as many as listen.

Each client has a short queue. One that does not read is let go, not waited for: its browser comes again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

CLIENTS = 100
"""Who may listen at a time."""
QUEUED = 16
"""Events that wait for a client: about as many seconds."""
PATIENCE = 15.0
"""Seconds one write may take."""
RETRY_MS = 2000

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class Full(Exception):
    """As many listen as may."""


class Client:
    """Who listens."""

    __slots__ = ("queue", "slow")

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED)
        self.slow = asyncio.Event()

    def put(self, event: bytes | None) -> None:
        """Tell it something, or None that this is the end."""
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.slow.set()


class Hub:
    """All who listen. Everything but ``tell`` is called in the loop of the server."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = False
        self.dropped = 0
        """Clients that did not read and were let go."""

    def __len__(self) -> int:
        return len(self._clients)

    def open(self) -> None:
        """Begin, in the loop that is running."""
        self._loop = asyncio.get_running_loop()

    def end(self) -> None:
        """Let all go: the server stops."""
        self._over = True
        for client in self._clients:
            client.put(None)

    def tell(self, made: Callable[[], bytes]) -> None:
        """From any thread: what ``made`` makes, if anybody listens."""
        if self._loop is not None and not self._over and self._clients:
            event = made()
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._all, event)

    def _all(self, event: bytes) -> None:
        for client in self._clients:
            client.put(event)

    def enter(self) -> Client:
        """One more. Raises ``Full``."""
        if len(self._clients) >= CLIENTS or self._over:
            raise Full
        client = Client()
        self._clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)


def event(name: str, data: object) -> bytes:
    """One event as it goes over the wire."""
    return f"event: {name}\ndata: {json.dumps(data, allow_nan=False)}\n\n".encode()


async def stream(hub: Hub, client: Client, hello: bytes, receive: Receive, send: Send) -> None:
    """Send a client all it is told, until it leaves, is too slow, or the server stops."""
    gone = asyncio.create_task(_gone(receive))
    try:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        sending = asyncio.create_task(_feed(client, hello, send))
        slow = asyncio.create_task(client.slow.wait())
        await asyncio.wait((gone, sending, slow), return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, slow):
            task.cancel()
        await asyncio.gather(sending, slow, return_exceptions=True)
        if gone.done():
            return
        if client.slow.is_set():
            hub.dropped += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # It takes nothing at all: the kernel ends the connection (TCP_USER_TIMEOUT), and says so here.
            await gone
    finally:
        hub.leave(client)
        gone.cancel()


async def _feed(client: Client, hello: bytes, send: Send) -> None:
    await _write(send, f"retry: {RETRY_MS}\n".encode() + hello)
    while (told := await client.queue.get()) is not None:
        await _write(send, told)


async def _write(send: Send, body: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
