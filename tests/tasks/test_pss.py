"""One look at all processes: only what is asked for is opened."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tests.tasks.test_guarded import answer, made

from jinmaek import procfile
from jinmaek.root import LIVE, Root
from jinmaek.tasks import pss
from jinmaek.tasks.pss import Asked, once


def bare(command: str | None = None) -> Asked:
    """The sums alone."""
    pattern = None if command is None else re.compile(command)
    return Asked(pss.sums(), commands=False, names=False, users=False, sizes=False, command=pattern)


def test_a_command_line_nobody_wants_is_not_read(tmp_path: Path) -> None:
    root = made(tmp_path, [1])
    (tmp_path / "proc/1/cmdline").unlink()
    os.mkfifo(tmp_path / "proc/1/cmdline")
    found, unread = once(root, bare())
    assert [(one.pid, one.uss, one.pss, one.rss, one.swap, one.swappss) for one in found] == [
        (1, 3 << 10, 7 << 10, 12 << 10, 4 << 10, 3 << 10)
    ]
    assert not unread


def test_memory_of_a_process_of_another_command_is_not_read(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2, 3], [2])
    (tmp_path / "proc/2/cmdline").write_bytes(b"other\0")
    (tmp_path / "proc/3/cmdline").write_bytes(b"other\0")
    (tmp_path / "proc/3/comm").write_bytes(b"runner\n")
    found, unread = once(root, bare("^run"))
    assert sorted(one.pid for one in found) == [1, 3]
    assert not unread


def test_the_largest_are_read_first_within_a_budget(tmp_path: Path) -> None:
    root = made(tmp_path, [1, 2, 3], [2])
    (tmp_path / "proc/3/statm").write_text("10 9 1 1 0 1 0\n")
    (tmp_path / "proc/2/statm").write_text("10 5 1 1 0 1 0\n")
    found, unread = once(root, bare(), budget=0.001)
    assert {one.pid for one in found} <= {3}
    assert {(one.pid, one.name, one.missed.why) for one in unread} >= {
        (1, "name1", "budget used up"),
        (2, "name2", "budget used up"),
    }
    answer(root, 2)


def test_kernel_threads_and_zombies_are_not_missing() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    try:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        found, unread = once(LIVE, bare())
        assert os.getpid() in [one.pid for one in found]
        assert child not in [one.pid for one in found] + [one.pid for one in unread]
        assert not {one.name for one in unread} & {"kthreadd", "ksoftirqd/0"}
    finally:
        os.waitpid(child, 0)


def test_no_proc_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(procfile.Unreadable):
        once(Root(str(tmp_path)), bare())
