"""A few minutes of a recording in memory, by columns: what a stream is made into, and what a block on disk
is.

Samples are counted from 0 within a block, readings of a table from 0 within the table: not every table is
read at every sample.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from jinmaek.history.recording.numbers import LARGEST, PLAIN, decode, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from jinmaek.history.recording.numbers import Coded, Value
    from jinmaek.history.recording.shapes import Shape
    from jinmaek.model import Gap

    Changes = tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int]]
    """Of a column of tasks: the number of each row at its birth, how many changed in each scan, who, by how
    much."""
    Said = Sequence[int] | Gap
    """The rows of a table that were there, in their order; or why it could not be read."""

NONE = -1
"""None among stored numbers of tasks: those below 0 are moved one down."""


class Cell:
    """One column of one row: the stored value of each reading, or one for all. Meaningless where the row was
    not there."""

    __slots__ = ("code", "first", "values")

    def __init__(
        self, code: int, first: Coded, values: Sequence[int] | Sequence[Coded] | None = None
    ) -> None:
        self.code = code
        self.first = first
        self.values = values

    def at(self, reading: int) -> Value:
        """The value at a reading."""
        return decode(self.first if self.values is None else self.values[reading], self.code)

    def put(self, reading: int, coded: Coded) -> None:
        """Another value from this reading on, the last so far."""
        values = self.values
        if values is None:
            if not reading:
                self.first = coded
                return
            values = self._start(reading, coded)
        if isinstance(values, array) and type(coded) is int and -LARGEST <= coded < LARGEST:
            values.extend([values[-1]] * (reading - len(values)))
            values.append(coded)
        else:
            mixed: list[Coded] = [*values]
            mixed.extend([mixed[-1]] * (reading - len(mixed)))
            mixed.append(coded)
            values = mixed
        self.values = values

    def _start(self, reading: int, coded: Coded) -> Sequence[int] | Sequence[Coded]:
        first = self.first
        if isinstance(first, int) and isinstance(coded, int) and -LARGEST <= first < LARGEST:
            return array("q", [first]) * reading
        return [first] * reading

    def end(self, readings: int) -> None:
        """All values up to the last reading of the block are there."""
        if self.values is not None and len(self.values) < readings:
            rest: list[Any] = [self.values[-1]] * (readings - len(self.values))
            if isinstance(self.values, array):
                self.values.extend(rest)
            else:
                self.values = [*self.values, *rest]


class Table:
    """One table. ``cells`` are by column and row; of a block on disk only of columns that were asked for."""

    __slots__ = ("cells", "readings", "rows", "said", "shape")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.rows: list[tuple[Any, ...]] = []
        """Values of the labels by row number."""
        self.readings: Sequence[int] = []
        """The samples at which it was read."""
        self.said: list[tuple[int, Said]] = []
        """From which reading on what was there; the first is of reading 0."""
        self.cells: dict[str, list[Cell]] = {name: [] for name in shape.columns}

    def reading(self, sample: int) -> int | None:
        """The last reading at or before a sample."""
        at = bisect_right(self.readings, sample) - 1
        return None if at < 0 else at

    def there(self, reading: int) -> Said:
        """What was there at a reading."""
        return self.said[bisect_right(self.said, reading, key=lambda one: one[0]) - 1][1]


class Tasks:
    """The processes of all scans. A row is a process from its birth, or the first scan, to its end."""

    __slots__ = ("born", "codes", "columns", "costs", "counts", "died", "exceptions", "first", "lost", "rows",
                 "said", "samples", "steps", "strings", "times")  # fmt: skip

    def __init__(self, columns: Sequence[str] = (), codes: Sequence[int] = ()) -> None:
        self.columns = list(columns)
        self.codes = list(codes)
        self.lost: tuple[str, ...] = ()
        """Columns that were recorded and cannot be read."""
        self.samples: list[int] = []
        """The samples that had a scan; all else counts scans from 0."""
        self.times: list[Coded] = []
        """When each scan began: nanoseconds since boot."""
        self.costs: list[int] = []
        """The CPU time of each in microseconds."""
        self.said: list[tuple[int, str, Mapping[str, Gap]]] = []
        """From which scan on: the way tasks are read, and the gaps."""
        self.born: list[int] = []
        self.died: list[int | None] = []
        """By row: the first scan it is in, and the first it is not in any more."""
        self.first: dict[str, list[int]] = {name: [] for name in columns}
        """By column and row: the stored number at its birth; of texts their place in ``strings``."""
        self.counts: dict[str, list[int]] = {name: [] for name in columns}
        self.rows: dict[str, Sequence[int]] = {name: array("I") for name in columns}
        self.steps: dict[str, Sequence[int]] = {name: array("q") for name in columns}
        """By column: how many rows changed in each scan, which, and by how much."""
        self.strings: list[str] = []
        self.exceptions: list[tuple[str, int, int, int]] = []
        """Column, row, the scan from which on, and the code for which the column's does not do."""

    def scan(self, sample: int) -> int | None:
        """The scan of a sample."""
        at = bisect_left(self.samples, sample)
        return at if at < len(self.samples) and self.samples[at] == sample else None

    def way(self, scan: int) -> tuple[str, Mapping[str, Gap]]:
        """How tasks were read in a scan, and what could not be."""
        return self.said[bisect_right(self.said, scan, key=lambda one: one[0]) - 1][1:]

    def changes(self, column: str) -> Changes:
        return self.first[column], self.counts[column], self.rows[column], self.steps[column]

    def alive(self, scan: int) -> list[int]:
        """The rows that are in a scan, by number."""
        return [
            row
            for row, (born, died) in enumerate(zip(self.born, self.died, strict=True))
            if born <= scan and (died is None or scan < died)
        ]

    def values(self, column: str, numbers: Sequence[int], rows: Sequence[int], scan: int) -> list[Value]:
        """What the stored numbers of these rows stand for at a scan."""
        if column in TEXTS:
            return [self.strings[number] for number in numbers]
        code = self.codes[self.columns.index(column)]
        found: list[Value]
        if code == PLAIN and numbers and min(numbers) >= -LARGEST and max(numbers) < LARGEST:
            found = [n if n >= 0 else None if n == NONE else n + 1 for n in numbers]
        else:
            found = [_value(number, code) for number in numbers]
        for name, row, since, other in self.exceptions:
            if name == column and since <= scan and row in rows:
                at = rows.index(row)
                found[at] = _value(numbers[at], other)
        return found


def _value(number: int, code: int) -> Value:
    whole = opened(wrapped(number))
    return None if whole is None else decode(whole, code)


TEXTS = frozenset({"comm", "state"})


def closed(number: int | None) -> int:
    """A number or None as a number."""
    return NONE if number is None else number if number >= 0 else number - 1


def opened(number: int) -> int | None:
    """What ``closed`` made a number of."""
    return number if number >= 0 else None if number == NONE else number + 1


class Block:
    """Samples of one boot without a change of what is recorded."""

    __slots__ = ("clocks", "end", "lost", "meta", "number", "tables", "tasks")

    def __init__(self, number: int, meta: Mapping[str, Any]) -> None:
        self.number = number
        self.meta = meta
        self.clocks: dict[str, list[int]] = {}
        """By name: nanoseconds or counts of each sample."""
        self.tables: dict[str, Table] = {}
        self.tasks: Tasks | None = None
        self.lost: tuple[str, ...] = ()
        """Tables that were recorded and cannot be read."""
        self.end: Mapping[str, Any] | None = None
        """Why it ended; None if its recorder did not come to say."""

    @property
    def samples(self) -> int:
        return len(self.clocks.get("wall", ()))
