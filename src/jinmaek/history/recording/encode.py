"""One sample as what has changed since the sample before: a document of JSON, small where little happened.

The first sample of a stream tells everything. ``decode`` is the other half; docs/recording-format.md has
the keys.
"""

from __future__ import annotations

from jinmaek.history.recording.numbers import FINEST, PLAIN, code_for, encode
from jinmaek.history.recording.shapes import getter, shape_of
from jinmaek.history.recording.task_changes import TaskEncoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import Any

    from jinmaek.history.recording.numbers import Coded, Value
    from jinmaek.model import Gap
    from jinmaek.sampling import Snapshot
    from jinmaek.tasks.table import Waiting

    Document = dict[str, Any]

WAITING = "task_waiting"
"""Threads in uninterruptible sleep, kept as a table without columns: no reader has this name."""
WAITING_LABELS = ("pid", "tgid", "start_time", "comm", "wchan")


class Encoder:
    """Samples of one stream, each against the one before."""

    __slots__ = ("_clocks", "_numbers", "_read", "_tables", "_tasks", "changed")

    def __init__(self) -> None:
        self.changed: set[str] = set()
        """The tables that told anything new in the last sample."""
        self._tables: dict[str, _Table] = {}
        self._numbers: dict[str, int] = {}
        self._read: list[int] = []
        self._clocks: Mapping[str, int] = {}
        self._tasks = TaskEncoder()

    def sample(self, snapshot: Snapshot, clocks: Mapping[str, int]) -> Document:
        """What one snapshot says that the one before did not. ``clocks`` are whole numbers of any meaning."""
        document: Document = {
            "k": {name: value - self._clocks.get(name, 0) for name, value in clocks.items()}
        }
        self._clocks = clocks
        said: Document = {}
        shapes: list[Any] = []
        read = []
        for name, rows in snapshot.tables.items():
            read.append(self._table(name, rows, said, shapes))
        for name, gap in snapshot.gaps.items():
            read.append(self._gap(name, gap, said, shapes))
        if snapshot.tasks is not None:
            read.append(self._waiting(snapshot.tasks.waiting, said, shapes))
            document["p"] = self._tasks.scan(snapshot.tasks)
        if shapes:
            document["s"] = shapes
        if read != self._read:
            document["r"] = self._read = read
        if said:
            document["t"] = said
        self.changed = {name for name, number in self._numbers.items() if str(number) in said}
        return document

    def checkpoint(self) -> Document:
        """All that the samples so far come to: from here on the next can be read without them."""
        return {
            "k": dict(self._clocks),
            "r": self._read,
            "t": [[self._numbers[name], *table.checkpoint()] for name, table in self._tables.items()],
            "p": self._tasks.checkpoint(),
        }

    def _table(self, name: str, rows: Sequence[object], said: Document, shapes: list[Any]) -> int:
        number = self._numbers.get(name)
        table = self._tables.get(name)
        if (table is None or not table.known) and rows:
            number = self._declare(name, shape_of(name, type(rows[0])), shapes)
            table = self._tables[name]
        elif number is None or table is None:
            number = self._declare(name, None, shapes)
            table = self._tables[name]
        entry = table.rows(rows)
        if entry:
            said[str(number)] = entry
        return number

    def _gap(self, name: str, gap: Gap, said: Document, shapes: list[Any]) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._declare(name, None, shapes)
        entry = self._tables[name].gap(gap)
        if entry:
            said[str(number)] = entry
        return number

    def _waiting(self, waiting: Sequence[Waiting], said: Document, shapes: list[Any]) -> int:
        number = self._numbers.get(WAITING)
        if number is None:
            number = self._declare(WAITING, (WAITING, WAITING_LABELS, (), (), ()), shapes)
        entry = self._tables[WAITING].rows(waiting)
        if entry:
            said[str(number)] = entry
        return number

    def _declare(self, name: str, shape: Sequence[Any] | None, shapes: list[Any]) -> int:
        """A table by a number; one of which only a gap is known has no shape yet."""
        number = self._numbers.setdefault(name, len(self._numbers))
        whole = tuple(shape or (name, (), (), (), ()))
        self._tables[name] = _Table(whole, known=shape is not None)
        shapes.append([number, *whole])
        return number


class _Table:
    """What a table said last: rows by their labels, and the stored number of each cell."""

    __slots__ = (
        "_coded",
        "_codes",
        "_columns",
        "_gap",
        "_labels",
        "_numbers",
        "_order",
        "_shape",
        "_values",
        "known",
    )

    def __init__(self, shape: tuple[Any, ...], *, known: bool) -> None:
        _, labels, columns, _, _ = self._shape = shape
        self.known = known
        self._labels = getter(labels)
        self._columns = getter(columns)
        self._codes: list[int | None] = [None] * len(columns)
        self._numbers: dict[Hashable, int] = {}
        self._values: list[tuple[Value, ...]] = []
        self._coded: list[list[Coded]] = []
        self._order: list[int] | None = None
        self._gap: Gap | None = None

    def checkpoint(self) -> list[Any]:
        """Its shape, codes, every row so far with its last values, and which are there, or the gap."""
        # Of two rows with the same labels the second has a number beside them.
        labels = [key[0] if key and isinstance(key[0], tuple) else key for key in self._numbers]  # type: ignore[index]
        gap = None if self._gap is None else [self._gap.kind, self._gap.source, self._gap.detail]
        return [*self._shape, self._codes, list(zip(labels, self._coded, strict=True)), self._order, gap]

    def gap(self, gap: Gap) -> Document:
        """Not read this time, and why; empty where that is known."""
        if gap == self._gap:
            return {}
        self._gap, self._order = gap, None
        return {"g": [gap.kind, gap.source, gap.detail]}

    def rows(self, rows: Sequence[object]) -> Document:
        """What is new; empty where nothing is."""
        entry: Document = {}
        places: list[int] = []
        changes: list[Coded] = []
        new: list[list[Any]] = []
        order: list[int] = []
        width = len(self._codes)
        there: set[Hashable] = set()
        for row in rows:
            labels = self._labels(row)
            values = self._columns(row)
            key: Hashable = labels
            if labels in there:  # twice the same, as of a folder mounted over itself
                key = (labels, sum(one[: len(labels)] == labels for one in there if isinstance(one, tuple)))
            there.add(key)
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = len(self._values)
                self._settle(rows, values, entry)
                coded = self._encode(values)
                new.append([list(labels), coded])
                self._values.append(values)
                self._coded.append(coded)
            elif values != self._values[number]:
                self._settle(rows, values, entry)
                self._changes(number, number * width, values, places, changes)
            order.append(number)
        if new:
            entry["n"] = new
        if order != self._order:
            entry["o"] = self._order = order
            self._gap = None
        if places:
            entry["i"] = places
            entry["d"] = changes
        return entry

    def _changes(
        self, number: int, first: int, values: tuple[Value, ...], places: list[int], changes: list[Coded]
    ) -> None:
        before, coded = self._values[number], self._coded[number]
        self._values[number] = values
        at = first - 1
        for value, earlier in zip(values, before, strict=True):
            at += 1
            if value == earlier:
                continue
            place = at - first
            now = encode(value, self._codes[place] or PLAIN)
            was = coded[place]
            coded[place] = now
            places.append(at)
            changes.append(now - was if type(now) is int and type(was) is int else now)

    def _encode(self, values: tuple[Value, ...]) -> list[Coded]:
        return [encode(value, code or PLAIN) for value, code in zip(values, self._codes, strict=True)]

    def _settle(self, rows: Sequence[object], values: tuple[Value, ...], entry: Document) -> None:
        """Choose the codes of columns that have a value for the first time."""
        if None not in self._codes:
            return
        for place, value in enumerate(values):
            if self._codes[place] is None and value is not None:
                column = [self._columns(row)[place] for row in rows]
                code = self._codes[place] = code_for(column, FINEST)
                entry.setdefault("c", []).append([place, code])
