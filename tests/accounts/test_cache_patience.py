"""What may wait for ever is left behind; what cannot be read in time is named."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence

import pytest
from tests.accounts.test_cache_file_systems import search

from jinmaek.accounts.page_cache import mapped_files, open_files
from jinmaek.accounts.page_cache.patience import LeftBehind, open_within
from jinmaek.tasks.guarded import Missed, Reading


def null() -> int:
    return os.open(os.devnull, os.O_RDONLY)


def test_what_comes_in_time() -> None:
    descriptor = open_within(60, null)
    os.close(descriptor)


def test_an_error_is_an_error() -> None:
    def refused() -> int:
        raise PermissionError(errno.EACCES, "no")

    with pytest.raises(PermissionError):
        open_within(5, refused)


def test_what_comes_late_is_closed() -> None:
    gate, release = os.pipe()
    late: list[int] = []

    def slow() -> int:
        os.read(gate, 1)
        late.append(null())
        return late[0]

    with pytest.raises(LeftBehind, match=r"no answer within 0\.02 s"):
        open_within(0.02, slow)
    os.write(release, b"x")
    end = time.monotonic() + 60
    while not late or os.path.exists(f"/proc/self/fd/{late[0]}"):
        assert time.monotonic() < end, "it stayed open"
        time.sleep(0.01)
    os.close(gate)
    os.close(release)


def test_processes_that_cannot_be_read_are_counted_by_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    why = {
        1: Missed("denied", "proc/1/maps"),
        2: Missed("gone", "proc/2/maps"),
        3: Missed("timed out", "proc/3/maps", "mmap_lock held > 20 ms"),
        4: Missed("timed out", "proc/4/maps", "all 4 readers wait for a lock"),
    }

    class Guard:
        def __init__(self, *_: object) -> None:
            pass

        def read(self, targets: Sequence[tuple[int, int]], _: float) -> dict[int, Reading]:
            return {pid: Reading((), 0.0, why[pid]) for pid, _ in targets}

    monkeypatch.setattr(mapped_files, "Guard", Guard)
    monkeypatch.setattr(mapped_files, "_name", lambda pid: f"name [{pid}]")
    looking = search()
    mapped_files.look(looking, [1, 2, 3, 4])
    told = {(one.reason, one.detail): (one.count, one.example) for one in looking.skipped()}
    assert told == {
        ("denied", ""): (1, "1"),
        ("locked", ""): (1, "name [3]"),
        ("error", "all 4 readers wait for a lock"): (1, "name [4]"),
    }


def test_processes_there_was_no_time_for_are_counted_once() -> None:
    looking = search()
    looking.until = 0
    open_files.look(looking, [11, 12, 13])
    mapped_files.look(looking, [11, 12, 13])
    assert [(one.what, one.reason, one.count) for one in looking.skipped()] == [
        ("processes", "out of time", 3)
    ]
