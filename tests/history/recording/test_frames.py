"""Frames are found again behind damage, and one turned bit anywhere costs nothing."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jinmaek.history.recording import frames
from jinmaek.history.recording.frames import Frame, Lost, mend, pack, read, read_part, walk

HEADS = [bytes(range(50 + i)) for i in range(5)]


def written(path: Path, data: bytes) -> int:
    path.write_bytes(data)
    return os.open(path, os.O_RDONLY)


def heads(file: int) -> list[tuple[int, bytes | None]]:
    found = []
    for frame in walk(file):
        if isinstance(frame, Frame):
            said = read(file, frame)
            found.append((frame.number, said and said[0]))
    os.close(file)
    return found


WHOLE = b"".join(pack(frames.SAMPLE, i, head, [b"body" * i]) for i, head in enumerate(HEADS))
ALL = [*enumerate(HEADS)]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert heads(written(tmp_path / "f", WHOLE)) == ALL


def test_every_single_turned_bit_is_mended_or_in_a_body(tmp_path: Path) -> None:
    for bit in range(len(WHOLE) * 8):
        data = bytearray(WHOLE)
        data[bit // 8] ^= 1 << bit % 8
        assert heads(written(tmp_path / "f", bytes(data))) == ALL, bit


def test_a_cut_file_has_the_frames_before_the_cut(tmp_path: Path) -> None:
    for size in range(len(WHOLE)):
        file = written(tmp_path / "f", WHOLE[:size])
        assert heads(file) == ALL[: len(heads(written(tmp_path / "g", WHOLE[:size])))]
        file = written(tmp_path / "f", WHOLE[:size])
        lost = [one for one in walk(file) if isinstance(one, Lost) or one.cut]
        os.close(file)
        ends = [sum(len(pack(2, 0, h, [b"body" * i])) for i, h in [*enumerate(HEADS)][:n]) for n in range(6)]
        assert len(lost) == (size not in ends)


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=200))
def test_behind_any_damage_the_next_frames_are_found(at: int, noise: bytes) -> None:
    data = WHOLE[:at] + noise + WHOLE[at + len(noise) :]
    file = os.memfd_create("frames")
    os.write(file, data)
    sizes = [len(pack(frames.SAMPLE, i, head, [b"body" * i])) for i, head in ALL]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    untouched = [
        pair
        for pair, start, size in zip(ALL, starts, sizes, strict=True)
        if start + size <= at or start >= at + len(noise)
    ]
    found = heads(file)
    assert [pair for pair in found if pair in untouched] == untouched
    assert all(head is None or (number, head) in ALL for number, head in found)


@given(st.binary(min_size=1, max_size=400), st.data())
def test_mend_finds_the_bit(data: bytes, draw: st.DataObject) -> None:
    from zlib import crc32

    bit = draw.draw(st.integers(0, len(data) * 8 - 1))
    bad = bytearray(data)
    bad[bit // 8] ^= 1 << bit % 8
    assert mend(bytes(bad), crc32(data)) == data
    assert mend(data, crc32(data) ^ (1 << bit % 32)) == data


def test_a_larger_damage_is_not_mended(tmp_path: Path) -> None:
    data = bytes(1000)
    from zlib import crc32

    bad = data[:100] + b"\x11" * 50 + data[150:]
    assert mend(bad, crc32(data)) is None
    file = written(tmp_path / "f", bad)
    assert read_part(file, 0, 1000, crc32(data)) is None
    assert read_part(file, 0, 2000, crc32(data)) is None
    os.close(file)
