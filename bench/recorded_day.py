"""A day of a recording out of a few real minutes: what queries are timed on.

    python bench/recorded_day.py FROM TO [HOURS]

The largest block of the recording FROM is written again and again to TO, each time with later clocks, with
its counters gone on as they did in it, and with what moves in it moved a little: no two blocks are the
same.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from jinmaek.history.recording import folder as files
from jinmaek.history.recording.block import TEXTS, Block, Cell, Table, Tasks, closed, opened
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.seal import sealed
from jinmaek.history.recording.writer import SPAN

GROWING = ("utime", "stime", "minflt", "majflt", "run_time", "run_delay", "read_bytes", "write_bytes")
"""Columns of tasks that only grow."""
NS = 1_000_000_000


def largest(path: str) -> Block:
    with Recording(path) as recording:
        entry = max(recording.entries, key=lambda one: len(recording.clocks(one).get("wall", ())))
        block = recording.whole(entry)
        assert block is not None
        return block


def days(block: Block, hours: float) -> Iterator[tuple[float, bytes]]:
    """Sealed blocks and when each begins."""
    chance = random.Random(1)
    wall = block.clocks["wall"]
    span = round(SPAN * NS)
    count = round(hours * 3600 / SPAN)
    grown = {name: _grown(table) for name, table in block.tables.items()}
    shift = span - wall[0] % span
    clocks = {name: list(numbers) for name, numbers in block.clocks.items()}
    times: list[Any] = list(block.tasks.times) if block.tasks else []
    for number in range(count):
        by = shift + number * span
        block.number = number
        block.meta = {**block.meta, "began": (wall[0] + by) / NS, "why": "full block"}
        block.end = {"why": "full block"}
        for name in ("wall", "boottime", "monotonic"):
            block.clocks[name] = [one + by for one in clocks[name]]
        if number:
            for name, table in block.tables.items():
                _move(table, grown[name], chance)
            if block.tasks is not None:
                _move_tasks(block.tasks, chance)
        if block.tasks is not None:
            block.tasks.times = [int(one) + by for one in times]
        yield (wall[0] + by) / NS, sealed(block)


def _grown(table: Table) -> Mapping[tuple[str, int], int]:
    """By how much each counter grew in the block."""
    kinds = dict(zip(table.shape.columns, table.shape.kinds, strict=True))
    found = {}
    for name, cells in table.cells.items():
        for row, cell in enumerate(cells):
            values = _whole(cell)
            if kinds[name] == "counter" and values:
                found[name, row] = values[-1] - values[0]
    return found


def _whole(cell: Cell) -> list[int]:
    """The stored numbers of a series; empty where they do not change, or are no whole numbers."""
    values: Any = cell.values
    return list(values) if values is not None and all(type(one) is int for one in values) else []


def _put(cell: Cell, values: list[int]) -> None:
    cell.values, cell.first = values, values[0]


def _move(table: Table, grown: Mapping[tuple[str, int], int], chance: random.Random) -> None:
    for name, cells in table.cells.items():
        for row, cell in enumerate(cells):
            values = _whole(cell)
            if not values:
                continue
            by = grown.get((name, row))
            if by is not None:
                step = by + chance.randrange(-abs(by) // 50 - 1, abs(by) // 50 + 1) if by else 0
                _put(cell, [one + max(0, step) for one in values])
                continue
            spread = max(values) - min(values)
            if spread > 8:
                step = chance.randrange(-spread // 50 - 1, spread // 50 + 1)
                if min(values) + step >= 0:
                    _put(cell, [one + step for one in values])


def _move_tasks(tasks: Tasks, chance: random.Random) -> None:
    for name in tasks.columns:
        if name in TEXTS or name not in GROWING:
            continue
        moved: dict[int, int] = {}
        for row, step in zip(tasks.rows[name], tasks.steps[name], strict=True):
            moved[row] = moved.get(row, 0) + step
        for row, by in moved.items():
            first = opened(tasks.first[name][row])
            if first is not None and by > 0:
                tasks.first[name][row] = closed(first + by + chance.randrange(by // 50 + 1))


def write(source: str, target: str, hours: float) -> None:
    block = largest(source)
    file = files.lock(target)
    size = 0
    for began, frame in days(block, hours):
        files.append_block(target, frame, began, None)
        size += len(frame)
    print(f"{hours:g} h, {size / (hours * 3600):.0f} bytes a second, closed {file}")


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 24.0)
