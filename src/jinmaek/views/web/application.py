"""The application: the page, its files, the API and the live updates, for any ASGI server."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jinmaek.diagnosis.rule import Rule
from jinmaek.views.web import events, moments
from jinmaek.views.web.accounts import Accounts
from jinmaek.views.web.api import OPERATIONS, Operation, Sources, answer
from jinmaek.views.web.archive import Archive
from jinmaek.views.web.events import Full, Hub
from jinmaek.views.web.files import File, files
from jinmaek.views.web.live import INTERVAL, Live
from jinmaek.views.web.parameters import LONGEST, Refused, read
from jinmaek.views.web.schema import EVENTS, document

LARGEST = 4096
"""Bytes of a body: nothing here reads one."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
SAFE = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
THREADS = 4
"""That work on answers: an account takes seconds, and others are not to wait for it."""
LIVE_SPAN = 10.0
"""Seconds before now that the last figures of the charts are made of."""


def application(live: Live | None, archive: Archive | None, rules: tuple[Rule, ...]) -> Starlette:
    """The page over the running host, over a recording, or both. ``live`` has been started; its ``tell`` is
    taken. Whoever serves it calls ``end`` of ``state.hub`` before it waits for the last answers."""
    hub = Hub()
    accounts = None if live is None else Accounts(rules)
    sources = Sources(live, archive, accounts, hub, secrets.token_hex(8))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "asked"))
        hub.open()
        if live is not None:
            live.tell = lambda name: hub.tell(lambda: _event(live, sources, name))
        yield
        hub.end()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            client = hub.enter()
        except Full:
            await _error(503, f"as many as {events.CLIENTS} listen already")(scope, receive, send)
            return
        hello = events.event("hello", {"instance": sources.instance, "live": live is not None})
        await events.stream(hub, client, hello, receive, send)

    async def openapi(_: Request) -> Response:
        return _json(document())

    app = Starlette(
        routes=[
            *(Route(path, _file(file)) for path, file in files().items()),
            *(Route(one.path, _operation(one, sources)) for one in OPERATIONS),
            Route("/api/v1/openapi.json", openapi),
            Route(EVENTS, _Get(stream)),
        ],
        exception_handlers={HTTPException: _http, Refused: _refused, OSError: _unreadable},
        max_body_size=LARGEST,
        lifespan=lifespan,
    )
    app.add_middleware(_Safe)
    app.state.hub = hub
    return app


class _Get:
    """An ASGI endpoint for GET alone, which a route takes as it is."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            refusal = _error(405, "only GET is answered here")
            refusal.headers["allow"] = "GET"
            await refusal(scope, receive, send)
        elif len(scope["query_string"]):
            await _error(400, "there is no parameter here")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Safe:
    """What a browser may do with any answer: no script, style or connection of elsewhere, no frame."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *SAFE]
            await send(message)

        if scope["type"] == "http" and len(scope["query_string"]) > LONGEST:
            await _error(414, f"a query has at most {LONGEST} characters")(scope, receive, secured)
        else:
            await self._app(scope, receive, secured)


def _operation(operation: Operation, sources: Sources) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        given = read(request.query_params.multi_items(), operation.parameters)
        return _json(await answer(operation, sources, given))

    return endpoint


def _file(file: File) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        headers = {"cache-control": "no-cache", "etag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.kind, headers=headers)

    return endpoint


def _json(told: object, status: int = 200) -> Response:
    body = json.dumps(told, allow_nan=False, separators=(",", ":"))
    headers = {"cache-control": "no-store"}
    if status == 503:
        headers["retry-after"] = "3"
    return Response(body, status, headers, "application/json")


def _error(status: int, why: str) -> Response:
    return _json({"schema": 1, "error": why}, status)


async def _refused(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return _error(refused.status, refused.why)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = _error(error.status_code, error.detail)
    refusal.headers.update(error.headers or {})
    return refusal


async def _unreadable(_: Request, error: Exception) -> Response:
    """The recording has gone, or no descriptor is left."""
    assert isinstance(error, OSError)
    return _error(503, f"it cannot be read: {error.strerror or type(error).__name__}")


def _event(live: Live, sources: Sources, name: str) -> bytes:
    """What is told to all who listen; made in the thread that reads."""
    stretch = live.stretch()
    if name != "sample" or stretch is None:
        return events.event(name, {"time": time.time()})
    now = stretch.until
    drawn = moments.latest(stretch, now - LIVE_SPAN, now + 0.01)
    cost = live.cost()
    return events.event(
        "sample",
        {
            "time": now,
            "interval_s": INTERVAL,
            "charts": drawn,
            "cost": {"cpu_share": cost.cpu_share, "resident_bytes": cost.resident_bytes},
            "clients": len(sources.hub),
        },
    )
