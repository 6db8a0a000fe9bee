"""A receiver that is down, slow, busy, expired, somebody else or plainly against it: kept, or counted."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.agent.receiver import Receiver, answer, receiving
from tests.engines import free_port
from tests.tasks.children import until

from jinmaek.agent.push.queue import Queue
from jinmaek.agent.push.sender import LONGEST, MOST_ASKED, Sender, Target, asked_to_wait
from jinmaek.views.openmetrics.series import Family, Samples, series

pytest.importorskip("urllib3", reason="the extra push is not installed")

LOAD = Family("node_load1", "gauge", "")


class Plain:
    """A form that can be read."""

    name = "remote-write"
    headers: Mapping[str, str] = {"Content-Type": "text/plain"}

    def body(self, samples: Samples, time: float) -> bytes:
        return f"{time} {len(samples)}".encode()

    def rejected(self, answer: bytes) -> int:
        return int(answer) if answer.isdigit() else 0


def sender(
    folder: Path,
    url: str,
    said: list[str] | None = None,
    timeout: float = 60.0,
    headers: Callable[[], Mapping[str, str]] = dict,
) -> Sender:
    queue = Queue(str(folder), most_bytes=1 << 20, oldest=3600.0)
    return Sender(
        Target(url, headers, timeout=timeout),
        Plain(),
        queue,
        lambda: [(series(LOAD, {}), 1.5)],
        0.05,
        (said if said is not None else []).append,
    )


def once(one: Sender, tries: int = 0) -> float | None:
    """One try for the oldest batch; gives how long to wait for the next."""
    one.put(time.time())
    first = one.queue.first(time.time())
    assert first is not None
    return one.attempt(*first, tries)


def test_what_is_taken_is_gone(tmp_path: Path) -> None:
    with receiving(answer()) as receiver:
        one = sender(tmp_path, receiver.url)
        assert once(one) is None
    assert (one.sent, len(one.queue), len(receiver.bodies)) == (1, 0, 1)
    assert receiver.headers[0]["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    ("status", "body", "more", "why"),
    [
        (503, b"starting", {}, "busy"),
        (500, b"", {}, "busy"),
        (502, b"<html>bad gateway</html>", {}, "busy"),
        (429, b"", {}, "busy"),
        (408, b"", {}, "busy"),
        (401, b"token is expired", {}, "denied"),
        (403, b"", {}, "denied"),
        (302, b"", {"Location": "https://login.example/"}, "elsewhere"),
        (200, b"<html>log in</html>", {"Content-Type": "text/html"}, "elsewhere"),
    ],
)
def test_what_may_pass_is_kept(
    tmp_path: Path, status: int, body: bytes, more: dict[str, str], why: str
) -> None:
    said: list[str] = []
    with receiving(answer(status, body, **more)) as receiver:
        one = sender(tmp_path, receiver.url, said)
        wait = once(one)
        assert wait is not None
        assert 0 < wait <= LONGEST
        once(one)
    assert one.failures[why] == 2  # type: ignore[index]
    assert len(one.queue) == 2
    assert sum(one.queue.dropped.values()) == 0
    assert len(said) == 1, "said once, not at every try"
    assert "samples are kept" in said[0]


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_would_be_wrong_again_is_dropped_and_counted(tmp_path: Path, status: int) -> None:
    said: list[str] = []
    with receiving(answer(status, b"out of order\x1b[2J sample")) as receiver:
        one = sender(tmp_path, receiver.url, said)
        assert once(one) is None
    assert len(one.queue) == 0
    assert one.queue.dropped["refused"] == 1
    assert f"HTTP {status}" in said[0]
    assert "\x1b" not in said[0]


def test_a_part_that_was_not_taken_is_counted(tmp_path: Path) -> None:
    with receiving(answer(200, b"1")) as receiver:
        one = sender(tmp_path, receiver.url)
        assert once(one) is None
    assert (one.sent, one.queue.dropped["refused"], len(one.queue)) == (0, 1, 0)


def test_nobody_listens(tmp_path: Path) -> None:
    said: list[str] = []
    one = sender(tmp_path, f"http://127.0.0.1:{free_port()}/write", said)
    assert once(one) is not None
    assert one.failures["unreachable"] == 1
    assert "Connection refused" in said[0]


def test_silence_and_a_trickle_end_in_time(tmp_path: Path) -> None:
    def silent(receiver: Receiver, _: BaseHTTPRequestHandler) -> None:
        receiver.over.wait(120)

    def trickle(receiver: Receiver, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not receiver.over.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    for place, behave in enumerate((silent, trickle)):
        with receiving(behave) as receiver:
            one = sender(tmp_path / str(place), receiver.url, timeout=0.4)
            began = time.monotonic()
            assert once(one) is not None
            assert time.monotonic() - began < 30
            assert one.failures["timed out"] == 1


def test_half_an_answer_is_none(tmp_path: Path) -> None:
    def half(_: Receiver, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 2")
        handler.close_connection = True

    with receiving(half) as receiver:
        one = sender(tmp_path, receiver.url)
        assert once(one) is not None
    assert len(one.queue) == 1


def test_garbage_is_no_answer(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def speak() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"\x00\xffSSH-2.0-OpenSSH_9.2\r\n\r\n")

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        one = sender(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}/write")
        assert once(one) is not None
        thread.join(5)
    assert one.failures["unreachable"] == 1
    assert len(one.queue) == 1


def test_who_asks_to_wait_is_waited_for(tmp_path: Path) -> None:
    with receiving(answer(503, Retry_After="7")) as receiver:
        wait = once(sender(tmp_path, receiver.url))
    assert wait is not None
    assert wait >= 7


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        ("99999999", MOST_ASKED),
        ("-5", 0),
        ("soon", 0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0),
    ],
)
def test_how_long_is_asked_for(text: str | None, seconds: float) -> None:
    assert asked_to_wait(text, 40.0) == seconds


def test_later_and_later_and_never_all_at_once(tmp_path: Path) -> None:
    one = sender(tmp_path, f"http://127.0.0.1:{free_port()}/write")
    waits = [[once(one, tries) or 0 for _ in range(6)] for tries in (0, 3, 30)]
    assert max(waits[0]) <= 0.5
    assert 2 <= min(waits[1]) <= max(waits[1]) <= 4
    assert LONGEST / 2 <= min(waits[2]) <= max(waits[2]) <= LONGEST
    assert all(len(set(one)) > 1 for one in waits)


def test_a_token_renewed_is_used_at_the_next_try(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")

    def behave(receiver: Receiver, handler: BaseHTTPRequestHandler) -> None:
        right = receiver.headers[-1].get("Authorization") == "Bearer new"
        answer(204 if right else 401)(receiver, handler)

    with receiving(behave) as receiver:
        one = sender(
            tmp_path / "q", receiver.url, headers=lambda: {"Authorization": f"Bearer {token.read_text()}"}
        )
        assert once(one) is not None
        token.unlink()
        assert once(one) is not None, "not there for a moment"
        token.write_text("new")
        assert once(one) is None
    assert one.sent == 1
    assert sum(one.queue.dropped.values()) == 0


def test_an_outage_loses_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    """Down, then refusing, then there: forty batches of ten minutes arrive once each, oldest first."""
    port, said, stop = free_port(), list[str](), threading.Event()
    one = sender(tmp_path, f"http://127.0.0.1:{port}/write", said)
    began = time.time() - 600
    for n in range(40):
        one.put(began + 15 * n)
    thread = threading.Thread(target=one.send, args=(stop,))
    thread.start()
    try:
        until(lambda: one.failures["unreachable"] > 0, 120)
        with receiving(answer(503), port) as busy:
            until(lambda: len(busy.bodies) > 0, 120)
        with receiving(answer(), port) as receiver:
            until(lambda: len(one.queue) == 0, 120)
    finally:
        stop.set()
        one._there.set()
        thread.join(60)
    times = [float(body.split()[0]) for body in receiver.bodies]
    assert times == [began + 15 * n for n in range(40)]
    assert one.sent == 40
    assert sum(one.queue.dropped.values()) == 0
    assert "goes on" in said[-1]


def test_what_it_tells_of_itself(tmp_path: Path) -> None:
    one = sender(tmp_path, f"http://127.0.0.1:{free_port()}/write")
    once(one)
    told = {(s.family.name, dict(s.labels).get("reason")): value for s, value in one.samples()}
    assert told["jinmaek_push_failures_total", "unreachable"] == 1
    assert told["jinmaek_push_failures_total", "busy"] == 0
    assert told["jinmaek_push_dropped_samples_total", "full"] == 0
    assert told["jinmaek_push_queue_samples", None] == 1
    assert told["jinmaek_push_queue_age_seconds", None] >= 0
