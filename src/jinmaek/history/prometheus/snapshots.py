"""The past of one host as snapshots: what its exporter was scraped for, as rows of kernel tables.

A scrape is one reading. What node_exporter leaves out is put back where it follows from the rest: the times
of the whole host are those of its CPUs, its uptime is the time of the scrape less that of its start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinmaek.catalog import Ref, ref, tables
from jinmaek.columns import columns_of, labels_of
from jinmaek.history.prometheus.answer import NoAnswer, Series
from jinmaek.history.prometheus.http import Instant
from jinmaek.history.prometheus.many import Asked, Progress, ask_all
from jinmaek.history.prometheus.selector import Match, selector
from jinmaek.kernel.stat import TIMES
from jinmaek.model import Gap
from jinmaek.sampling import Snapshot

BATCH = 80
"""Metrics that are asked for in one query."""
INFO = "node_uname_info"

Rows = dict[tuple[str, ...], dict[str, float]]
Cells = dict[str, Rows]
"""The values of one scrape: by table, labels of the row, and column."""


@dataclass(frozen=True, slots=True)
class Scrapes:
    """``snapshots`` are oldest first; their ``monotonic`` is the time of the scrape since the epoch."""

    snapshots: tuple[Snapshot, ...]
    release: str | None
    machine: str | None
    """As uname(2) has them, where the exporter tells."""
    partial: str | None
    """What the engine says of the part that did not answer."""


def scrapes(
    engine: Asked,
    only: Sequence[Match],
    wanted: Collection[str],
    start: float,
    end: float,
    progress: Progress | None = None,
) -> Scrapes:
    """All scrapes from ``start`` to ``end`` of the host that ``only`` selects. Raises ``NoAnswer``."""
    by_metric: dict[str, list[Ref]] = {}
    for one in _refs({*wanted, *(("stat_cpu", "stat") if {"stat", "uptime"} & {*wanted} else ())}):
        by_metric.setdefault(one.metric.name, []).append(one)
    names = [*sorted(by_metric), INFO]
    span = f"[{round((end - start) * 1000)}ms]"
    batches = [names[n : n + BATCH] for n in range(0, len(names), BATCH)]
    answers = ask_all(
        engine,
        {
            place: Instant(selector("", (("__name__", "=~", "|".join(batch)), *only)) + span, end)
            for place, batch in enumerate(batches)
        },
        progress,
    )
    found: list[Series] = []
    partial = None
    for answer in answers.values():
        if isinstance(answer, NoAnswer):
            raise answer
        found += answer.series
        partial = partial or answer.partial
    info = next((one.labels for one in found if one.labels.get("__name__") == INFO), {})
    return Scrapes(
        tuple(_snapshots(found, by_metric, wanted)), info.get("release"), info.get("machine"), partial
    )


def _refs(wanted: Iterable[str]) -> Iterator[Ref]:
    for table in wanted:
        for column in columns_of(tables()[table].row):
            one = ref(f"{table}.{column}")
            if one.column.metric is not None:
                yield one


def _snapshots(
    found: Iterable[Series], by_metric: Mapping[str, Sequence[Ref]], wanted: Collection[str]
) -> Iterator[Snapshot]:
    by_time: dict[float, Cells] = {}
    for series in found:
        for one in by_metric.get(series.labels.get("__name__", ""), ()):
            if all(series.labels.get(name) == text for name, text in one.metric.labels.items()):
                theirs = (one.metric.rename.get(label, label) for label in one.labels)
                row = tuple(series.labels.get(label, "") for label in theirs)
                for time, value in series.points:
                    cells = by_time.setdefault(time, {}).setdefault(one.table, {}).setdefault(row, {})
                    cells[one.column.name] = value * one.metric.factor
    there = {table for cells in by_time.values() for table in cells}
    none: Rows = {}
    for at, scrape in sorted(by_time.items()):
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
