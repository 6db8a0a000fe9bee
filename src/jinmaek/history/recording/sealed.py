"""Blocks on disk: the directory of one, and in memory as much of it as is asked for."""

from __future__ import annotations

import json
import zlib
from itertools import accumulate

from jinmaek.history.recording import frames
from jinmaek.history.recording.block import Block, Table, Tasks
from jinmaek.history.recording.numbers import unpack
from jinmaek.history.recording.seal import TIMES, rest
from jinmaek.history.recording.series import take
from jinmaek.history.recording.shapes import Shape
from jinmaek.model import Gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from jinmaek.history.recording.block import Said

    Place = tuple[int, int, int]
    """Offset, size and checksum of a part."""
    Head = tuple[Shape, int, list[tuple[Any, ...]], Sequence[int], list[tuple[int, Said]]]

WRONG = (ValueError, LookupError, TypeError, AttributeError, OverflowError, StopIteration, zlib.error)
"""What reading damaged bytes that passed for sound may raise. One of these is raised of a head that is
none."""
_SHAPES: dict[bytes, Shape] = {}
"""Blocks of one recorder have the same few shapes, byte for byte."""
MOST = 1000


class Sealed:
    """The directory of a block in an open file. ``lost`` names the parts that could not be read, ``mended``
    those in which a bit was turned back."""

    __slots__ = ("_clocks", "_file", "_heads", "_tables", "_tasks", "end", "lost", "mended", "meta", "number")

    def __init__(self, file: int, frame: frames.Frame, head: bytes) -> None:
        size = TIMES.unpack_from(head)[5]
        said = json.loads(frames.inflate(head[TIMES.size : TIMES.size + size]))
        self.number = frame.number
        self.meta: Mapping[str, Any] = said["meta"]
        self.end: Mapping[str, Any] | None = said["end"]
        self.lost: list[str] = []
        self.mended: list[str] = []
        self._heads: dict[str, Head] = {}
        self._file = file
        ends = frame.body

        def place(size: int, crc: int) -> Place:
            nonlocal ends
            ends += size
            return ends - size, size, crc

        self._clocks: list[tuple[str, Place]] = [
            (",".join(names), place(*part)) for names, part in [said["clocks"]]
        ]
        self._tables: dict[str, list[Place]] = {
            name: [place(*part) for part in parts] for name, *parts in said["tables"]
        }
        self._tasks: dict[str, Place] = {name: place(*part) for name, part in said.get("tasks", ())}

    @property
    def names(self) -> Collection[str]:
        """The tables it has."""
        return self._tables.keys()

    def block(self, tables: Iterable[str] | None = None, *, tasks: bool = True) -> Block | None:
        """All of it, or these tables; without what is lost, None where its times are."""
        clocks = self.clocks()
        if clocks is None:
            return None
        found = Block(self.number, self.meta)
        found.clocks, found.end = clocks, self.end
        lost = []
        for name in self._tables if tables is None else tables:
            table = self.table(name)
            if table is not None:
                found.tables[name] = table
            elif name in self._tables:
                lost.append(name)
        found.lost = tuple(lost)
        found.tasks = self.tasks() if tasks else None
        return found

    def clocks(self) -> dict[str, list[int]] | None:
        """Of each sample by name; None where they are lost."""
        ((names, place),) = self._clocks
        data = self._part(place, "clocks")
        if data is None:
            return None
        lists = _lists(data)
        found = {
            name: list(accumulate(next(lists), initial=first[0]))
            for name, first in zip(names.split(","), lists, strict=False)
        }
        found["wall"] = [a + b for a, b in zip(found["wall"], found["boottime"], strict=True)]
        return found

    def table(self, name: str, columns: Collection[str] | None = None) -> Table | None:
        """A table with these columns, or all; None where it has none of it, or what it is made of is lost.

        A column that is lost is not in its ``cells``.
        """
        places = self._tables.get(name)
        head = self._head(name)
        if places is None or head is None:
            return None
        shape, together, table = head[0], head[1], Table(head[0])
        table.rows, table.readings, table.said, table.cells = *head[2:], {}
        rows = len(table.rows)
        for at, place in enumerate(places[2:]):
            names = shape.columns[at * together : (at + 1) * together]
            wanted = [i for i, column in enumerate(names) if columns is None or column in columns]
            if not wanted:
                continue
            data = self._part(place, f"{name}.{names[0]}…{names[-1]}" if names[1:] else f"{name}.{names[0]}")
            if data is None:
                continue
            chosen = None if columns is None else [i * rows + row for i in wanted for row in range(rows)]
            cells = list(take(data, len(names) * rows, len(table.readings), chosen))
            for i, column in enumerate(wanted):
                table.cells[names[column]] = cells[i * rows : (i + 1) * rows]
        if not rows:
            table.cells = {column: [] for column in shape.columns if columns is None or column in columns}
        return table

    def _head(self, name: str) -> Head | None:
        """What a table is made of, and what was there when."""
        known = self._heads.get(name)
        if known is None:
            places = self._tables.get(name)
            if places is None:
                return None
            shape = self._shape(name, places[0])
            data = self._part(places[1], name)
            if shape is None or data is None:
                return None
            said = json.loads(data)
            known = self._heads[name] = (
                shape,
                said["together"],
                [tuple(labels) for labels in said["rows"]],
                _counted(said["readings"]),
                [(since, _said(told)) for since, *told in said["said"]],
            )
        return known

    def _shape(self, name: str, place: Place) -> Shape | None:
        data = self._part(place, name)
        if data is None:
            return None
        key = name.encode() + b"\0" + data
        shape = _SHAPES.get(key)
        if shape is None:
            if len(_SHAPES) >= MOST:
                _SHAPES.clear()
            shape = _SHAPES[key] = Shape(name, *map(tuple, json.loads(data)))
        return shape

    def tasks(self, columns: Collection[str] | None = None) -> Tasks | None:
        """The processes with these columns, or all; a column that is lost is not among its ``columns``."""
        place = self._tasks.get("")
        data = None if place is None else self._part(place, "tasks")
        if data is None:
            return None
        said, lists = _document(data)
        wanted = [name for name in said["columns"] if columns is None or name in columns]
        found: dict[str, tuple[Sequence[str], list[Sequence[int]]]] = {}
        for name in wanted:
            self._column(name, found)
        kept = [name for name in wanted if name in found]
        tasks = Tasks(kept, [said["codes"][said["columns"].index(name)] for name in kept])
        tasks.lost = tuple(name for name in wanted if name not in found)
        tasks.samples = list(_counted(said["samples"]))
        tasks.said = [
            (since, way, {name: Gap(*gap) for name, gap in gaps.items()}) for since, way, gaps in said["said"]
        ]
        tasks.strings = said["strings"]
        tasks.exceptions = [tuple(one) for one in said["exceptions"]]
        tasks.costs, tasks.born, lived = (list(next(lists)) for _ in range(3))
        tasks.died = [born + span if span else None for born, span in zip(tasks.born, lived, strict=True)]
        tasks.times = said["times"] or []
        if said["times"] is None:
            clocks = self.clocks() or {"boottime": [0] * (tasks.samples[-1] + 1)}
            ago = zip(tasks.samples, next(lists), strict=True)
            tasks.times = [clocks["boottime"][sample] - before for sample, before in ago]
        for name in (*found,):
            like, changes = found[name]
            tasks.first[name], tasks.counts[name], tasks.rows[name], tasks.steps[name] = map(list, changes)
        for name in kept:
            like = found[name][0]
            if like:
                whole = rest(tasks, name, like, 1)
                tasks.first[name], tasks.counts[name], tasks.rows[name], tasks.steps[name] = map(list, whole)
        return tasks

    def _column(self, name: str, found: dict[str, tuple[Sequence[str], list[Sequence[int]]]]) -> None:
        """Read one column of tasks, and those it is told by."""
        data = None if name in found else self._part(self._tasks[name], f"tasks.{name}")
        if data is None:
            return
        like, lists = _document(data)
        for other in like:
            self._column(other, found)
        if all(other in found for other in like):
            first, counts, rows, by = lists
            found[name] = like, [first, counts, _rows(counts, rows), by]

    def _part(self, place: Place, name: str) -> bytes | None:
        found = frames.read_part(self._file, *place)
        data = None
        if found is not None:
            try:
                data = frames.inflate(found[0])
            except zlib.error:
                found = None
        if found is None:
            if name not in self.lost:
                self.lost.append(name)
        elif found[1] and name not in self.mended:
            self.mended.append(name)
        return data


def _said(told: Sequence[Any]) -> Said:
    return told[0] if isinstance(told[0], list) else Gap(*told)


def _counted(numbers: int | list[int]) -> Sequence[int]:
    return range(numbers) if isinstance(numbers, int) else numbers


def _document(data: bytes) -> tuple[Any, Iterator[Sequence[int]]]:
    size = int.from_bytes(data[:4], "little") + 4
    return json.loads(data[4:size]), _lists(data, size)


def _lists(data: bytes, at: int = 0) -> Iterator[Sequence[int]]:
    """Lists of numbers one after another."""
    while at < len(data):
        count, width = int.from_bytes(data[at : at + 4], "little"), data[at + 4]
        at += 5 + count * width
        yield unpack(width, data[at - count * width : at], count)


def _rows(counts: Sequence[int], by: Sequence[int]) -> list[int]:
    """Row numbers out of their differences within each scan."""
    found: list[int] = []
    at = 0
    for count in counts:
        if count:
            found.extend(accumulate(by[at : at + count]))
        at += count
    return found
