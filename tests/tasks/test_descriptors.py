"""Open descriptors of the processes of a scan, and how many they may have."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.sampling import dear, take
from jinmaek.tasks import descriptors, procfs
from jinmaek.tasks.descriptors import FEW, KERNEL_THREAD, PidFd, with_descriptors
from jinmaek.tasks.table import TaskTable


def tasks(*pids: int, flags: int = 0) -> TaskTable:
    return TaskTable(pid=list(pids), comm=["x"] * len(pids), flags=[flags] * len(pids))


@pytest.fixture
def many() -> Iterator[int]:
    """This process with 200 descriptors more."""
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
    try:
        yield len(held)
    finally:
        for each in held:
            os.close(each)


def own_count() -> int:
    return len(os.listdir("/proc/self/fd")) - 1  # the one of the listing itself


def test_this_process(many: int) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    row: Any = PidFd
    limit = None if soft == resource.RLIM_INFINITY else soft
    assert many < own_count()
    assert descriptors.descriptors(LIVE, tasks(os.getpid())) == (
        row(pid=os.getpid(), comm="x", open=own_count(), max=limit),
    )


def test_the_limits_file_tells_the_same_where_the_call_is_not_allowed(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = descriptors.descriptors(LIVE, tasks(os.getpid()))

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(resource, "prlimit", refuse)
    assert descriptors.descriptors(LIVE, tasks(os.getpid())) == direct


def test_before_6_2_the_folder_is_listed(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sized = descriptors.descriptors(LIVE, tasks(os.getpid()))
    monkeypatch.setattr(descriptors, "_size", lambda _: 0)
    listed = descriptors.descriptors(LIVE, tasks(os.getpid()))
    assert isinstance(sized, tuple)
    assert isinstance(listed, tuple)
    # While it is listed the folder itself is open.
    assert [(row.pid, row.open - 1, row.max) for row in listed] == [
        (row.pid, row.open, row.max) for row in sized
    ]


def test_listing_that_would_take_too_long_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "_size", lambda _: 0)
    monkeypatch.setattr(descriptors, "PATIENCE", -1.0)
    found = descriptors.descriptors(LIVE, tasks(os.getpid()))
    assert isinstance(found, Gap)
    assert found.kind == "timed out"


def test_kernel_threads_processes_with_few_and_those_gone_are_left_out(many: int) -> None:
    assert descriptors.descriptors(LIVE, tasks(os.getpid(), flags=KERNEL_THREAD)) == ()
    assert descriptors.descriptors(LIVE, tasks(2**22 + 1)) == ()
    assert own_count() >= FEW


def test_a_captured_tree_does_not_tell(tmp_path: Path) -> None:
    found = descriptors.descriptors(Root(str(tmp_path)), tasks(1))
    assert isinstance(found, Gap)
    assert found.kind == "absent"


def test_it_is_a_table_of_the_reading(many: int) -> None:
    scan = procfs.scan(LIVE, details=False)
    snapshot = take(LIVE, ["pid_fd"], with_descriptors(LIVE, scan))
    assert any(getattr(row, "pid", 0) == os.getpid() for row in snapshot.tables["pid_fd"])
    without = take(LIVE, ["pid_fd"], scan)
    assert without.gaps["pid_fd"] == Gap("absent", "pid_fd", "not counted in this reading")


def test_what_has_to_be_walked_is_dear() -> None:
    assert dear("pid_fd")
    assert dear("cgroup_cpu")
    assert not dear("zombies")
    assert not dear("meminfo")
    assert not dear("sys_vm")
