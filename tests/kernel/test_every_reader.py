"""What holds for every reader there is: captures of any kernel, damaged or not, give rows or ``Malformed``.

The captures are raw copies of ``/proc`` and ``/sys`` under ``tests/captures/<kernel>/``. How many damaged
captures each reader is given is JINMAEK_EXAMPLES (200 unless set).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import CAPTURES, OTHER_HOSTS

from jinmaek import kernel, sampling
from jinmaek.columns import Malformed, Reader, TreeReader, columns_of, labels_of
from jinmaek.root import LIVE, Root

Tree = Mapping[str, bytes]
"""Relative path → what the file holds."""

READERS = kernel.readers()
EXAMPLES = int(os.environ.get("JINMAEK_EXAMPLES", "200"))
PREFIXES = 2000
TREE_FILES = 24

WORDS = (
    b"", b"-1", b"-", b"0", b"18446744073709551615", b"18446744073709551616", b"9" * 400, b"9" * 5000,
    b"1_0", "٣".encode(), "²".encode(), b"nan", b"inf", b"-inf", b"1e999", b"0x1f", b"1.5", b"max", b"kB",
    b":", b"=", b"(", b")", b"/", b" ", b"\t", b"\n", b"\n\n", b"\r", b"\x0b", b"\x00", b"\xff\xfe",
    b"\x1b[2J", "\u2028".encode(), "\u3000".encode(), b"\\", b"\\040", b"\\777", b"a b", b">100000",
)  # fmt: skip


@cache
def hosts() -> tuple[Path, ...]:
    return tuple(sorted(path for path in CAPTURES.glob("*") if path.is_dir()))


@cache
def captures(reader: Reader | TreeReader) -> tuple[Tree, ...]:
    """What every captured kernel has of this reader's files."""
    found = [
        {
            str(path.relative_to(host)): path.read_bytes()
            for pattern in reader.paths
            for path in sorted(host.glob(pattern))
            if path.is_file()
        }
        for host in hosts()
    ]
    return tuple(tree for tree in found if tree)


CAPTURED = tuple(reader for reader in READERS if captures(reader))
each_captured = pytest.mark.parametrize("reader", CAPTURED, ids=lambda reader: reader.table)
each = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.table)


def parse(reader: Reader | TreeReader, tree: Tree) -> Iterable[object]:
    texts = {path: data.decode("utf-8", "backslashreplace") for path, data in tree.items()}
    match reader:
        case TreeReader():
            return reader.parse(texts)
        case Reader():
            (text,) = texts.values()
            return reader.parse(text)


def rows_or_malformed(reader: Reader | TreeReader, tree: Tree) -> tuple[object, ...] | None:
    """The rows, each of them sound; None where the reader refused."""
    rows: list[object] = []
    try:
        rows.extend(parse(reader, tree))
    except Malformed:
        return None
    columns = columns_of(reader.row)
    for row in rows:
        assert isinstance(row, reader.row)
        for name in columns:
            value = getattr(row, name)
            assert value is None or abs(value) < 1e300, f"{name} is not a finite number"
    return tuple(rows)


def labels(reader: Reader | TreeReader, row: object) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in labels_of(reader.row))


def test_there_are_captures() -> None:
    assert CAPTURED
    assert len({reader.table for reader in READERS}) == len(READERS)


@each_captured
def test_captures_give_rows(reader: Reader | TreeReader) -> None:
    found = [rows_or_malformed(reader, tree) for tree in captures(reader)]
    assert None not in found
    assert any(found), "no capture has a row"


@each_captured
def test_rows_are_told_apart_by_their_labels_and_are_frozen(reader: Reader | TreeReader) -> None:
    for tree in captures(reader):
        rows = rows_or_malformed(reader, tree) or ()
        keys = [labels(reader, row) for row in rows]
        assert len(set(keys)) == len(keys)
        for row in rows[:1]:
            for name in (*labels_of(reader.row), *columns_of(reader.row)):
                with pytest.raises(AttributeError):
                    setattr(row, name, 0)
            assert not hasattr(row, "__dict__")


@each_captured
def test_prefixes_give_rows_or_malformed(reader: Reader | TreeReader) -> None:
    """Every prefix of a small file; of a large one those near its ends and some between."""
    for tree in captures(reader):
        for path in sorted(tree)[:TREE_FILES]:
            data = tree[path]
            ends: Iterable[int] = range(len(data))
            if len(data) > PREFIXES:
                # The longer, the dearer: of the end a few lines, of what is between some.
                edge, few = PREFIXES // 3, PREFIXES // 8
                middle = Random(len(data)).sample(range(edge, len(data) - few), few)
                ends = (*range(edge), *middle, *range(len(data) - few, len(data)))
            others = dict(sorted(tree.items())[:TREE_FILES])
            for end in ends:
                rows_or_malformed(reader, {**others, path: data[:end]})


def damaged(data: bytes, how: int, where: int, what: int) -> bytes:
    """``data`` with one thing wrong with it."""
    if how > 5:
        return b"".join(misplaced(data.splitlines(keepends=True) or [b""], how, where, what))
    at = where % (len(data) + 1)
    word = WORDS[what % len(WORDS)]
    match how:
        case 0:  # cut off
            return data[:at]
        case 1:  # a piece missing
            return data[:at] + data[at + 1 + what % 40 :]
        case 2:  # a bit flipped
            return data[:at] + bytes(byte ^ (1 << what % 8) for byte in data[at : at + 1]) + data[at + 1 :]
        case 3:  # something inserted
            return data[:at] + word + data[at:]
        case 4:  # any byte inserted
            return data[:at] + bytes([what % 256]) + data[at:]
        case _:  # a number replaced: the one here, or a piece put between two characters
            before = data[:at].rstrip(b"0123456789")
            after = data[at:].lstrip(b"0123456789")
            return before + word + after


def misplaced(lines: list[bytes], how: int, where: int, what: int) -> list[bytes]:
    """The lines with one of them twice or missing, or all in another order."""
    here = where % len(lines)
    match how:
        case 6:
            there = what % (len(lines) + 1)
            return [*lines[:there], lines[here], *lines[there:]]
        case 7:
            return lines[:here] + lines[here + 1 :]
        case _:
            return Random(where).sample(lines, len(lines))


def excerpt(data: bytes, first: int, count: int) -> bytes:
    """The head of a file and ``count`` lines from somewhere in it."""
    lines = data.splitlines(keepends=True)
    first %= len(lines) + 1
    return b"".join(lines[: min(2, first)] + lines[first : first + count])


NUMBER = st.integers(0, 1 << 16)
DAMAGE = st.lists(st.tuples(NUMBER, st.integers(0, 8), NUMBER, NUMBER), min_size=1, max_size=4)


@each_captured
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(which=NUMBER, piece=st.none() | st.tuples(NUMBER, st.integers(1, 12)), damage=DAMAGE)
def test_damage_gives_rows_or_malformed(
    reader: Reader | TreeReader,
    which: int,
    piece: tuple[int, int] | None,
    damage: list[tuple[int, int, int, int]],
) -> None:
    known = captures(reader)
    tree = dict(known[which % len(known)])
    if piece:
        first, count = piece
        if len(tree) > 1:  # some of the files
            paths = sorted(tree)
            tree = {path: tree[path] for path in (paths[first % len(paths) :] + paths)[:count]}
        else:
            tree = {path: excerpt(data, first, count) for path, data in tree.items()}
    for file, how, where, what in damage:
        path = sorted(tree)[file % len(tree)]
        tree[path] = damaged(tree[path], how, where, what)
    rows_or_malformed(reader, tree)


@each
def test_the_running_kernel_gives_rows_or_a_gap(reader: Reader | TreeReader) -> None:
    snapshot = sampling.take(LIVE, [reader.table])
    gap = snapshot.gaps.get(reader.table)
    assert (reader.table in snapshot.tables) != (gap is not None)
    assert gap is None or gap.kind != "malformed", gap


def other_hosts() -> list[Path]:
    return sorted(path.parent for path in OTHER_HOSTS.glob("**/proc") if path.is_dir())


@pytest.mark.skipif(not OTHER_HOSTS.is_dir(), reason="captures of other hosts are not here")
@each
def test_other_hosts_give_rows_or_a_gap(reader: Reader | TreeReader) -> None:
    assert other_hosts()
    for host in other_hosts():
        snapshot = sampling.take(Root(str(host)), [reader.table])
        rows, gap = snapshot.tables.get(reader.table), snapshot.gaps.get(reader.table)
        assert (rows is None) != (gap is None)
        assert all(isinstance(row, reader.row) for row in rows or ())
