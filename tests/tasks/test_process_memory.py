"""Memory of another process: what is planted in it is read, what was never touched is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tasks import children

from jinmaek import procfile
from jinmaek.root import LIVE
from jinmaek.tasks import process_memory
from jinmaek.tasks.process_memory import PAGE, PRESENT, copy, pages

PLANTED = """
import ctypes, mmap, sys, time
memory = mmap.mmap(-1, 64 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for page in (3, 4, 9): memory[page * mmap.PAGESIZE] = 65 + page
at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
open(sys.argv[1], "w").write(str(at))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A process, and where its 64 pages are, of which 3, 4 and 9 are touched."""
    with children.child(PLANTED, str(tmp_path / "at")) as pid:
        yield pid, int((tmp_path / "at").read_text())


def unmarked() -> None:
    """Nobody waits."""


def test_pages_that_are_there(planted: tuple[int, int]) -> None:
    pid, at = planted
    found: list[process_memory.Pages] = []
    pages(LIVE, pid, [(at, at + 64 * PAGE)], found, unmarked)
    ((start, states),) = found
    assert start == at
    assert [n for n, state in enumerate(states) if state] == [3, 4, 9]
    assert set(states) == {0, PRESENT}


@pytest.mark.parametrize("way", ["process_vm_readv", "/proc/PID/mem"])
def test_bytes_that_are_there(way: str, planted: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "/proc/PID/mem":
        monkeypatch.setattr(process_memory, "_call", lambda: None)
    pid, at = planted
    found: list[tuple[int, bytes]] = []
    copy(LIVE, pid, [(at + 3 * PAGE, 2 * PAGE), (at + 9 * PAGE, 1), (8, 16)], found, unmarked)
    assert found == [(at + 3 * PAGE, b"D" + bytes(PAGE - 1) + b"E" + bytes(PAGE - 1)), (at + 9 * PAGE, b"J")]


def test_another_user_s_memory_is_denied(planted: tuple[int, int]) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become nobody")
    pid, at = planted
    child = os.fork()
    if child == 0:
        os.setresuid(65534, 65534, 65534)
        refused = 0
        for of_pages in (False, True):
            try:
                if of_pages:
                    pages(LIVE, pid, [(at, at + PAGE)], [], unmarked)
                else:
                    copy(LIVE, pid, [(at, 1)], [], unmarked)
            except procfile.Unreadable as missing:
                refused += missing.why == "denied"
        os._exit(refused)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2


def test_a_process_that_has_gone() -> None:
    with children.named(b"short") as pid:
        pass
    with pytest.raises(procfile.Unreadable) as missing:
        copy(LIVE, pid, [(4096, 1)], [], unmarked)
    assert missing.value.why == "gone"
