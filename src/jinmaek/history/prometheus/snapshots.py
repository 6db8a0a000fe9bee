"""The past of one host as snapshots, of what Prometheus keeps of its exporter. A scrape is one reading.

What only our own agent exports is asked for, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jinmaek.catalog import EMPTY, Ref
from jinmaek.history import scraped
from jinmaek.history.prometheus.answer import NoAnswer, Series
from jinmaek.history.prometheus.http import Instant
from jinmaek.history.prometheus.many import Asked, Progress, ask_all
from jinmaek.history.prometheus.selector import Match, selector
from jinmaek.history.scraped import Cells
from jinmaek.sampling import Snapshot

BATCH = 80
"""Metrics that are asked for in one query."""
INFO = "node_uname_info"


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
    known = scraped.by_metric({*wanted, *(("stat_cpu", "stat") if {"stat", "uptime"} & {*wanted} else ())})
    names = [*sorted(known), INFO, EMPTY]
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
    return Scrapes(tuple(_snapshots(found, known, wanted)), info.get("release"), info.get("machine"), partial)


def _snapshots(
    found: Iterable[Series], known: Mapping[str, Sequence[Ref]], wanted: Collection[str]
) -> Iterator[Snapshot]:
    by_time: dict[float, Cells] = {}
    empty: set[str] = set()
    for series in found:
        table = series.labels.get("table", "")
        if series.labels.get("__name__") == EMPTY and table in wanted and not series.value:
            empty.add(table)
        for cell in scraped.cells_of(series.labels.get("__name__", ""), series.labels, known):
            for time, value in series.points:
                scraped.put(by_time.setdefault(time, {}), cell, value)
    return scraped.snapshots(by_time, wanted, empty)
