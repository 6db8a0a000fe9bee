"""Who may ask, and what the others learn: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.views.http_guard import COOKIE, LOOPBACK, Message, Receive, Scope, Send, cookie_of, guard

TOKEN = "0123456789abcdef-token"
SECRET = b"the load is 3.14"


@dataclass
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": SECRET})


def asked(
    *headers: tuple[str, str],
    token: str | None = None,
    hosts: Iterable[str] = LOOPBACK,
    method: str = "GET",
    path: str = "/metrics",
    bodies: Iterable[bytes] = (b"",),
    kind: str = "http",
    scheme: str = "http",
) -> Answer:
    sent: list[Message] = []
    parts = list(bodies)

    async def receive() -> Message:
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": kind,
        "method": method,
        "path": path,
        "scheme": scheme,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    guarded: Any = guard(app, token=token, hosts=frozenset(hosts))
    asyncio.run(guarded(scope, receive, send))
    if kind == "websocket":
        return Answer(sent[0].get("code", 0), {}, b"")
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), body)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9876", "localhost", "LOCALHOST:1", "[::1]:9876", "[::1]", "localhost.", "127.0.0.1"]
)
def test_names_of_this_host(host: str) -> None:
    assert asked(("Host", host)).body == SECRET


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:9876",
        "127.0.0.1.evil.example",
        "localhost:9876@evil",
        "",
        "[::1",
        "[::1]x",
        "localhost:80:80",
        "127.0.0.1:",
        "\xff",
        "[]",
        "10.0.0.7:9876",
        "localhost\x00",
    ],
)
def test_any_other_name_is_refused(host: str) -> None:
    """A page of somebody else's whose name was made to point here asks for its own name."""
    told = asked(("Host", host))
    assert told.status == 421
    assert SECRET not in told.body


def test_no_name_and_two_names_are_refused() -> None:
    assert asked().status == 421
    assert asked(("Host", "localhost"), ("Host", "evil.example")).status == 421


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Authorization", "Bearer wrong"),),
        (("Authorization", f"Basic {TOKEN}"),),
        (("Authorization", TOKEN),),
        (("Authorization", f"Bearer {TOKEN}x"),),
        (("Authorization", f"Bearer {TOKEN[:-1]}"),),
        (("Authorization", "Bearer "),),
        (("Cookie", f"{COOKIE}={TOKEN}"),),
        (("Cookie", f"{COOKIE}="),),
        (("Cookie", f"x{COOKIE}={cookie_of(TOKEN.encode()).decode()}"),),
    ],
)
def test_without_the_token_nothing_is_told(headers: tuple[tuple[str, str], ...]) -> None:
    told = asked(*headers, token=TOKEN, hosts=())
    assert told.status == 401
    assert told.headers[b"www-authenticate"].startswith(b"Bearer")
    assert SECRET not in told.body
    assert b"jinmaek" not in told.body


def test_with_the_token() -> None:
    assert asked(("Authorization", f"Bearer {TOKEN}"), token=TOKEN, hosts=()).body == SECRET
    assert asked(("authorization", f"bearer  {TOKEN}"), token=TOKEN, hosts=()).body == SECRET


def test_a_browser_gets_the_form_and_then_a_cookie() -> None:
    html = ("Accept", "text/html,*/*")
    form = asked(html, token=TOKEN, hosts=(), path="/")
    assert (form.status, b"<form" in form.body) == (401, True)
    assert b"default-src 'none'" in form.headers[b"content-security-policy"]
    sent = f"token={quote(TOKEN)}".encode()
    entered = asked(html, token=TOKEN, hosts=(), method="POST", path="/login", bodies=(sent[:5], sent[5:]))
    assert (entered.status, entered.headers[b"location"]) == (303, b"/")
    cookie = entered.headers[b"set-cookie"]
    assert TOKEN.encode() not in cookie
    assert b"HttpOnly" in cookie
    assert b"SameSite=Strict" in cookie
    assert b"Secure" not in cookie
    shown = cookie.partition(b";")[0].decode()
    assert asked(("Cookie", f"a=b; {shown}"), token=TOKEN, hosts=()).body == SECRET
    secure = asked(token=TOKEN, hosts=(), method="POST", path="/login", bodies=(sent,), scheme="https")
    assert b"Secure" in secure.headers[b"set-cookie"]


@pytest.mark.parametrize(
    "bodies", [(b"",), (b"token=",), (b"token=wrong",), (b"x=" + TOKEN.encode(),), (b"token=" + b"x" * 9000,),
               (b"a" * 4000, b"b" * 4000, b"&token=" + TOKEN.encode()), (b"\xff\xfe%00%ff&&&=",)]
)  # fmt: skip
def test_a_wrong_token_in_the_form(bodies: tuple[bytes, ...]) -> None:
    told = asked(token=TOKEN, hosts=(), method="POST", path="/login", bodies=bodies)
    assert told.status == 401
    assert b"set-cookie" not in told.headers


def test_a_websocket_is_no_way_around() -> None:
    assert asked(("Host", "localhost"), token=TOKEN, kind="websocket").status == 1008
    assert asked(("Host", "evil"), kind="websocket").status == 1008


def test_a_head_without_a_token_has_no_body() -> None:
    assert asked(("Accept", "text/html"), token=TOKEN, hosts=(), method="HEAD").body == b""


@given(
    st.lists(
        st.tuples(st.sampled_from(["host", "authorization", "cookie", "accept"]), st.binary(max_size=40))
    )
)
def test_nothing_gets_through_by_luck(headers: list[tuple[str, bytes]]) -> None:
    pairs = [(name, value.decode("latin-1")) for name, value in headers]
    assert asked(*pairs, token=TOKEN, hosts=()).status == 401
