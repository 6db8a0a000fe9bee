"""Segments of a pool are told from those of Shmem; which files in memory are in swap."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.accounts.made_memory import MIB, processes
from tests.conftest import CAPTURES

from jinmaek.accounts import shared_memory, shmem_in_swap
from jinmaek.accounts.shared_memory import SharedMemory, SharedObject
from jinmaek.kernel import cachestat, sysvipc_shm
from jinmaek.root import Root

SharedSegment: Any = sysvipc_shm.SharedSegment
TREE = Root(str(CAPTURES / "6.12"))


def segment(size: int, rss: int | None, swap: int | None = 0) -> Any:
    return SharedSegment(shmid=3, key=42, cpid=9, uid=0, size=size, nattch=0, rss=rss, swap=swap)


@pytest.mark.parametrize(("rss", "swap", "size"), [(5, 7, 12), (0, 0, 0), (None, None, None)])
def test_a_segment_takes_ram_and_swap(rss: int | None, swap: int | None, size: int | None) -> None:
    (one,) = shared_memory.look(TREE, processes(), [segment(64 * MIB, rss, swap)], 1.0).objects
    assert (one.kind, one.id, one.name, one.size, one.swap) == ("sysv", "3", "0x0000002a", size, swap)
    assert one.pids == (9,)


def test_a_segment_with_more_pages_than_fit_is_of_huge_pages() -> None:
    """New kernels (6.18) print 512 times what it has."""
    found = shared_memory.look(TREE, processes(), [segment(64 * MIB, 512 * 64 * MIB)], 1.0)
    assert found.objects == ()


def test_a_captured_tree_tells_of_segments_alone_and_says_so() -> None:
    found = shared_memory.look(TREE, processes(), [], 1.0)
    assert not found.complete
    assert [gap.source for gap in found.gaps] == ["statvfs"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory with what a walk may meet."""
    if not os.path.ismount("/dev/shm") or not os.access("/dev/shm", os.W_OK):
        pytest.skip("no /dev/shm that may be written to")
    base = Path(f"/dev/shm/jm-test-{os.getpid()}")
    base.mkdir()
    try:
        (base / "deep").mkdir()
        (base / "deep/file").write_bytes(b"x" * 3 * MIB)
        (base / "deep/again").hardlink_to(base / "deep/file")
        (base / "other").mkdir()
        (base / "other/file").write_bytes(b"x" * MIB)
        os.mkfifo(base / "pipe")
        (base / "link").symlink_to("/")
        (base / "empty").touch()
        yield base
    finally:
        shutil.rmtree(base)


def tmpfs(path: Path, **more: Any) -> SharedMemory:
    one = SharedObject("tmpfs", "0:27", "/dev/shm", 4 * MIB, path=str(path), **more)
    return SharedMemory((one,), (), (), complete=True)


@pytest.mark.parametrize("old_kernel", [False, True])
def test_what_is_all_in_ram_is_not_in_swap(
    folder: Path, old_kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    ask = cachestat.cachestat

    def asking(file: int) -> Any:
        asked.append(os.readlink(f"/proc/self/fd/{file}").removeprefix(str(folder)))
        if old_kernel:
            raise OSError(errno.ENOSYS, "no such call")
        return ask(file)

    monkeypatch.setattr(cachestat, "cachestat", asking)
    (one,) = shmem_in_swap.measured(tmpfs(folder), 5.0).objects
    assert (one.swap, one.ram) == (0, 4 * MIB)
    assert len(asked) == 2
    assert {name.partition("/")[2].partition("/")[0] for name in asked} == {"deep", "other"}


def test_pages_that_are_not_in_ram_are_in_swap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cachestat, "cachestat", lambda file: SimpleNamespace(nr_cache=MIB // 2))
    (one,) = shmem_in_swap.measured(tmpfs(folder), 5.0).objects
    assert one.swap == 3 * MIB


def test_what_is_mounted_within_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cachestat, "cachestat", lambda file: SimpleNamespace(nr_cache=0))
    within = frozenset((f"{folder}/other",))
    (one,) = shmem_in_swap.measured(tmpfs(folder, within=within), 5.0).objects
    assert one.swap == 3 * MIB


def test_what_could_not_be_asked_whole_stays_unknown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (late,) = shmem_in_swap.measured(tmpfs(folder), -1.0).objects
    assert late.swap is None

    def refused(file: int) -> Any:
        raise PermissionError(errno.EPERM, "not yours")

    monkeypatch.setattr(cachestat, "cachestat", refused)
    (denied,) = shmem_in_swap.measured(tmpfs(folder), 5.0).objects
    assert (denied.swap, denied.ram) == (None, 4 * MIB)


def test_small_ones_and_those_that_tell_themselves_are_not_asked(folder: Path) -> None:
    small = SharedObject("tmpfs", "0:27", "/dev/shm", MIB - 1, path=str(folder))
    told = SharedObject("sysv", "3", "0x0", 9 * MIB, swap=5 * MIB, path=str(folder))
    shared = SharedMemory((small, told), (), (), complete=True)
    assert shmem_in_swap.measured(shared, 5.0) == shared


def test_a_memfd_is_asked_through_its_descriptor() -> None:
    ring = os.memfd_create("jm-ring")
    try:
        os.write(ring, b"x" * 2 * MIB)
        one = SharedObject("memfd", "0:1:5", "jm-ring", 2 * MIB, path=f"/proc/self/fd/{ring}")
        shared = SharedMemory((one,), (), (), complete=True)
        assert shmem_in_swap.measured(shared, 5.0).objects[0].swap == 0
    finally:
        os.close(ring)
