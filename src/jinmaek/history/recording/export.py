"""Recordings for other programs: a table as CSV, or everything as OpenMetrics with its times."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jinmaek.catalog import Ref
from jinmaek.history.recording.block import Table
from jinmaek.history.recording.boots import pasts
from jinmaek.history.recording.encode import WAITING
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.sealed import Sealed
from jinmaek.history.recording.shapes import ref_of
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.history.recording.task_changes import COLUMNS
from jinmaek.model import Gap

TASKS = "tasks"
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series."""

    labels: tuple[tuple[str, str], ...]
    value: float
    wall: float


def names(recording: Recording) -> list[str]:
    """The tables there are in a recording."""
    found: dict[str, None] = {}
    for entry in recording.entries:
        block = recording.open(entry)
        if isinstance(block, Sealed):
            found.update(dict.fromkeys(block.names))
        elif block is not None:
            found.update(dict.fromkeys(block.tables))
    return [name for name in found if name != WAITING]


class _Line:
    """A file of one line: what csv writes to."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def as_csv(recording: Recording, table: str, since: float, until: float) -> Iterator[str]:
    """Lines of a table: the time, the labels, the columns in base units; empty where not known.

    ``tasks`` are the processes of every scan.
    """
    line = _Line()
    writer = csv.writer(line, lineterminator="\n")
    last: tuple[str, ...] = ()
    for header, row in told(recording, table, since, until):
        if header != last:
            last = header
            writer.writerow(header)
            yield line.text
        writer.writerow(["" if value is None else value for value in row])
        yield line.text


Told = tuple[tuple[str, ...], tuple[object, ...]]


def told(recording: Recording, table: str, since: float, until: float) -> Iterator[Told]:
    """The columns and values of each row of a table, the time first."""
    return _processes(recording, since, until) if table == TASKS else _rows(recording, table, since, until)


def _rows(recording: Recording, name: str, since: float, until: float) -> Iterator[Told]:
    for entry in recording.entries:
        if entry.wall[1] / NS < since or entry.wall[0] / NS > until:
            continue
        block = recording.whole(entry)
        table = None if block is None else block.tables.get(name)
        if block is None or table is None or len(table.cells) < len(table.shape.columns):
            continue
        header = ("time", *table.shape.labels, *table.shape.columns)
        for reading, sample in enumerate(table.readings):
            wall = block.clocks["wall"][sample] / NS
            there = table.there(reading)
            if since <= wall <= until and not isinstance(there, Gap):
                for row in there:
                    values = [table.cells[column][row].at(reading) for column in table.shape.columns]
                    yield header, (f"{wall:.6f}", *table.rows[row], *values)


def _processes(recording: Recording, since: float, until: float) -> Iterator[Told]:
    header = ("time", *COLUMNS)
    for entry in recording.entries:
        if entry.wall[1] / NS < since or entry.wall[0] / NS > until:
            continue
        block = recording.whole(entry)
        if block is None or block.tasks is None:
            continue
        sampled = Sampled(block)
        for sample, wall in enumerate(block.clocks["wall"]):
            if not since <= wall / NS <= until:
                continue
            scan = sampled.at(sample).tasks
            if scan is None:
                continue
            columns = [getattr(scan.processes, name) for name in COLUMNS]
            for at in range(len(scan.processes)):
                yield header, (f"{wall / NS:.6f}", *(of[at] if of else None for of in columns))


def openmetrics(recording: Recording, wanted: Collection[str], since: float, until: float) -> Iterator[str]:
    """Lines of the text format of OpenMetrics 1.0 under the catalogue's names, ended by ``# EOF``."""
    families: dict[str, list[Ref]] = {}
    for ref in _refs(recording, wanted):
        families.setdefault(ref.metric.name, []).append(ref)
    parts = [(past, dict(zip(past.times, map(past.wall, range(len(past))), strict=True)))
             for past in pasts(recording, since, until)]  # fmt: skip
    for name, refs in families.items():
        counter = all(ref.column.kind == "counter" for ref in refs) and name.endswith("_total")
        family = name.removesuffix("_total") if counter else name
        yield f"# HELP {family} {_escaped(refs[0].column.help)}\n"
        yield f"# TYPE {family} {'counter' if counter else 'gauge'}\n"
        lines: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
        for ref in refs:
            for past, walls in parts:
                for sample in _samples(past, walls, ref):
                    lines.setdefault(sample.labels, []).append(sample)
        for labels, samples in lines.items():
            inside = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
            series = f"{name}{{{inside}}}" if inside else name
            for one in samples:
                yield f"{series} {one.value!r} {one.wall:.3f}\n"
    yield "# EOF\n"


def _refs(recording: Recording, wanted: Collection[str]) -> Iterator[Ref]:
    seen: set[str] = set()
    for entry in recording.entries:
        block = recording.open(entry)
        for name in wanted:
            table: Table | None = None
            if isinstance(block, Sealed):
                table = block.table(name, ())
            elif block is not None:
                table = block.tables.get(name)
            if table is not None:
                fresh = [one for one in table.shape.columns if f"{name}.{one}" not in seen]
                seen.update(f"{name}.{one}" for one in fresh)
                yield from (ref_of(table.shape, one) for one in fresh)


def _samples(past: Past, walls: dict[float, float], ref: Ref) -> Iterator[Sample]:
    lines = past.series(ref, past.times[0], past.times[-1])
    if isinstance(lines, Gap):
        return
    metric = ref.metric
    for labels, points in lines.items():
        named = {metric.rename.get(label, label): value for label, value in labels} | dict(metric.labels)
        for at, value in points:
            if value is not None:
                yield Sample(tuple(sorted(named.items())), value / metric.factor, walls[at])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
