"""An engine that is down, slow, out of its mind or partly gone: a clear error or a marked part, in time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.fake_engine import Behaviour, Fake, fake, fault, reply, vector

from jinmaek.history.prometheus.access import Access, BadAddress, address, basic
from jinmaek.history.prometheus.answer import Answer, NoAnswer, parse
from jinmaek.history.prometheus.http import Engine, Instant
from jinmaek.history.prometheus.many import ask, ask_all

pytest.importorskip("urllib3", reason="the extra fleet is not installed")

QUERY = Instant("up", 1_790_000_000)
UP = vector(({"instance": "a:9100"}, 1))


def always(body: bytes, status: int = 200, **headers: str) -> Callable[[Fake], Behaviour]:
    return lambda _: lambda handler, asked: reply(handler, body, status, **headers)


def asked(behave: Callable[[Fake], Behaviour], timeout: float = 60.0, **more: object) -> Answer:
    with fake(behave) as engine:
        return ask(Engine(Access(engine.url, timeout=timeout, **more)), QUERY)  # type: ignore[arg-type]


def refused(behave: Callable[[Fake], Behaviour], timeout: float = 60.0) -> NoAnswer:
    with pytest.raises(NoAnswer) as told:
        asked(behave, timeout)
    return told.value


def test_an_answer() -> None:
    (series,) = asked(always(UP)).series
    assert (series.labels, series.value) == ({"instance": "a:9100"}, 1.0)


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(NoAnswer) as told:
            ask(Engine(Access(f"http://127.0.0.1:{port}", timeout=60)), QUERY)
    assert told.value.why == "unreachable"
    assert "refused" in told.value.detail


@pytest.mark.parametrize(
    ("status", "body", "why", "said"),
    [
        (401, b"", "denied", "HTTP 401"),
        (403, fault("token expired"), "denied", "token expired"),
        (422, fault("query processing would load too many samples"), "refused", "too many samples"),
        (400, fault("parse error: unexpected end of input", "bad_data"), "refused", "parse error"),
        (404, b"not found", "malformed", "no query API"),
        (302, b"", "malformed", "sends elsewhere"),
        (503, fault("TSDB not ready"), "unavailable", "TSDB not ready"),
        (500, b"<html>oops</html>", "unavailable", "HTTP 500"),
        (200, b"<html>a login page</html>", "malformed", "not JSON"),
        (200, b"[]", "malformed", "no object"),
        (200, b'{"status":"success"}', "malformed", "not an answer"),
        (200, b'{"status":"error","error":"expanding series: timeout"}', "refused", "timeout"),
        (200, b'{"status":"success","data":{"resultType":"string","result":[0,"x"]}}', "malformed", "string"),
    ],
)
def test_what_is_no_answer(status: int, body: bytes, why: str, said: str) -> None:
    told = refused(always(body, status, Location="https://login.example/"))
    assert told.why == why
    assert said in told.detail


def test_what_may_pass_is_tried_again() -> None:
    def behave(engine: Fake) -> Behaviour:
        def answer(handler: BaseHTTPRequestHandler, _: dict[str, str]) -> None:
            reply(handler, *((b"", 503) if len(engine.asked) < 3 else (UP, 200)))

        return answer

    assert len(asked(behave).series) == 1


def test_a_proxy_that_refuses_post_is_asked_with_get() -> None:
    def behave(_: Fake) -> Behaviour:
        return lambda handler, asked: reply(handler, *((UP, 200) if handler.command == "GET" else (b"", 405)))

    assert len(asked(behave).series) == 1


def test_no_query_is_waited_for_past_its_time() -> None:
    """Silence, a body that trickles, headers that trickle."""

    def silent(engine: Fake) -> Behaviour:
        def answer(handler: BaseHTTPRequestHandler, _: dict[str, str]) -> None:
            engine.over.wait(120)

        return answer

    def trickle(engine: Fake, start: bytes) -> Behaviour:
        def answer(handler: BaseHTTPRequestHandler, _: dict[str, str]) -> None:
            handler.wfile.write(start)
            while not engine.over.wait(0.1):
                handler.wfile.write(b"x")
                handler.wfile.flush()

        return answer

    for behave in (
        silent,
        lambda engine: trickle(engine, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        lambda engine: trickle(engine, b"HTTP/1.1 200 OK\r\nX-Slow: "),
    ):
        began = time.monotonic()
        told = refused(behave, timeout=0.5)
        assert told.why in ("timed out", "malformed")
        assert time.monotonic() - began < 30


def test_of_many_queries_those_that_can_be_answered_are() -> None:
    def behave(_: Fake) -> Behaviour:
        return lambda handler, asked: reply(
            handler, *((fault("too many samples"), 422) if asked["query"] == "big" else (UP, 200))
        )

    with fake(behave) as engine:
        queries = {text: Instant(text, 0) for text in ("a", "big", "b")}
        told: list[tuple[int, int]] = []
        answers = ask_all(Engine(Access(engine.url)), queries, lambda done, of: told.append((done, of)))
    assert {key: isinstance(one, Answer) for key, one in answers.items()} == {
        "a": True,
        "big": False,
        "b": True,
    }
    assert told[-1] == (3, 3)


def test_what_is_dead_is_not_asked_a_hundred_times() -> None:
    with fake(always(b"", 401)) as engine:
        answers = ask_all(Engine(Access(engine.url)), {n: Instant(str(n), 0) for n in range(100)})
        assert len(engine.asked) < 20
    assert all(isinstance(one, NoAnswer) and one.why == "denied" for one in answers.values())


@pytest.mark.parametrize(
    ("more", "partial"),
    [
        ({}, None),
        ({"isPartial": True}, "some of its storage nodes did not answer"),
        (
            {"warnings": ["receive store 10.0.0.7: deadline exceeded"]},
            "receive store 10.0.0.7: deadline exceeded",
        ),
        ({"warnings": ["PromQL info: metric might not be a counter"]}, None),
    ],
)
def test_a_part_is_marked(more: dict[str, object], partial: str | None) -> None:
    assert asked(always(vector(({}, 1), **more))).partial == partial


def test_secrets_are_sent_and_not_shown() -> None:
    with fake(always(UP)) as engine:
        access = Access(
            engine.url, headers=(("X-Scope-OrgID", "t0psecret"),), authorization=basic("me", "pwd")
        )
        ask(Engine(access), QUERY)
    assert engine.headers[0]["Authorization"] == "Basic bWU6cHdk"
    assert engine.headers[0]["X-Scope-OrgID"] == "t0psecret"
    assert "t0psecret" not in repr(access)
    assert "bWU6cHdk" not in repr(access)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_garbage_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        parse(body)


@given(st.data())
def test_any_damage_to_an_answer_is_an_answer_or_none(data: st.DataObject) -> None:
    body = bytearray(vector(({"instance": "a:9100", "device": "sda"}, 1.5), ({}, 2)))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        answer = parse(bytes(body))
    except NoAnswer:
        return
    assert all(isinstance(one.value, float) for one in answer.series)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://prom:9090", "http://prom:9090"),
        ("http://prom:9090/", "http://prom:9090"),
        ("https://vm/select/0/prometheus/api/v1/", "https://vm/select/0/prometheus"),
        ("http://[::1]:9090/graph", "http://[::1]:9090"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert address(text) == url


@pytest.mark.parametrize(
    "text", ["prom:9090", "ftp://prom", "http://", "http://a:b@prom", "http://prom:x", "http://prom/?a=b"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BadAddress):
        address(text)
