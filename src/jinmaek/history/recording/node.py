"""Recordings out of what node_exporter printed: /metrics saved to files, or promtool's dumps of Prometheus.

Names are mapped back to columns by the catalogue; those that no column has are counted by name. A host is one
``instance``, where the lines say so.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from jinmaek.catalog import tables
from jinmaek.history import scraped
from jinmaek.history.recording.exposition import Line, named, read
from jinmaek.history.scraped import Cell, Cells
from jinmaek.sampling import Snapshot

CHUNK = 3600.0
"""Seconds of scrapes that are made into samples at a time."""
SAME_BOOT = 60.0
"""Seconds by which the time of a host's start may seem to move when its clock is set."""
CLOCK, INFO = "node_time_seconds", "node_uname_info"
NUMBER = re.compile(r"(?<!\d)(1\d{9}|1\d{12})(?!\d)")
DATE = re.compile(
    r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)[T_ .-]?([0-2]\d)[:.-]?([0-5]\d)(?:[:.-]?([0-5]\d))?"
    r"(Z|[+-]\d\d:?\d\d)?(?!\d)"
)


@dataclass(slots=True)
class Dump:
    """What was read so far."""

    host: str | None = None
    """The ``instance`` that is wanted; None is the only one there is."""
    known: dict[str, Any] = field(default_factory=lambda: scraped.by_metric(tables()))
    cells: dict[str, tuple[Cell, ...]] = field(default_factory=dict)
    """By the text of a series."""
    times: dict[Cell, array[float]] = field(default_factory=dict)
    values: dict[Cell, array[float]] = field(default_factory=dict)
    unmapped: set[str] = field(default_factory=set)
    """Names that no column has."""
    mapped: set[str] = field(default_factory=set)
    instances: set[str] = field(default_factory=set)
    info: Mapping[str, str] = field(default_factory=dict)
    ways: dict[str, int] = field(default_factory=dict)
    """How the times of scrapes were found, and of how many files."""

    def add(self, lines: Iterable[str], name: str, modified: float, given: float | None = None) -> None:
        """One file more. ``given`` is the time of all of it. Raises ``NotMetrics``."""
        found: list[Line] = []
        comment: str | None = None
        clock: float | None = None
        stamped = 0
        for told in read(lines):
            if isinstance(told, str):
                comment = comment or told
            elif told.time is not None:
                # All of a Prometheus may be in one file: it is not held as lines.
                stamped += 1
                self._keep(told.series, told.value, told.time)
            else:
                found.append(told)
                clock = told.value if told.series == CLOCK else clock
        if stamped:
            self.ways["the lines themselves"] = self.ways.get("the lines themselves", 0) + 1
        if found:
            way, time = _time(name, modified, given, comment, clock)
            self.ways[way] = self.ways.get(way, 0) + 1
            for line in found:
                self._keep(line.series, line.value, time)

    def _keep(self, series: str, value: float, time: float) -> None:
        known = self.cells.get(series)
        if known is None:
            known = self.cells[series] = self._cells(series)
        for cell in known:
            times = self.times.get(cell)
            if times is None:
                times = self.times[cell] = array("d")
                self.values[cell] = array("d")
            times.append(time)
            self.values[cell].append(value)

    def _cells(self, series: str) -> tuple[Cell, ...]:
        name, labels = named(series)
        if self.host is not None and labels.get("instance", self.host) != self.host:
            return ()
        found = tuple(scraped.cells_of(name, labels, self.known))
        if found and "instance" in labels:
            self.instances.add(labels["instance"])
        if name == INFO:
            self.info = labels
        (self.mapped if found or name == INFO else self.unmapped).add(name)
        return found

    def meta(self) -> dict[str, Any]:
        """What is said of the host at the start of each block."""
        times = sorted({time for each in self.times.values() for time in each})
        steps = sorted(later - earlier for earlier, later in pairwise(times))
        instance = self.host or next(iter(self.instances), "?")
        return {
            "host": self.info.get("nodename", instance),
            "kernel": self.info.get("release", "?"),
            "machine": self.info.get("machine", "?"),
            "interval": steps[len(steps) // 2] if steps else 15.0,
            "imported": "node_exporter",
        }

    def snapshots(self, progress: Callable[[float], None] | None = None) -> Iterator[Snapshot]:
        """All scrapes, the oldest first; a boot begins where the host says that it started."""
        boot, started = "", None
        for one in self._scrapes(progress):
            told = float(one.boot_id) if one.boot_id else None
            if not boot or (told is not None and (started is None or abs(told - started) > SAME_BOOT)):
                started = one.wall if told is None else told
                boot = hashlib.sha256(f"{self.info.get('nodename')} {started}".encode()).hexdigest()[:32]
            assert started is not None
            yield replace(one, boot_id=boot, monotonic=max(0.0, one.wall - started))

    def _scrapes(self, progress: Callable[[float], None] | None) -> Iterator[Snapshot]:
        wanted = tuple({cell.table for cell in self.times} | {"uptime", "stat"})
        every = sorted({time for each in self.times.values() for time in each})
        places = dict.fromkeys(self.times, 0)
        for cell, times in self.times.items():
            _ordered(times, self.values[cell])
        at = 0
        while at < len(every):
            end = every[at] + CHUNK
            scrapes: dict[float, Cells] = {}
            for cell, times in self.times.items():
                place, values = places[cell], self.values[cell]
                while place < len(times) and times[place] < end:
                    scraped.put(scrapes.setdefault(times[place], {}), cell, values[place])
                    place += 1
                places[cell] = place
            yield from scraped.snapshots(scrapes, wanted)
            at += len(scrapes)
            if progress:
                progress(at / len(every))


def _ordered(times: array[float], values: array[float]) -> None:
    """In the order of time, of files that were not read in it."""
    if any(later < earlier for earlier, later in pairwise(times)):
        pairs = sorted(zip(times, values, strict=True), key=lambda pair: pair[0])
        times[:] = array("d", [time for time, _ in pairs])
        values[:] = array("d", [value for _, value in pairs])


def _time(
    name: str, modified: float, given: float | None, comment: str | None, clock: float | None
) -> tuple[str, float]:
    """How the time of a file was found, and what it is: the surest first."""
    if given is not None:
        return "--time", given
    said = None if comment is None else moment(comment)
    if said is not None:
        return "a # time comment", said
    if clock is not None:
        return CLOCK, clock
    told = moment(name)
    return ("the file's name", told) if told is not None else ("when the file was written", modified)


def moment(text: str) -> float | None:
    """A time that stands somewhere in a text, local where it names no zone; None where there is none."""
    from datetime import datetime

    found = DATE.search(text)
    if found is not None:
        year, month, day, hour, minute, second, zone = found.groups()
        iso = (
            f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{'+00:00' if zone == 'Z' else zone or ''}"
        )
        try:
            return datetime.fromisoformat(iso).timestamp()
        except ValueError:
            return None
    number = NUMBER.search(text)
    return None if number is None else float(number[1]) / (1000 if len(number[1]) > 10 else 1)
