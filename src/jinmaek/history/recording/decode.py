"""Documents of a stream back into a block: the other half of ``encode``."""

from __future__ import annotations

from jinmaek.history.recording.block import Block, Cell, Table
from jinmaek.history.recording.decode_tasks import TaskState
from jinmaek.history.recording.numbers import PLAIN
from jinmaek.history.recording.shapes import Shape
from jinmaek.model import Gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from jinmaek.history.recording.block import Said
    from jinmaek.history.recording.numbers import Coded

    Document = Mapping[str, Any]


class Builder:
    """Makes a block of the documents of a stream, in their order.

    ``add`` raises ``KeyError``, ``IndexError``, ``TypeError`` or ``ValueError`` of what no encoder wrote.
    """

    __slots__ = ("_read", "_states", "_tasks", "block", "samples")

    def __init__(self, number: int, meta: Mapping[str, Any]) -> None:
        self.block = Block(number, meta)
        self.samples = 0
        self._states: list[_State] = []
        self._read: list[int] = []
        self._tasks: TaskState | None = None

    def add(self, document: Document) -> None:
        """One sample more."""
        sample = self.samples
        for name, step in document["k"].items():
            kept = self.block.clocks.setdefault(name, [0] * sample)
            kept.append((kept[-1] if kept else 0) + step)
        for at, name, labels, columns, kinds, units in document.get("s", ()):
            self._declare(at, Shape(name, *map(tuple, (labels, columns, kinds, units))))
        self._read = document.get("r", self._read)
        said = document.get("t", {})
        for at in self._read:
            state = self._states[at]
            state.readings.append(sample)
            entry = said.get(str(at))
            if entry:
                state.add(entry)
            if state.behind:
                state.catch_up()
        if "p" in document:
            if self._tasks is None:
                self._tasks = TaskState()
            self._tasks.add(sample, document["p"])
            self.block.tasks = self._tasks.tasks
        self.samples += 1

    def resume(self, document: Document) -> None:
        """The sample of a checkpoint: what came before it since the last sample is lost."""
        sample = self.samples
        for name, value in document["k"].items():
            self.block.clocks.setdefault(name, [0] * sample).append(value)
        for at, name, labels, columns, kinds, units, *told in document["t"]:
            shape = Shape(name, *map(tuple, (labels, columns, kinds, units)))
            if at >= len(self._states) or self._states[at].table.shape != shape:
                self._declare(at, shape)
            self._states[at].resume(*told)
        self._read = document["r"]
        for at in self._read:
            self._states[at].readings.append(sample)
            self._states[at].catch_up()
        if document["p"] is not None:
            if self._tasks is None:
                self._tasks = TaskState()
            self._tasks.resume(sample, document["p"])
            self.block.tasks = self._tasks.tasks
        self.samples += 1

    def _declare(self, at: int, shape: Shape) -> None:
        state = _State(shape)
        if at < len(self._states):
            # It was known by a gap only, or had no rows.
            state.readings, state.table.said = self._states[at].readings, self._states[at].table.said
            state.table.readings = state.readings
            self._states[at] = state
        else:
            self._states.append(state)
        self.block.tables[shape.table] = state.table

    def finish(self) -> Block:
        """The block of what was added so far; nothing can be added afterwards."""
        for state in self._states:
            for cells in state.table.cells.values():
                for cell in cells:
                    cell.end(len(state.readings))
        return self.block


class _State:
    """One table and the stored values of its cells now."""

    __slots__ = ("behind", "codes", "now", "readings", "table", "there")

    def __init__(self, shape: Shape) -> None:
        self.table = Table(shape)
        self.readings: list[int] = []
        self.table.readings = self.readings
        self.codes = [PLAIN] * len(shape.columns)
        self.now: list[list[Coded]] = []
        self.behind = False
        """Whether ``now`` is of a checkpoint, and not in the readings yet."""
        self.there: Said | None = None
        """What was there last."""

    def add(self, entry: Document) -> None:
        """What a document says of this table at its last reading."""
        table, reading = self.table, len(self.readings) - 1
        columns = table.shape.columns
        for column, code in entry.get("c", ()):
            self.codes[column] = code
            for cell in table.cells[columns[column]]:
                cell.code = code  # so far None
        for labels, coded in entry.get("n", ()):
            table.rows.append(tuple(labels))
            self.now.append(coded)
            for name, code, value in zip(columns, self.codes, coded, strict=True):
                table.cells[name].append(Cell(code, value))
        width = len(columns)
        for place, step in zip(entry.get("i", ()), entry.get("d", ()), strict=True):
            row, column = divmod(place, width)
            was = self.now[row][column]
            new = was + step if type(step) is int and type(was) is int else step
            self.now[row][column] = new
            table.cells[columns[column]][row].put(reading, new)
        if "g" in entry:
            kind, source, detail = entry["g"]
            self.there = Gap(kind, source, detail)
            table.said.append((reading, self.there))
        elif "o" in entry:
            self.there = entry["o"]
            table.said.append((reading, entry["o"]))

    def resume(
        self,
        codes: Sequence[int | None],
        rows: Sequence[tuple[Sequence[Any], list[Coded]]],
        order: list[int] | None,
        gap: Sequence[str] | None,
    ) -> None:
        """What a checkpoint says: the values are those of the next reading."""
        columns = self.table.shape.columns
        for column, code in enumerate(codes):
            self.codes[column] = PLAIN if code is None else code
            for cell in self.table.cells[columns[column]]:
                cell.code = self.codes[column]
        for row, (labels, coded) in enumerate(rows):
            if row < len(self.now):
                self.now[row] = coded
                continue
            self.table.rows.append(tuple(labels))
            self.now.append(coded)
            for name, code, value in zip(columns, self.codes, coded, strict=True):
                self.table.cells[name].append(Cell(code, value))
        if gap is not None:
            kind, source, detail = gap
            self.there = Gap(kind, source, detail)  # type: ignore[arg-type]
        elif order is not None:
            self.there = order
        self.behind = True

    def catch_up(self) -> None:
        """At the last reading everything is as the checkpoint, and what came after it, said."""
        table, reading = self.table, len(self.readings) - 1
        for column, name in enumerate(table.shape.columns):
            for cell, coded in zip(table.cells[name], (row[column] for row in self.now), strict=True):
                last = cell.first if cell.values is None else cell.values[-1]
                if last != coded or type(last) is not type(coded):
                    cell.put(reading, coded)
        if self.there is not None and (not table.said or table.said[-1][1] != self.there):
            table.said.append((reading, self.there))
        self.behind = False
