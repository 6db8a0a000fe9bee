"""cachestat(2) and mincore(2) about the same files, and beside fincore."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jinmaek.kernel import mincore
from jinmaek.kernel.cachestat import PAGE, Cachestat, cachestat, parse
from jinmaek.kernel.syscall import call, taken_over

MIB = 1 << 20
FOREVER = float("inf")


@pytest.fixture
def open_file(tmp_path: Path) -> Iterator[int]:
    """A file of 8 MiB and a half page, on the disk and in the page cache."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * (8 * MIB + PAGE // 2))
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    yield descriptor
    os.close(descriptor)


def asked(descriptor: int) -> Cachestat:
    try:
        return cachestat(descriptor)
    except OSError as error:
        if error.errno == errno.ENOSYS:
            pytest.skip("this kernel has no cachestat(2)")
        raise


def test_pages_become_bytes() -> None:
    assert parse(struct.pack("=5Q", 5, 4, 3, 2, 1)) == tuple(PAGE * n for n in (5, 4, 3, 2, 1))


def test_dirty_until_it_is_written(open_file: int) -> None:
    whole = 8 * MIB + PAGE
    assert asked(open_file) == Cachestat(whole, 0, 0, 0, 0)
    # Where others have made much dirty, the kernel may begin to write at once.
    dirty = 0
    for _ in range(50):
        os.pwrite(open_file, b"y" * MIB, 0)
        dirty = max(dirty, asked(open_file).nr_dirty or 0)
        if dirty >= MIB:
            break
    assert MIB <= dirty <= whole  # a large folio is dirty as a whole
    os.fsync(open_file)
    assert asked(open_file) == Cachestat(whole, 0, 0, 0, 0)


def test_what_is_dropped_on_purpose_was_not_evicted(open_file: int) -> None:
    os.posix_fadvise(open_file, 0, 4 * MIB, os.POSIX_FADV_DONTNEED)
    assert asked(open_file) == Cachestat(4 * MIB + PAGE, 0, 0, 0, 0)


def test_mincore_agrees(open_file: int) -> None:
    size = os.fstat(open_file).st_size
    for kept in (size, 6 * MIB, MIB, 0):
        os.posix_fadvise(open_file, kept, 0, os.POSIX_FADV_DONTNEED)
        assert mincore.resident(open_file, size, FOREVER) == (asked(open_file).nr_cache, True)


def test_fincore_agrees(open_file: int, peer: Callable[[str], str]) -> None:
    os.posix_fadvise(open_file, 3 * MIB, 0, os.POSIX_FADV_DONTNEED)
    path = os.readlink(f"/proc/self/fd/{open_file}")
    told = subprocess.run([peer("fincore"), "-b", "-n", "-o", "RES", path], capture_output=True, check=True)
    size = os.fstat(open_file).st_size
    assert int(told.stdout) == asked(open_file).nr_cache == mincore.resident(open_file, size, FOREVER)[0]


def test_mincore_in_pieces_and_out_of_time(open_file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mincore, "CHUNK", MIB)
    size = os.fstat(open_file).st_size
    assert mincore.resident(open_file, size, FOREVER) == (8 * MIB + PAGE, True)
    assert mincore.resident(open_file, size, time.monotonic() - 1) == (MIB, False)
    assert mincore.resident(open_file, 0, FOREVER) == (0, True)


def test_mincore_is_not_believed_about_the_files_of_others(open_file: int) -> None:
    assert mincore.truthful(open_file, os.geteuid())
    if os.geteuid():
        with open("/etc/passwd") as file:
            assert not mincore.truthful(file.fileno(), 0)
        return
    child = os.fork()
    if child == 0:
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        told = mincore.truthful(open_file, 0), mincore.truthful(open_file, 65534)
        os._exit(0 if told == (False, True) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_errors_are_errors() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        asked(-1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        mincore.resident(-1, PAGE, FOREVER)
    with pytest.raises(OSError, match="Function not implemented"):
        call(10_000)


def test_a_descriptor_is_taken_over(open_file: int) -> None:
    try:
        descriptor = taken_over(os.getpid(), open_file)
    except PermissionError:
        pytest.skip("ptrace is not allowed here")
    try:
        assert os.path.sameopenfile(descriptor, open_file)
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        taken_over(os.getpid(), 99_999)
