"""The charts of a report: which columns they show, and their lines over a span of a recording."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinmaek.catalog import ref
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.i18n import tr
from jinmaek.model import Gap, Points
from jinmaek.views.report import lines
from jinmaek.views.report.lines import Values
from jinmaek.views.report.parts import Part, edges, step_for

MOST = 900
"""Points of a line."""
BEFORE = 20.0
"""Seconds of readings before the span: the first rate needs one, and tables are read every 10 s at least."""
PRESSURE = 2.1
"""Seconds within which the kernel brings the totals of PSI up to date (PSI_FREQ in kernel/sched/psi.c)."""
SHORT = 300.0
"""Seconds up to which a step is two samples: in a longer time of five, so that a late reading shows less."""
NAMED = 3
"""Devices or interfaces of a chart, those that moved most."""
PARTITION = re.compile(r"(?:(?:[shv]|xv)d[a-z]+|(?:nvme\d+n\d+|mmcblk\d+|loop\d+|md\d+|nbd\d+)p)\d+")
OWN = ("lo",)
"""Interfaces that reach nobody else."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the sum of some columns of a table, or of their means over its rows, less another column."""

    title: str
    columns: tuple[str, ...]
    less: str | None = None
    mean: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines in one unit; ``/s`` in it says that they are rates of counters, as ``ratio`` of seconds may.

    ``label`` draws the lines once for each of the rows that moved most, told apart by that label.
    """

    name: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    label: str | None = None
    shown: Callable[[str], bool] = lambda _: True
    stacked: bool = False
    """Whether the lines are parts of a whole: drawn as areas on each other."""


def _disk(name: str) -> bool:
    return PARTITION.fullmatch(name) is None


CHARTS = (
    Chart("cpu", "CPU time", "ratio", (
        Line("programs", ("stat_cpu.user", "stat_cpu.nice"), mean=True),
        Line("kernel", ("stat_cpu.system",), mean=True),
        Line("interrupts", ("stat_cpu.irq", "stat_cpu.softirq"), mean=True),
        Line("idle, waiting for I/O", ("stat_cpu.iowait",), mean=True),
        Line("stolen by the hypervisor", ("stat_cpu.steal",), mean=True),
    ), stacked=True),
    Chart("pressure", "time in which threads waited (pressure)", "ratio", (
        Line("for a CPU", ("pressure_cpu.some_total",)),
        Line("for memory", ("pressure_memory.some_total",)),
        Line("for I/O", ("pressure_io.some_total",)),
        Line("all of them for memory", ("pressure_memory.full_total",)),
        Line("all of them for I/O", ("pressure_io.full_total",)),
    )),
    Chart("load", "load", "count", (
        Line("load average, 1 min", ("loadavg.load1",)),
        Line("running or waiting for a CPU", ("stat.procs_running",)),
        Line("asleep for I/O", ("stat.procs_blocked",)),
    )),
    Chart("memory", "memory", "bytes", (
        Line("available", ("meminfo.MemAvailable",)),
        Line("anonymous memory of processes", ("meminfo.AnonPages",)),
        Line("page cache of files", ("meminfo.Cached",), less="meminfo.Shmem"),
        Line("tmpfs and shared memory", ("meminfo.Shmem",)),
        Line("kernel objects", ("meminfo.SReclaimable", "meminfo.SUnreclaim")),
    )),
    Chart("swap", "swap", "bytes", (
        Line("in use", ("meminfo.SwapTotal",), less="meminfo.SwapFree"),
        Line("of that also in memory", ("meminfo.SwapCached",)),
    )),
    Chart("paging", "pages that had to come or go", "pages/s", (
        Line("in from swap", ("vmstat.pswpin",)),
        Line("out to swap", ("vmstat.pswpout",)),
        Line("evicted cache that came back", ("vmstat.workingset_refault_file",)),
        Line("page faults that read from disk", ("vmstat.pgmajfault",)),
    )),
    Chart("disk", "disks", "bytes/s", (
        Line("read", ("diskstats.read_sectors",)),
        Line("written", ("diskstats.write_sectors",)),
    ), "device", _disk),
    Chart("busy", "time in which a disk had work", "ratio", (
        Line("", ("diskstats.io_ticks",)),
    ), "device", _disk),
    Chart("network", "network", "bytes/s", (
        Line("received", ("net_dev.receive_bytes",)),
        Line("sent", ("net_dev.transmit_bytes",)),
    ), "device", lambda name: name not in OWN),
)  # fmt: skip


@dataclass(slots=True)
class _Span:
    """One part with the ends of its steps, in seconds since boot."""

    past: Past
    start: float
    edges: list[float]
    gaps: list[float]


def charts(
    recording: Recording,
    parts: Sequence[Part],
    since: float,
    until: float,
    interval: float,
    lang: str,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """All lines over one row of times, what is zero all the time, and what was not recorded."""
    short = until - since <= SHORT
    step = step_for(until - since, MOST, interval * (2 if short else 5))
    times = edges(since, until, step)
    spans, places = [], []
    for part in parts:
        first, last = part.start + part.offset, part.end + part.offset
        inside = [at for at, time in enumerate(times) if time >= first and time - step < last]
        if not inside:
            continue
        past = Past(recording, part.boot, part.start - BEFORE - step, part.end)
        ends = [times[at] - part.offset for at in inside]
        spans.append(_Span(past, ends[0] - step, ends, lines.gaps(past.times, interval)))
        places.append(inside)
    shown: list[dict[str, Any]] = []
    zero, absent = [], []
    for number, chart in enumerate(CHARTS):
        if progress:
            progress(number / len(CHARTS))
        made, left = _chart(chart, spans, places, len(times), lang)
        told = [value for one in made for value in one["values"] if value is not None]
        title = tr(lang, chart.title)
        if not told:
            absent.append(title)
        elif not any(told):
            zero.append(title)
        else:
            shown.append(
                {
                    "name": chart.name,
                    "title": title,
                    "unit": chart.unit,
                    "stacked": chart.stacked,
                    "lines": made,
                    "left_out": left,
                }
            )
    return {"step_s": step, "times": times, "shown": shown, "zero": zero, "absent": absent}


def _chart(
    chart: Chart, spans: Sequence[_Span], places: Sequence[Sequence[int]], count: int, lang: str
) -> tuple[list[dict[str, Any]], int]:
    """The lines of a chart, and how many devices are not shown."""
    found: dict[tuple[str, int], Values] = {}
    for span, inside in zip(spans, places, strict=True):
        for key, values in _lines(chart, span).items():
            whole = found.setdefault(key, [None] * count)
            for at, value in zip(inside, values, strict=True):
                whole[at] = value if value is not None else whole[at]
    moved: dict[str, float] = {}
    for (name, _), values in found.items():
        moved[name] = moved.get(name, 0.0) + sum(value or 0.0 for value in values)
    names = sorted(moved, key=lambda name: (-moved[name], name))
    if chart.label is not None:
        names = [name for name in names if moved[name] > 0] or names[:1]
    made = [
        {
            "name": f"{name} {tr(lang, line.title)}".strip(),
            "columns": list(line.columns) + ([f"-{line.less}"] if line.less else []),
            "values": [lines.short(value) for value in found[name, number]],
        }
        for name in names[:NAMED]
        for number, line in enumerate(chart.lines)
        if (name, number) in found and any(value is not None for value in found[name, number])
    ]
    return made, max(0, len(names) - NAMED)


def _lines(chart: Chart, span: _Span) -> Mapping[tuple[str, int], Values]:
    """By row, empty without a label, and number of the line."""
    found: dict[tuple[str, int], Values] = {}
    for number, line in enumerate(chart.lines):
        columns = [_column(chart, name, span, mean=line.mean) for name in line.columns]
        names = dict.fromkeys(name for column in columns for name in column)
        taken = _column(chart, line.less, span, mean=line.mean) if line.less else {}
        for name in names:
            made = lines.together(column[name] for column in columns if name in column)
            if line.less is not None:
                if name not in taken:
                    continue
                made = lines.less(made, taken[name])
            found[name, number] = made
    return found


def _column(chart: Chart, name: str, span: _Span, *, mean: bool) -> Mapping[str, Values]:
    """One column over the steps of a part, by the label that tells the rows of this chart apart."""
    column = ref(name)
    series = span.past.series(column, 0.0, float("inf"))
    if isinstance(series, Gap):
        return {}
    by: dict[str, list[Values]] = {}
    for labels, points in series.items():
        row = dict(labels).get(chart.label, "") if chart.label else ""
        if chart.shown(row):
            by.setdefault(row, []).append(_values(column.table, column.column.kind, points, span))
    return {row: lines.together(every, mean=mean) for row, every in by.items()}


def _values(table: str, kind: str, points: Points, span: _Span) -> Values:
    if kind == "counter":
        told = lines.updates(points, PRESSURE) if table.startswith("pressure") else points
        return lines.rates(told, span.edges, span.start, span.gaps)
    return lines.means(points, span.edges, span.start, span.past.times)
