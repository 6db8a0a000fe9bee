"""Who has most files open for what it may have, and what they are."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import Any

from tests.diagnosis.test_culprits import Process, look, told
from tests.made import ring

from jinmaek.diagnosis import by_files
from jinmaek.diagnosis.look import Look
from jinmaek.root import LIVE
from jinmaek.tasks.descriptors import PidFd, kinds

Row: Any = PidFd


def of(*rows: PidFd) -> Look:
    seen = look(Process(7, "leak"))
    last = seen.last
    ring(seen).add(replace(last, monotonic=last.monotonic + 1, tables={**last.tables, "pid_fd": tuple(rows)}))
    return seen


def test_those_near_their_limit_nearest_first() -> None:
    found = by_files.by_open_files(
        of(
            Row(pid=7, comm="leak", open=250, max=256),
            Row(pid=8, comm="large", open=6000, max=10000),
            Row(pid=9, comm="calm", open=3000, max=10000),
            Row(pid=10, comm="free", open=9999, max=None),
        )
    )
    assert told(found) == [("leak", 0.98), ("large", 0.6)]
    assert (found[0].why, found[0].start_time) == ("250 of 256 descriptors", 1.0)
    assert found[1].start_time is None, "not seen in the scan"


def test_without_one_near_its_limit_those_with_most() -> None:
    found = by_files.by_open_files(
        of(Row(pid=7, comm="a", open=100, max=1024), Row(pid=8, comm="b", open=300, max=None))
    )
    assert told(found) == [("b", 0.75), ("a", 0.25)]
    assert found[0].why == "300 descriptors, without limit"


def test_of_which_kind_they_are() -> None:
    for _ in range(20):
        before = kinds(LIVE, os.getpid())
        pair = socket.socketpair()
        ends = os.pipe()
        try:
            during = kinds(LIVE, os.getpid())
            row = Row(pid=os.getpid(), comm="me", open=9, max=10)
            (found,) = by_files.by_open_files(replace(of(row), root=LIVE))
        finally:
            for end in pair:
                end.close()
            for descriptor in ends:
                os.close(descriptor)
        after = kinds(LIVE, os.getpid())
        if before == after:
            break  # nothing that an earlier test left open was closed meanwhile
    assert during["socket"] - after["socket"] == 2
    assert during["pipe"] - after["pipe"] == 2
    assert found.why.startswith("9 of 10 descriptors: ")
    assert not kinds(LIVE, 2**22 + 1)
