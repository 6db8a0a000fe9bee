"""The processes of a stream's documents back into a block: the other half of ``task_changes``."""

from __future__ import annotations

from jinmaek.history.recording.block import TEXTS, Tasks, closed
from jinmaek.history.recording.numbers import PLAIN, code_for, decode, number, wrapped
from jinmaek.model import Gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from jinmaek.history.recording.numbers import Coded, Value

    Document = Mapping[str, Any]


class TaskState:
    """The task table and the stored values of the living now."""

    __slots__ = ("next", "now", "others", "ours", "places", "tasks")

    def __init__(self) -> None:
        self.tasks = Tasks()
        self.others: dict[tuple[int, int], int] = {}
        """Codes of single cells, by column and row, for which the column's does not do."""
        self.now: list[list[Coded]] = []
        """By column and row."""
        self.places: dict[str, int] = {}
        """Of texts in ``strings``."""
        self.next = 0
        """The number the encoder gives to the next process."""
        self.ours: dict[int, int] = {}
        """Its numbers and ours, where those differ: who was born and ended in what is lost has none here."""

    def add(self, sample: int, document: Document) -> None:
        """What a document says of a scan."""
        if "h" in document:
            columns, codes = document["h"]
            kept, self.tasks = self.tasks, Tasks(columns, codes)
            for name in ("samples", "times", "costs", "said"):
                setattr(self.tasks, name, getattr(kept, name))
            self.now = [[] for _ in columns]
            self.ours, self.next = {}, 0
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
            tasks.died[self.ours.get(row, row)] = scan
        changes = document.get("u", {})
        for column, name in enumerate(tasks.columns):
            changed = changes.get(str(column))
            tasks.counts[name].append(0)
            if changed:
                rows, steps = changed
                ours = [self.ours.get(row, row) for row in rows] if self.ours else rows
                self._change(scan, column, ours, steps)
        if "b" in document:
            self._born(scan, document["b"])

    def resume(self, sample: int, document: Document) -> None:
        """The scan of a checkpoint: who came and went since the last one is not known."""
        columns, codes = document["h"]
        alive: dict[int, int] = {row: place for place, row in enumerate(document["a"])}
        told: Sequence[Sequence[Coded]] = document["v"]
        scan: Document = {"t": document["t"], "c": document["c"]}
        way, gaps = document["w"]
        said = self.tasks.said
        known = (
            None
            if not said
            else (said[-1][1], {n: [g.kind, g.source, g.detail] for n, g in said[-1][2].items()})
        )
        if known != (way, gaps):
            scan = {**scan, "w": way, "g": gaps}
        if columns != self.tasks.columns or codes != self.tasks.codes:
            scan = {**scan, "h": document["h"]}
        self.add(sample, scan)
        tasks, at = self.tasks, len(self.tasks.samples) - 1
        kept = [row for row in alive if row < self.next]
        there = {self.ours.get(row, row) for row in kept}
        for row, died in enumerate(tasks.died):
            if died is None and row not in there:
                tasks.died[row] = at
        for column, values in enumerate(told):
            now = self.now[column]
            pairs = [(self.ours.get(row, row), values[alive[row]]) for row in kept]
            moved = [(row, new) for row, new in pairs if now[row] != new or type(now[row]) is not type(new)]
            if moved:
                rows = [row for row, _ in moved]
                self._change(at, column, rows, [_step(now[row], new) for row, new in moved])
        born = [row for row in alive if row >= self.next]
        self.ours.update(zip(born, range(len(tasks.born), len(tasks.born) + len(born)), strict=True))
        self._append(at, [[values[alive[row]] for row in born] for values in told])
        self.next = document["n"]

    def _born(self, scan: int, told: Sequence[Sequence[Coded]]) -> None:
        first, count = len(self.tasks.born), len(told[0]) if told else 0
        if first != self.next:
            self.ours.update(
                zip(range(self.next, self.next + count), range(first, first + count), strict=True)
            )
        self.next += count
        self._append(scan, told)

    def _append(self, scan: int, told: Sequence[Sequence[Coded]]) -> None:
        """New rows behind the others."""
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


def _step(was: Coded, now: Coded) -> Coded:
    """A value as a change tells it: by its difference where both are whole."""
    return now - was if type(now) is int and type(was) is int else now
