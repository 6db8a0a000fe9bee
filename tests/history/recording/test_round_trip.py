"""What was recorded is read as it was, value for value, whether sealed, open or left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.history.recording.kept import META, assert_same, clocks, live, read, write

from jinmaek.history.recording.numbers import DECODE, code_for, decode, encode, pack, unpack
from jinmaek.history.recording.writer import Writer, nanoseconds
from jinmaek.tasks.choose import Refused


@pytest.mark.parametrize("close", [True, False], ids=["sealed", "open"])
def test_every_sample_of_several_blocks(tmp_path: Path, close: bool) -> None:
    told = write(tmp_path, 320, close=close)
    found = read(tmp_path)
    assert len(found) == 320
    for ours, theirs in zip(told, found, strict=True):
        assert_same(ours, theirs)


@pytest.mark.parametrize("way", ["bpf", "procfs"])
def test_every_table_and_column_of_this_host(tmp_path: Path, way: str) -> None:
    try:
        told = live(4, way)
    except Refused as refused:
        pytest.skip(str(refused))
    writer = Writer(str(tmp_path), META)
    for snapshot in told:
        assert writer.add(snapshot, clocks(snapshot))
    for ours, theirs in zip(told, read(tmp_path), strict=True):
        assert_same(ours, theirs)
    writer.close()
    for ours, theirs in zip(told, read(tmp_path), strict=True):
        assert_same(ours, theirs)


NUMBERS = st.one_of(st.floats(), st.integers(-(1 << 70), 1 << 70), st.none(), st.text(max_size=4))


@given(st.lists(NUMBERS, max_size=8), NUMBERS)
def test_any_value_is_itself_again(values: list[float | str | None], value: float | str | None) -> None:
    code = code_for([*values, value])
    assert code in DECODE
    assert repr(decode(encode(value, code), code)) == repr(value)


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1)))
def test_packed_numbers_are_themselves(numbers: list[int]) -> None:
    width, data = pack(numbers)
    assert list(unpack(width, data, len(numbers))) == numbers


@given(st.integers(0, 4 * 10**18))
def test_a_moment_in_nanoseconds_is_itself(whole: int) -> None:
    seconds = whole / 1_000_000_000
    assert nanoseconds(seconds) / 1_000_000_000 == seconds
