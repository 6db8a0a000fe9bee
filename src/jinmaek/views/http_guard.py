"""Who may ask: a guard around an ASGI application, for metrics and for the page.

Without a token it is for the loopback, where a page of somebody else's must not reach it by a name that was
made to point here (DNS rebinding): only requests to the host names given are answered. With a token every
request must show it, as ``Authorization: Bearer`` (RFC 6750) or in the cookie that the form at ``/login``
gives to a browser. The cookie is made of the token and is not the token.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LOGIN, COOKIE = "/login", "jinmaek"
LARGEST = 4096
"""Bytes of what the form sends."""
FORM = b"""<!doctype html><meta charset="utf-8"><title>Token</title>
<meta name="viewport" content="width=device-width"><form method="post" action="/login">
<label>Token <input type="password" name="token" autofocus required autocomplete="current-password"></label>
<button>OK</button></form>
"""
PLAIN = (b"text/plain; charset=utf-8", b"text/html; charset=utf-8")
SAFE = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def guard(app: App, *, token: str | None, hosts: frozenset[str]) -> App:
    """``app`` for those who may ask. ``hosts`` are names without a port; none given, any will do."""
    secret = None if token is None else token.encode()
    proof = b"" if secret is None else cookie_of(secret)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        if hosts and host_of(scope) not in hosts:
            await _refuse(scope, send, 421, b"not a name of this host\n")
            return
        if secret is None:
            await app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == LOGIN and scope["method"] == "POST":
            await _login(scope, receive, send, secret, proof)
        elif _shown(scope, secret, proof):
            await app(scope, receive, send)
        else:
            await _refuse(scope, send, 401, b"a token is needed\n")

    return guarded


def host_of(scope: Scope) -> str | None:
    """The one host a request is for, without its port; None where it says none or several."""
    named = _headers(scope, b"host")
    if len(named) != 1:
        return None
    text = named[0].decode("latin-1").strip().lower()
    if text.startswith("["):
        name, closed, port = text[1:].partition("]")
        fits = bool(closed) and (not port or (port[0] == ":" and port[1:].isdecimal()))
    else:
        name, colon, port = text.partition(":")
        fits = not colon or port.isdecimal()
    return name.removesuffix(".") if fits else None


def cookie_of(secret: bytes) -> bytes:
    """What a browser shows instead of the token."""
    return hmac.new(secret, b"cookie of jinmaek", hashlib.sha256).hexdigest().encode()


def _shown(scope: Scope, secret: bytes, proof: bytes) -> bool:
    for value in _headers(scope, b"authorization"):
        kind, _, given = value.partition(b" ")
        if kind.lower() == b"bearer" and hmac.compare_digest(given.strip(), secret):
            return True
    for value in _headers(scope, b"cookie"):
        for part in value.split(b";"):
            name, _, given = part.strip().partition(b"=")
            if name == COOKIE.encode() and hmac.compare_digest(given, proof):
                return True
    return False


def _headers(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key.lower() == name]


async def _login(scope: Scope, receive: Receive, send: Send, secret: bytes, proof: bytes) -> None:
    """Give the cookie to who sends the token in the form."""
    body, more = b"", True
    while more and len(body) <= LARGEST:
        message = await receive()
        if message["type"] != "http.request":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    given = parse_qs(body[:LARGEST].decode("latin-1"), encoding="utf-8", errors="replace").get("token", [""])
    if more or not hmac.compare_digest(given[0].encode(), secret):
        await _refuse(scope, send, 401, b"a token is needed\n")
        return
    secure = b"; Secure" if scope.get("scheme") == "https" else b""
    cookie = COOKIE.encode() + b"=" + proof + b"; Path=/; HttpOnly; SameSite=Strict" + secure
    await _answer(send, 303, b"", b"text/plain", (b"location", b"/"), (b"set-cookie", cookie))


async def _refuse(scope: Scope, send: Send, status: int, why: bytes) -> None:
    """An answer that tells nothing; to a browser without a token the form."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    browser = any(b"text/html" in value for value in _headers(scope, b"accept"))
    form = status == 401 and browser and scope["method"] in ("GET", "HEAD", "POST")
    asked = ((b"www-authenticate", b'Bearer realm="jinmaek"'),) if status == 401 else ()
    body = b"" if scope["method"] == "HEAD" else FORM if form else why
    await _answer(send, status, body, PLAIN[form], *asked)


async def _answer(send: Send, status: int, body: bytes, kind: bytes, *more: tuple[bytes, bytes]) -> None:
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", kind), length, *SAFE, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
