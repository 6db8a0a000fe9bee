"""A block as the bytes of a frame: a directory, and parts that are read alone.

What one question needs of a day is a few parts of each block. Each part is compressed and has its own
checksum, and nothing in a block refers to another block.
"""

from __future__ import annotations

import json
import struct
import zlib

from jinmaek.history.recording import frames
from jinmaek.history.recording.block import Block
from jinmaek.history.recording.numbers import pack, steps, wrapped
from jinmaek.history.recording.series import put
from jinmaek.model import Gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from jinmaek.history.recording.block import Changes, Table, Tasks

VERSION = 1
TIMES = struct.Struct("<4qII16s")
"""First and last wall and boottime in nanoseconds, samples, bytes of the directory, the boot's id."""
TOGETHER = 40
"""Series in a part, about: one question reads few of them, and alike compresses well together."""
LEVEL = 9

LIKE: Mapping[str, tuple[str, ...]] = {
    "tgid": ("pid",),
    "run_time": ("utime", "stime"),
    "resident": ("rss_anon", "rss_file", "rss_shmem"),
    "shared": ("rss_file", "rss_shmem"),
}
"""Columns of tasks that are mostly the sum of others: what is stored is the rest. The block names them."""


def sealed(block: Block) -> bytes:
    """The frame of a block."""
    parts: list[bytes] = []
    directory: dict[str, Any] = {
        "meta": block.meta,
        "end": block.end,
        "clocks": [list(block.clocks), _part(parts, _clocks(block))],
        "tables": [],
    }
    for table in block.tables.values():
        said: list[Any] = [table.shape.table]
        said.extend([_part(parts, data) for data in _table(table)])
        directory["tables"].append(said)
    if block.tasks is not None:
        directory["tasks"] = [["", _part(parts, _tasks(block.tasks, block.clocks["boottime"]))]]
        for name in block.tasks.columns:
            directory["tasks"].append([name, _part(parts, _column(block.tasks, name))])
    packed = zlib.compress(_json(directory), LEVEL)
    return frames.pack(frames.BLOCK, block.number, _times(block, len(packed)) + packed, parts, VERSION)


def _part(parts: list[bytes], data: bytes) -> list[int]:
    """Keep one part: its size and checksum."""
    packed = zlib.compress(data, LEVEL)
    parts.append(packed)
    return [len(packed), zlib.crc32(packed)]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _times(block: Block, directory: int) -> bytes:
    wall, boottime = block.clocks["wall"], block.clocks["boottime"]
    boot = bytes.fromhex(block.meta["boot"].replace("-", "").ljust(32, "0")[:32])
    return TIMES.pack(wall[0], wall[-1], boottime[0], boottime[-1], len(wall), directory, boot)


def _clocks(block: Block) -> bytes:
    """Each clock by its steps; the wall clock by how far it is from boottime, which hardly changes."""
    found = []
    for name, numbers in block.clocks.items():
        told = numbers
        if name == "wall":
            told = [a - b for a, b in zip(numbers, block.clocks["boottime"], strict=True)]
        found.append(number_list([told[0]]) + number_list(steps(told)))
    return b"".join(found)


def number_list(numbers: Sequence[int]) -> bytes:
    """Whole numbers with their count and width before them."""
    width, data = pack(numbers)
    return len(numbers).to_bytes(4, "little") + bytes([width]) + data


def _table(table: Table) -> Iterator[bytes]:
    """What it is made of, what was there when, and the series by groups of columns."""
    shape = table.shape
    yield _json([shape.labels, shape.columns, shape.kinds, shape.units])
    together = max(1, TOGETHER // max(1, len(table.rows)))
    yield _json(
        {
            "rows": table.rows,
            "readings": _counting(table.readings),
            "said": [
                [since, what.kind, what.source, what.detail] if isinstance(what, Gap) else [since, [*what]]
                for since, what in table.said
            ],
            "together": together,
        }
    )
    for at in range(0, len(shape.columns) if table.rows else 0, together):
        names = shape.columns[at : at + together]
        yield put([cell for name in names for cell in table.cells[name]])


def _counting(numbers: Sequence[int]) -> int | list[int]:
    """How many there are where they are 0, 1, 2 and so on, else all."""
    return len(numbers) if list(numbers) == list(range(len(numbers))) else list(numbers)


def _tasks(tasks: Tasks, boottime: Sequence[int]) -> bytes:
    """What is known of all scans and rows."""
    times: list[int] = []
    for one in tasks.times:
        if isinstance(one, int):
            times.append(one)  # noqa: PERF401 - mypy narrows it here only
    whole = len(times) == len(tasks.times)
    said = {
        "columns": tasks.columns,
        "codes": tasks.codes,
        "samples": _counting(tasks.samples),
        "said": [
            [since, way, {name: [gap.kind, gap.source, gap.detail] for name, gap in gaps.items()}]
            for since, way, gaps in tasks.said
        ],
        "strings": tasks.strings,
        "exceptions": tasks.exceptions,
        "times": None if whole else tasks.times,
        "rows": len(tasks.born),
    }
    lists = [
        tasks.costs,
        tasks.born,
        [0 if died is None else died - born for born, died in zip(tasks.born, tasks.died, strict=True)],
    ]
    if whole:
        lists.append([boottime[at] - began for at, began in zip(tasks.samples, times, strict=True)])
    return joined(_json(said), *lists)


def joined(said: bytes, *lists: Sequence[int]) -> bytes:
    """A document with its size before it, and lists of numbers."""
    return b"".join((len(said).to_bytes(4, "little"), said, *map(number_list, lists)))


def _column(tasks: Tasks, name: str) -> bytes:
    """The figures at the births, and who changed when by how much."""
    like = LIKE.get(name, ())
    if like and all(other in tasks.columns for other in like):
        first, counts, rows, by = rest(tasks, name, like, -1)
    else:
        like = ()
        first, counts, rows, by = tasks.changes(name)
    return joined(_json(like), first, counts, row_steps(counts, rows), by)


def row_steps(counts: Sequence[int], rows: Sequence[int]) -> list[int]:
    """Row numbers by their differences within each scan."""
    found = [b - a for a, b in zip([0, *rows], rows, strict=False)]
    at = 0
    for count in counts:
        if count:
            found[at] = rows[at]
        at += count
    return found


def rest(tasks: Tasks, name: str, like: Sequence[str], sign: int) -> Changes:
    """The changes of a column less the sum of others (sign -1), or of such a rest with the sum added (+1)."""
    first = list(tasks.first[name])
    for other in like:
        first = [wrapped(a + sign * b) for a, b in zip(first, tasks.first[other], strict=True)]
    counts: list[int] = []
    rows: list[int] = []
    by: list[int] = []
    sources = [(1, name), *((sign, other) for other in like)]
    places = dict.fromkeys(like, 0) | {name: 0}
    for scan in range(len(tasks.samples)):
        moved: dict[int, int] = {}
        for factor, source in sources:
            begin = places[source]
            end = places[source] = begin + tasks.counts[source][scan]
            if begin < end:
                pairs = zip(tasks.rows[source][begin:end], tasks.steps[source][begin:end], strict=True)
                for row, step in pairs:
                    moved[row] = moved.get(row, 0) + factor * step
        kept = [(row, wrapped(step)) for row, step in moved.items() if step]
        counts.append(len(kept))
        rows.extend([row for row, _ in kept])
        by.extend([step for _, step in kept])
    return first, counts, rows, by
