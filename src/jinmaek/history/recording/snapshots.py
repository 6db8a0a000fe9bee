"""A sample of a recording as the snapshot it was taken from."""

from __future__ import annotations

from dataclasses import fields

from jinmaek.history.recording.block import Block
from jinmaek.history.recording.encode import WAITING
from jinmaek.history.recording.numbers import NANO, decode
from jinmaek.history.recording.shapes import Rows
from jinmaek.model import Gap
from jinmaek.sampling import COUNTED, Snapshot
from jinmaek.tasks.table import Scan, TaskTable, Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinmaek.history.recording.block import Table, Tasks


DAMAGED = "damaged in the recording"
NEEDED = frozenset(one.name for one in fields(TaskTable) if "None" not in str(one.type))
"""Columns of tasks that every way of reading gives: without one of them there is no table."""


class Sampled:
    """Snapshots of one block. Rows that have not changed are the same objects in the next snapshot."""

    __slots__ = ("_block", "_damaged", "_made", "_tasks")

    def __init__(self, block: Block, some: frozenset[str] | None = None) -> None:
        """``some`` are the columns of tasks that are wanted, where not all are."""
        self._block = block
        self._made: dict[str, Made] = {}
        self._tasks = None if block.tasks is None else _Processes(block.tasks, some)
        needed = NEEDED if some is None else NEEDED & some
        self._damaged = block.tasks is not None and not needed.isdisjoint(block.tasks.lost)

    def at(self, sample: int, *, carried: bool = False) -> Snapshot:
        """The snapshot of a sample, counted from 0.

        Tables that were not read at it are left out, or as they were last read in this block if ``carried``.
        What each table had cost is not recorded: ``cost`` is empty; that of the scan is in whole
        microseconds.
        """
        tables: dict[str, tuple[object, ...]] = {}
        gaps = {name: Gap("malformed", name, DAMAGED) for name in self._block.lost if name != WAITING}
        if self._damaged:
            gaps["tasks"] = Gap("malformed", "tasks", DAMAGED)
        for name, table in self._block.tables.items():
            reading = table.reading(sample)
            if reading is None or name == WAITING or not (carried or table.readings[reading] == sample):
                continue
            there = table.there(reading)
            if isinstance(there, Gap):
                gaps[name] = there
            elif len(table.cells) < len(table.shape.columns):
                # Half a row would pass for one whose fields this kernel lacks.
                gaps[name] = Gap("malformed", name, DAMAGED)
            else:
                made = self._made.get(name)
                if made is None:
                    made = self._made[name] = Made(table)
                tables[name] = made.rows(reading, there)
        clocks = self._block.clocks
        return Snapshot(
            boot_id=self._block.meta["boot"],
            wall=clocks["wall"][sample] / 1_000_000_000,
            monotonic=clocks["boottime"][sample] / 1_000_000_000,
            tables=tables,
            tasks=self._scan(sample, tables),
            gaps=gaps,
        )

    def _scan(self, sample: int, tables: dict[str, tuple[object, ...]]) -> Scan | None:
        if self._tasks is None or self._block.tasks is None or self._damaged:
            return None
        waiting = self._block.tables.get(WAITING)
        scan = self._block.tasks.scan(sample)
        if scan is None:
            return None
        reading = None if waiting is None else waiting.reading(sample)
        there = () if reading is None or waiting is None else waiting.there(reading)
        way, gaps = self._block.tasks.way(scan)
        return Scan(
            way=way,
            time=decode(self._block.tasks.times[scan], NANO),  # type: ignore[arg-type]
            processes=self._tasks.table(scan),
            waiting=tuple(Waiting(*waiting.rows[row]) for row in there)
            if waiting is not None and not isinstance(there, Gap)
            else (),
            tables={name: tables[name] for name in COUNTED if name in tables},
            gaps=gaps,
            cpu_s=self._block.tasks.costs[scan] / 1_000_000,
        )


class Made:
    """Rows of one table, made anew only where a value is another."""

    __slots__ = ("_last", "_make", "_table")

    def __init__(self, table: Table) -> None:
        self._table = table
        self._make = Rows(table.shape)
        self._last: dict[int, tuple[tuple[object, ...], object]] = {}

    def rows(self, reading: int, there: Sequence[int]) -> tuple[object, ...]:
        columns = list(self._table.cells.values())
        found = []
        for row in there:
            values = tuple([cells[row].at(reading) for cells in columns])
            last = self._last.get(row)
            if last is None or last[0] != values:
                last = self._last[row] = values, self._make.make((*self._table.rows[row], *values))
            found.append(last[1])
        return tuple(found)


class _Processes:
    """Task tables of one block, each made by going on from the one before where it is later."""

    __slots__ = ("_columns", "_done", "_numbers", "_scan", "_tasks")

    def __init__(self, tasks: Tasks, some: frozenset[str] | None) -> None:
        self._columns = [name for name in tasks.columns if some is None or name in some]
        self._tasks = tasks
        self._start()

    def _start(self) -> None:
        self._scan = -1
        self._numbers = {name: list(self._tasks.first[name]) for name in self._columns}
        self._done = dict.fromkeys(self._columns, 0)

    def table(self, scan: int) -> TaskTable:
        """The table of one scan, by pid."""
        if scan < self._scan:
            self._start()
        tasks = self._tasks
        for name, numbers in self._numbers.items():
            begin = self._done[name]
            end = self._done[name] = begin + sum(tasks.counts[name][self._scan + 1 : scan + 1])
            for row, step in zip(tasks.rows[name][begin:end], tasks.steps[name][begin:end], strict=True):
                numbers[row] += step
        self._scan = scan
        alive = tasks.alive(scan)
        if "pid" in self._numbers:
            alive.sort(key=self._numbers["pid"].__getitem__)
        columns = {
            name: tasks.values(name, [numbers[row] for row in alive], alive, scan)
            for name, numbers in self._numbers.items()
        }
        return TaskTable(**columns)  # type: ignore[arg-type]
