"""A recorder alone in its folder, that survives a kill, a full disk and another boot, and keeps to its
size."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest
from tests.history.recording.kept import BEGAN, META, assert_same, clocks, made, read, write

from jinmaek.history.recording import folder
from jinmaek.history.recording import writer as writers
from jinmaek.history.recording.folder import Busy
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.writer import Writer


def test_a_second_recorder_is_refused_and_may_go_on_afterwards(tmp_path: Path) -> None:
    first = Writer(str(tmp_path), META)
    with pytest.raises(Busy, match=f"process {os.getpid()} is recording there"):
        Writer(str(tmp_path), META)
    assert folder.recorder(str(tmp_path)) == os.getpid()
    first.close()
    assert folder.recorder(str(tmp_path)) is None
    Writer(str(tmp_path), META).close()


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    write(tmp_path / "r", 3)
    write(tmp_path / "r", 3, first=10, close=False)
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "r").iterdir()} == {0o600}
    assert len(list((tmp_path / "r").iterdir())) == 3


def left(folder: Path, count: int, first: int = 0, boot: str = "aa-bb") -> None:
    """A recording whose recorder was killed."""
    writer = Writer(str(folder), META)
    for second in range(first, first + count):
        snapshot = made(second, boot)
        writer.add(snapshot, clocks(snapshot))
    os.close(writer._lock)


def test_the_next_recorder_seals_what_a_killed_one_left(tmp_path: Path) -> None:
    left(tmp_path, 9)
    write(tmp_path, 4, first=20)
    assert not folder.streams(str(tmp_path))
    found = read(tmp_path)
    assert [s.monotonic for s in found] == [100.0 + i for i in (*range(9), *range(20, 24))]
    with Recording(str(tmp_path)) as recording:
        assert [recording.end(entry) for entry in recording.entries] == [None, "stopped"]


def test_a_block_that_was_sealed_and_whose_stream_stayed_is_there_once(tmp_path: Path) -> None:
    left(tmp_path, 9)
    name = folder.streams(str(tmp_path))[0]
    data = (tmp_path / name).read_bytes()
    write(tmp_path, 2, first=20)
    (tmp_path / name).write_bytes(data)
    assert len(read(tmp_path)) == 11
    write(tmp_path, 2, first=30)
    assert len(read(tmp_path)) == 13
    assert not folder.streams(str(tmp_path))


def test_a_sealing_that_was_broken_off_is_done_again(tmp_path: Path) -> None:
    write(tmp_path, 5)
    day = tmp_path / folder.days(str(tmp_path))[0]
    size = day.stat().st_size
    left(tmp_path, 5, first=10)
    day.write_bytes(day.read_bytes() + day.read_bytes()[: size // 2])
    write(tmp_path, 5, first=20)
    assert [s.monotonic for s in read(tmp_path)] == [
        100.0 + i for i in (*range(5), *range(10, 15), *range(20, 25))
    ]
    with Recording(str(tmp_path)) as recording:
        assert not recording.damage


def test_another_boot_and_a_clock_that_is_set_begin_a_block(tmp_path: Path) -> None:
    from dataclasses import replace

    writer = Writer(str(tmp_path), META)
    told = [made(0), made(1), made(2, "cc-dd"), replace(made(3, "cc-dd"), wall=BEGAN + 3000)]
    for snapshot in told:
        writer.add(snapshot, clocks(snapshot))
    writer.close()
    with Recording(str(tmp_path)) as recording:
        assert [recording.end(entry) for entry in recording.entries] == [
            "another boot",
            "clock set",
            "stopped",
        ]
    for ours, theirs in zip(told, read(tmp_path), strict=True):
        assert_same(ours, theirs)


def test_a_full_disk_is_a_pause_that_the_record_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(str(tmp_path), META)
    real, full = os.write, [False]

    def tight(file: int, data: bytes) -> int:
        if full[0]:
            half = real(file, data[: len(data) // 2])
            full[0] = half == 0
            if half:
                full[0] = True
                monkeypatch.setattr(os, "write", refuse)
                return half
        return real(file, data)

    def refuse(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(writers, "AGAIN", 0.001)
    monkeypatch.setattr(os, "write", tight)
    written = []
    for second in range(12):
        if second == 4:
            full[0] = True
        if second == 8:
            full[0] = False
            monkeypatch.setattr(os, "write", real)
            time.sleep(0.01)
        snapshot = made(second)
        written.append(writer.add(snapshot, clocks(snapshot)))
        writer.work()
    writer.close()
    assert written == [True] * 4 + [False] * 4 + [True] * 4
    assert [s.monotonic for s in read(tmp_path)] == [100.0 + i for i in (0, 1, 2, 3, 8, 9, 10, 11)]
    with Recording(str(tmp_path)) as recording:
        assert not recording.damage
        assert recording.meta(recording.entries[1])["paused"] == [BEGAN + 4, os.strerror(errno.ENOSPC)]


def test_what_is_too_much_or_too_old_goes_oldest_first(tmp_path: Path) -> None:
    for day in range(4):
        (tmp_path / f"2026-11-0{day + 1}-00.jmk").write_bytes(bytes(1000))
    now = 1_793_750_400.0 + 0  # 2026-11-04 00:00 UTC
    assert folder.prune(str(tmp_path), oldest=None, most=4000, now=now) == []
    assert folder.prune(str(tmp_path), oldest=86_399.0 * 2, most=None, now=now) == ["2026-11-01-00.jmk"]
    assert folder.prune(str(tmp_path), oldest=None, most=10, now=now) == [
        "2026-11-02-00.jmk",
        "2026-11-03-00.jmk",
    ]
    assert folder.days(str(tmp_path)) == ["2026-11-04-00.jmk"]


def test_a_large_day_goes_on_in_another_file(tmp_path: Path) -> None:
    writer = Writer(str(tmp_path), META, keep_bytes=20 * 5000)
    for second in range(0, 4000, 10):
        snapshot = made(second)
        writer.add(snapshot, clocks(snapshot))
        writer.work()
    writer.close()
    names = folder.days(str(tmp_path))
    assert len(names) > 2
    assert names == sorted(names)
    assert len(read(tmp_path)) == 400
