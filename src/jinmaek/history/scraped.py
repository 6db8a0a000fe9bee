"""What an exporter was scraped for as rows of kernel tables: names of Prometheus back to columns.

What node_exporter leaves out is put back where it follows from the rest: the times of the whole host are
those of its CPUs, its uptime is the time of the scrape less that of its start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jinmaek.catalog import Ref, ref, tables
from jinmaek.columns import columns_of, labels_of
from jinmaek.kernel.stat import TIMES
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot

Rows = dict[tuple[str, ...], dict[str, float]]
Cells = dict[str, Rows]
"""The values of one scrape: by table, labels of the row, and column."""


class Cell(NamedTuple):
    """Where the values of a series belong, and what they are multiplied by to be in our unit."""

    table: str
    row: tuple[str, ...]
    column: str
    factor: float


def by_metric(wanted: Iterable[str]) -> dict[str, list[Ref]]:
    """The columns of some tables by the name an exporter has for them: node_exporter, or our own agent."""
    found: dict[str, list[Ref]] = {}
    for table in wanted:
        for column in columns_of(tables()[table].row):
            one = ref(f"{table}.{column}")
            found.setdefault(one.metric.name, []).append(one)
    return found


def cells_of(name: str, labels: Mapping[str, str], known: Mapping[str, Sequence[Ref]]) -> Iterator[Cell]:
    """The columns a series is of; none of one that no column has."""
    for one in known.get(name, ()):
        if all(labels.get(label) == text for label, text in one.metric.labels.items()):
            theirs = (one.metric.rename.get(label, label) for label in one.labels)
            row = tuple(labels.get(label, "") for label in theirs)
            yield Cell(one.table, row, one.column.name, one.metric.factor)


def put(cells: Cells, cell: Cell, value: float) -> None:
    """Add one value to a scrape."""
    cells.setdefault(cell.table, {}).setdefault(cell.row, {})[cell.column] = value * cell.factor


def snapshots(
    scrapes: Mapping[float, Cells], wanted: Collection[str], empty: Iterable[str] = ()
) -> Iterator[Snapshot]:
    """Scrapes by their time as snapshots, the oldest first; ``monotonic`` is seconds since the epoch too.

    A table that none of them has anything of is a gap, unless it is known to be ``empty``; the boot id is
    when the host started.
    """
    there = {table for cells in scrapes.values() for table in cells} | {*empty}
    none: Rows = {}
    for at, scrape in sorted(scrapes.items()):
        _put_back(at, scrape, there)
        boot = _host(scrape).get("btime")
        rows = {table: _rows(table, scrape.get(table, none)) for table in wanted if table in there}
        gaps = {
            table: Gap("absent", table, "the exporter has nothing of it")
            for table in wanted
            if table not in there
        }
        yield Snapshot("" if boot is None else f"{boot:.0f}", at, at, rows, None, gaps)


def _put_back(time: float, cells: Cells, there: set[str]) -> None:
    """What follows exactly from the rest."""
    cpus = cells.get("stat_cpu")
    if cpus:
        whole = cells.setdefault("stat", {}).setdefault((), {})
        for name in TIMES:
            parts = [cpu[name] for cpu in cpus.values() if name in cpu]
            if len(parts) == len(cpus):
                whole[name] = sum(parts)
        there.add("stat")
    boot = _host(cells)
    if "btime" in boot:
        idle = {"idle": boot["idle"]} if "idle" in boot else {}
        cells["uptime"] = {(): {"uptime": time - boot["btime"], **idle}}
        there.add("uptime")


def _host(cells: Cells) -> Mapping[str, float]:
    """The one row of /proc/stat of a scrape."""
    none: Rows = {}
    return cells.get("stat", none).get((), {})


def _rows(table: str, cells: Rows) -> tuple[object, ...]:
    row: Any = tables()[table].row
    names = tuple(columns_of(row))
    labels = labels_of(row)
    return tuple(
        row(
            **{name: _label(text) for name, text in zip(labels, texts, strict=True)},
            **{name: _whole(values.get(name)) for name in names},
        )
        for texts, values in sorted(cells.items())
    )


def _label(text: str) -> str | int:
    return int(text) if text.isdecimal() and text == str(int(text)) else text


def _whole(value: float | None) -> float | int | None:
    """A number that is whole as such: exporters know no other than floating point."""
    return value if value is None or not value.is_integer() else int(value)
