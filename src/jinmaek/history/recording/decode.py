"""Documents of a stream back into a block: the other half of ``encode``."""

from __future__ import annotations

from jinmaek.history.recording.block import TEXTS, Block, Cell, Table, Tasks, closed
from jinmaek.history.recording.numbers import PLAIN, code_for, decode, number, wrapped
from jinmaek.history.recording.shapes import Shape
from jinmaek.model import Gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from jinmaek.history.recording.numbers import Coded, Value

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
        self._tasks: _TaskState | None = None

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
        if "p" in document:
            if self._tasks is None:
                self._tasks = _TaskState()
            self._tasks.add(sample, document["p"])
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

    __slots__ = ("codes", "now", "readings", "table")

    def __init__(self, shape: Shape) -> None:
        self.table = Table(shape)
        self.readings: list[int] = []
        self.table.readings = self.readings
        self.codes = [PLAIN] * len(shape.columns)
        self.now: list[list[Coded]] = []

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
            table.said.append((reading, Gap(kind, source, detail)))
        elif "o" in entry:
            table.said.append((reading, entry["o"]))


class _TaskState:
    """The task table and the stored values of the living now."""

    __slots__ = ("now", "others", "places", "tasks")

    def __init__(self) -> None:
        self.tasks = Tasks()
        self.others: dict[tuple[int, int], int] = {}
        """Codes of single cells, by column and row, for which the column's does not do."""
        self.now: list[list[Coded]] = []
        """By column and row."""
        self.places: dict[str, int] = {}
        """Of texts in ``strings``."""

    def add(self, sample: int, document: Document) -> None:
        """What a document says of a scan."""
        if "h" in document:
            columns, codes = document["h"]
            kept, self.tasks = self.tasks, Tasks(columns, codes)
            for name in ("samples", "times", "costs", "said"):
                setattr(self.tasks, name, getattr(kept, name))
            self.now = [[] for _ in columns]
            for counts in self.tasks.counts.values():
                counts.extend([0] * len(kept.samples))
        tasks, scan = self.tasks, len(self.tasks.samples)
        tasks.samples.append(sample)
        tasks.times.append(document["t"])
        tasks.costs.append(document["c"])
        if "w" in document:
            gaps = {name: Gap(*gap) for name, gap in document["g"].items()}
            tasks.said.append((scan, document["w"], gaps))
        for row in document.get("x", ()):
            tasks.died[row] = scan
        changes = document.get("u", {})
        for column, name in enumerate(tasks.columns):
            changed = changes.get(str(column))
            tasks.counts[name].append(0)
            if changed:
                self._change(scan, column, *changed)
        if "b" in document:
            self._born(scan, document["b"])

    def _born(self, scan: int, told: Sequence[Sequence[Coded]]) -> None:
        tasks = self.tasks
        first = len(tasks.born)
        count = len(told[0]) if told else 0
        tasks.born.extend([scan] * count)
        tasks.died.extend([None] * count)
        for column, (name, values) in enumerate(zip(tasks.columns, told, strict=True)):
            self.now[column].extend(values)
            for row, coded in enumerate(values, first):
                tasks.first[name].append(self._stored(column, row, coded, scan))

    def _change(self, scan: int, column: int, rows: Sequence[int], steps: Sequence[Coded]) -> None:
        tasks, now = self.tasks, self.now[column]
        name = tasks.columns[column]
        told, by = tasks.rows[name], tasks.steps[name]
        for row, step in zip(rows, steps, strict=True):
            was = now[row]
            new = was + step if type(step) is int and type(was) is int else step
            now[row] = new
            before = self._stored(column, row, was, scan)
            after = self._stored(column, row, new, scan)
            told.append(row)  # type: ignore[attr-defined]
            by.append(wrapped(after - before))  # type: ignore[attr-defined]
        tasks.counts[name][scan] += len(rows)

    def _stored(self, column: int, row: int, coded: Coded, scan: int) -> int:
        """The number that is kept of a value."""
        tasks = self.tasks
        if tasks.columns[column] in TEXTS:
            place = self.places.setdefault(str(coded), len(self.places))
            if place == len(tasks.strings):
                tasks.strings.append(str(coded))
            return place
        if coded is None or (type(coded) is int and (column, row) not in self.others):
            return closed(coded)
        value = decode(coded, tasks.codes[column])
        code = self.others.get((column, row), tasks.codes[column])
        whole = _whole(value, code)
        if whole is None:
            code = self.others[column, row] = code_for([value])
            tasks.exceptions.append((tasks.columns[column], row, scan, code))
            whole = _whole(value, code)
        return closed(whole)


def _whole(value: Value, code: int) -> int | None:
    if isinstance(value, int):
        return value if code == PLAIN else None
    return number(value, code) if isinstance(value, float) and code != PLAIN else None
