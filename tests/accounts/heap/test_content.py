"""Planted memory is called what it is."""

from __future__ import annotations

import os
import random
import struct
import zlib
from array import array

import pytest

from jinmaek.accounts.heap.content import Content, mapped, summarise
from jinmaek.kernel.pid_smaps import parse

MAPPED = [(0x55D0_0000_0000, 0x55D0_0100_0000), (0x7F00_0000_0000, 0x7F00_4000_0000)]
SIZE = 1 << 20
WORDS = random.Random(1)


def told(data: bytes) -> Content:
    found = summarise([(0x7F00_0000_0000, data)], MAPPED, new=True, of=len(data), content=False)
    assert found is not None
    return found


def packed(count: int, word: object) -> bytes:
    return array("Q", [word() for _ in range(count)]).tobytes()  # type: ignore[operator]


def log_lines() -> bytes:
    return b"".join(b"2026-01-01 12:00:%02d INFO request %d served\0\0" % (n % 60, n) for n in range(20_000))


def objects() -> bytes:
    """As of a linked structure: a type, two neighbours, a count, a hash."""

    def one() -> bytes:
        near = 0x7F00_0000_0000 + WORDS.randrange(0, 1 << 30, 16)
        return struct.pack("<5Q", 0x55D0_0000_1000, near, near + 64, 3, WORDS.getrandbits(64))

    return b"".join(one() for _ in range(20_000))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (bytes(SIZE), "zeros: allocated but not used"),
        (bytes(SIZE - 2048) + os.urandom(2048), "zeros: allocated but not used"),
        (os.urandom(SIZE), "compressed or encrypted"),
        (
            zlib.compress(b"".join(b"%d %d\n" % (n, n * n) for n in range(200_000)), 9),
            "compressed or encrypted",
        ),
        (log_lines(), "text"),
        (
            packed(SIZE // 8, lambda: 0x7F00_0000_0000 + WORDS.randrange(0, 1 << 30, 16)),
            "pointer-rich objects",
        ),
        (objects(), "pointer-rich objects"),
        (array("d", [WORDS.gauss(100, 30) for _ in range(SIZE // 8)]).tobytes(), "numbers"),
        (array("i", [WORDS.randrange(1, 100_000) for _ in range(SIZE // 4)]).tobytes(), "numbers"),
        (bytes(WORDS.choices(range(1, 32), k=SIZE)), "mixed"),
    ],
)
def test_classes(data: bytes, kind: str) -> None:
    assert told(data).kind == kind


def test_figures_of_random_bytes_and_zeros() -> None:
    noise = told(os.urandom(SIZE))
    assert noise.entropy_bits > 7.99
    assert noise.pointer_share < 0.001
    assert abs(noise.zero_share - 1 / 256) < 0.001
    assert abs(noise.printable_share - 95 / 256) < 0.01
    nothing = told(bytes(SIZE))
    assert (nothing.entropy_bits, nothing.zero_share, nothing.pointer_share) == (0.0, 1.0, 0.0)
    half = told((bytes(4096) + os.urandom(4096)) * 64)
    assert abs(half.zero_share - 0.502) < 0.01


def test_a_little_of_random_is_not_called_encrypted() -> None:
    assert told(os.urandom(4096)).kind != "compressed or encrypted"


def test_a_small_address_space_has_small_pointers() -> None:
    low = [(0x0804_8000, 0x0904_8000)]
    data = array("I", [WORDS.randrange(0x0804_8000, 0x0904_8000) for _ in range(1 << 15)]).tobytes()
    found = summarise([(0x0804_8000, data)], low, new=False, of=len(data), content=False)
    assert found is not None
    assert found.pointer_share == 1.0


def test_nothing_read_is_nothing_known() -> None:
    assert summarise([], MAPPED, new=True, of=4096, content=False) is None


def test_neighbours_are_one_piece_of_text() -> None:
    text = b"\0first-half-second-half\0"
    split = [(0x1000, text[:11]), (0x100B, text[11:]), (0x9000, text * 2)]
    found = summarise(split, MAPPED, new=True, of=99, content=True)
    assert found is not None
    assert [(one.text, one.count) for one in found.strings] == [("first-half-second-half", 3)]
    assert (found.start, found.end, found.sampled) == (0x1000, 0x9000 + len(text) * 2, len(text) * 3)


def test_what_can_be_pointed_to() -> None:
    maps = "1000-2000 r--p 0 0:0 0\n2000-3000 rw-p 0 0:0 0\n4000-5000 ---p 0 0:0 0\n5000-6000 rw-p 0 0:0 0\n"
    assert mapped(list(parse(maps))) == [(0x1000, 0x3000), (0x5000, 0x6000)]
