"""What waits to be sent: whole, in order, bounded, counted, and there again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinmaek.agent.push.queue import BESIDE, Busy, Queue


def opened(folder: Path, most: int = 1 << 20, oldest: float = 3600.0) -> Queue:
    return Queue(str(folder), most_bytes=most, oldest=oldest)


def drained(queue: Queue, now: float) -> list[bytes]:
    found = []
    while (first := queue.first(now)) is not None:
        batch, body = first
        found.append(body)
        queue.done(batch)
    return found


def test_oldest_first_through_a_restart(tmp_path: Path) -> None:
    queue = opened(tmp_path / "deep" / "queue")
    for n in range(5):
        assert queue.put(f"body {n}".encode(), 10, 1000.0 + n) is None
    assert (len(queue), queue.samples, queue.oldest) == (5, 50, 1000.0)
    queue.close()
    (tmp_path / "deep" / "queue" / BESIDE).write_bytes(b"half of a batch")
    queue = opened(tmp_path / "deep" / "queue")
    queue.put(b"body 5", 10, 1005.0)
    assert drained(queue, 1006.0) == [f"body {n}".encode() for n in range(6)]
    assert sum(queue.dropped.values()) == 0
    assert queue.oldest is None


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    was = os.umask(0)
    try:
        folder = tmp_path / "queue"
        queue = opened(folder)
        queue.put(b"secret", 1, 1000.0)
    finally:
        os.umask(was)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_second_agent_is_refused(tmp_path: Path) -> None:
    queue = opened(tmp_path)
    with pytest.raises(Busy):
        opened(tmp_path)
    queue.close()
    opened(tmp_path).close()


def test_no_more_than_the_bytes_allowed(tmp_path: Path) -> None:
    queue = opened(tmp_path, most=1000)
    for n in range(100):
        queue.put(bytes([n]) * 100, 7, 1000.0 + n)
        assert queue.size <= 1000
    assert drained(queue, 1100.0) == [bytes([n]) * 100 for n in range(90, 100)]
    assert queue.dropped["full"] == 90 * 7


def test_what_is_too_old_is_dropped(tmp_path: Path) -> None:
    queue = opened(tmp_path, oldest=60.0)
    queue.put(b"old", 3, 1000.0)
    queue.put(b"new", 4, 1050.0)
    assert drained(queue, 1070.0) == [b"new"]
    assert queue.dropped["old"] == 3


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    queue = opened(tmp_path / "queue")
    (tmp_path / "queue" / BESIDE).mkdir()  # nothing can be written beside
    error = queue.put(b"x", 5, 1000.0)
    assert error is not None
    assert queue.dropped["disk"] == 5
    (tmp_path / "queue" / BESIDE).rmdir()
    assert queue.put(b"y", 5, 1001.0) is None
    assert drained(queue, 1002.0) == [b"y"]


def test_batches_that_power_took_are_counted(tmp_path: Path) -> None:
    queue = opened(tmp_path)
    for n in range(3):
        queue.put(f"body {n}".encode(), 2, 1000.0 + n)
    queue.close()
    first, second, _ = sorted(tmp_path.glob("*.batch"))
    first.write_bytes(b"")
    queue = opened(tmp_path)
    second.unlink()
    assert drained(queue, 1003.0) == [b"body 2"]
    assert queue.dropped["disk"] == 4


def test_a_clock_that_was_set_back_keeps_the_order(tmp_path: Path) -> None:
    queue = opened(tmp_path, oldest=1e9)
    queue.put(b"a", 1, 2000.0)
    queue.put(b"b", 1, 1000.0)
    queue.put(b"c", 1, 1000.0)
    queue.close()
    assert drained(opened(tmp_path, oldest=1e9), 2001.0) == [b"a", b"b", b"c"]


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.sampled_from(["put", "done", "refuse", "restart"])), max_size=40
    )
)
@settings(deadline=None)
def test_every_sample_is_sent_or_counted(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("queue")
    queue = opened(folder, most=700)
    put = sent = dropped = 0
    for turn, (size, step) in enumerate(steps):
        match step:
            case "put":
                queue.put(b"x" * size, size, 1000.0 + turn)
                put += size
            case "restart":
                dropped += sum(queue.dropped.values())
                queue.close()
                queue = opened(folder, most=700)
            case _:
                first = queue.first(1000.0 + turn)
                if first is not None and step == "done":
                    sent += first[0].samples
                    queue.done(first[0])
                elif first is not None:
                    queue.refuse(first[0])
    dropped += sum(queue.dropped.values())
    assert put == sent + dropped + queue.samples
    queue.close()
