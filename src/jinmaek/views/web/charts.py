"""What is drawn over time: columns of the kernel's tables, and rates of them, on a grid of moments.

A number is that of the step it ends: a rate over it, or the mean of a gauge in it. Where nothing was read for
long there is none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinmaek.catalog import Ref, ref
from jinmaek.history.protocol import History
from jinmaek.model import Gap, Labels, Points

HOLE = 5.0
"""A reading later than so many steps, or so many intervals of reading, after the one before leaves a hole."""
MOST = 6
"""Lines of a chart that has one for each device: the largest."""
MODES = ("user", "nice", "system", "irq", "softirq", "iowait", "steal", "idle")
ALL_MODES = tuple(f"stat.{mode}" for mode in MODES)


@dataclass(frozen=True, slots=True)
class Line:
    """The sum of ``columns``; of counters its rate; as a share of the sum of ``of`` where that is given."""

    name: str
    columns: tuple[str, ...]
    of: tuple[str, ...] = ()
    by: str = ""
    """One line for each value of this label."""
    leave: tuple[str, ...] = ()
    """Values of the label that are left out."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Some lines in one unit, on top of each other where ``stacked``."""

    id: str
    title: str
    unit: str
    lines: tuple[Line, ...]
    stacked: bool = False


CHARTS = (
    Chart(
        "cpu",
        "CPU time",
        "ratio",
        (
            Line("programs", ("stat.user", "stat.nice"), ALL_MODES),
            Line("kernel", ("stat.system",), ALL_MODES),
            Line("interrupts", ("stat.irq", "stat.softirq"), ALL_MODES),
            Line("waiting for I/O", ("stat.iowait",), ALL_MODES),
            Line("stolen", ("stat.steal",), ALL_MODES),
        ),
        stacked=True,
    ),
    Chart(
        "pressure",
        "somebody waits",
        "ratio",
        (
            Line("for a CPU", ("pressure_cpu.some_total",)),
            Line("for memory", ("pressure_memory.some_total",)),
            Line("for I/O", ("pressure_io.some_total",)),
        ),
    ),
    Chart(
        "load",
        "load",
        "count",
        (
            Line("load1", ("loadavg.load1",)),
            Line("runnable", ("stat.procs_running",)),
            Line("blocked", ("stat.procs_blocked",)),
        ),
    ),
    Chart(
        "memory",
        "memory",
        "bytes",
        (
            Line("available", ("meminfo.MemAvailable",)),
            Line("free", ("meminfo.MemFree",)),
            Line("anonymous", ("meminfo.AnonPages",)),
            Line("page cache", ("meminfo.Cached", "meminfo.Buffers")),
            Line("kernel objects", ("meminfo.Slab",)),
        ),
    ),
    Chart(
        "swap",
        "swap traffic",
        "bytes/s",
        (Line("in", ("vmstat.pswpin",)), Line("out", ("vmstat.pswpout",))),
    ),
    Chart(
        "faults",
        "pages read back",
        "count/s",
        (
            Line("major faults", ("vmstat.pgmajfault",)),
            Line("cache read again", ("vmstat.workingset_refault_file",)),
        ),
    ),
    Chart(
        "io",
        "disk traffic",
        "bytes/s",
        (Line("read", ("vmstat.pgpgin",)), Line("written", ("vmstat.pgpgout",))),
    ),
    Chart("disks", "disks busy", "ratio", (Line("", ("diskstats.io_ticks",), by="device"),)),
    Chart(
        "network",
        "network",
        "bytes/s",
        (
            Line("received", ("net_dev.receive_bytes",), by="device", leave=("lo",)),
            Line("sent", ("net_dev.transmit_bytes",), by="device", leave=("lo",)),
        ),
    ),
)


@cache
def refs() -> tuple[Ref, ...]:
    """The columns charts are drawn from."""
    names = {name for chart in CHARTS for line in chart.lines for name in (*line.columns, *line.of)}
    return tuple(ref(name) for name in sorted(names))


@cache
def tables() -> tuple[str, ...]:
    """The tables they are in."""
    return tuple(sorted({one.table for one in refs()}))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line on the grid; ``label`` is the device it is of."""

    name: str
    label: str
    values: list[float | None]


class Grid:
    """Moments at equal steps, seconds since boot, and what a history says of them."""

    def __init__(self, history: History, edges: Sequence[float], interval: float, page_size: int) -> None:
        """``edges`` ascend, and each value is of the time between two."""
        self._history = history
        self._edges = edges
        self._hole = HOLE * max(interval, edges[1] - edges[0])
        self._page_size = page_size
        self._known: dict[str, Mapping[Labels, list[float | None]] | Gap] = {}

    def lines(self, chart: Chart) -> tuple[list[Drawn], tuple[Gap, ...], int]:
        """The lines of a chart, why others are not there, and how many devices are not drawn."""
        drawn: list[Drawn] = []
        gaps: list[Gap] = []
        left = 0
        for line in chart.lines:
            parts = [self._of(name) for name in line.columns]
            whole = [self._of(name) for name in line.of]
            missing = [one for one in (*parts, *whole) if isinstance(one, Gap)]
            if missing:
                gaps += missing
                continue
            found = [one for one in parts if not isinstance(one, Gap)]
            if line.by:
                devices = self._by(line, found[0])
                left += max(0, len(devices) - MOST)
                drawn += devices[:MOST]
                continue
            values = _sum(found)
            if whole:
                values = _share(values, _sum([one for one in whole if not isinstance(one, Gap)]))
            drawn.append(Drawn(line.name, "", values))
        return drawn, tuple(dict.fromkeys(gaps)), left

    def _by(self, line: Line, rows: Mapping[Labels, list[float | None]]) -> list[Drawn]:
        found = []
        for labels, values in rows.items():
            label = dict(labels).get(line.by, "")
            known = [value for value in values if value is not None]
            if label not in line.leave and any(known):
                found.append((sum(known) / len(known), Drawn(line.name, label, values)))
        return [one for _, one in sorted(found, key=lambda pair: -pair[0])]

    def _of(self, name: str) -> Mapping[Labels, list[float | None]] | Gap:
        if name not in self._known:
            self._known[name] = self._binned(ref(name))
        return self._known[name]

    def _binned(self, column: Ref) -> Mapping[Labels, list[float | None]] | Gap:
        edges = self._edges
        counter = column.column.kind == "counter"
        # The first step needs the reading before it.
        found = self._history.series(column, edges[0] - self._hole, edges[-1])
        if isinstance(found, Gap):
            return found
        factor = float(self._page_size) if column.column.unit == "pages" and _bytes(column.name) else 1.0
        make = self._rates if counter else self._means
        return {labels: make(points, factor) for labels, points in found.items()}

    def _rates(self, points: Points, factor: float) -> list[float | None]:
        """The rate from the last reading before each step to the last in it. A step without a reading has
        that of the next, which is over it too."""
        values: list[float | None] = []
        times = [time for time, _ in points]
        before = bisect_right(times, self._edges[0]) - 1
        open_since = 0
        for edge in self._edges[1:]:
            at = bisect_right(times, edge, max(before, 0)) - 1
            values.append(None)
            if at <= before:
                continue
            if before >= 0:
                (since, low), (until, high) = points[before], points[at]
                if low is not None and high is not None and high >= low and until - since <= self._hole:
                    rate = (high - low) * factor / (until - since)
                    values[open_since:] = [rate] * (len(values) - open_since)
            before, open_since = at, len(values)
        return values

    def _means(self, points: Points, factor: float) -> list[float | None]:
        """The mean of the readings in a step; without any, the last before it while that is no hole."""
        values: list[float | None] = []
        times = [time for time, _ in points]
        low = bisect_right(times, self._edges[0])
        for edge in self._edges[1:]:
            high = bisect_right(times, edge, low)
            inside = [value for _, value in points[low:high] if value is not None]
            if inside:
                values.append(factor * sum(inside) / len(inside))
            elif high and edge - times[high - 1] <= self._hole and (last := points[high - 1][1]) is not None:
                values.append(factor * last)
            else:
                values.append(None)
            low = high
        return values


def _bytes(name: str) -> bool:
    """Whether a count of pages is drawn in bytes."""
    return any(
        name in line.columns and chart.unit.startswith("bytes") for chart in CHARTS for line in chart.lines
    )


def _sum(parts: Iterable[Mapping[Labels, list[float | None]]]) -> list[float | None]:
    """The sum over rows and columns at each moment; none where any is missing."""
    rows = [values for part in parts for values in part.values()]
    return [
        None
        if any(value is None for value in moment)
        else sum(value for value in moment if value is not None)
        for moment in zip(*rows, strict=True)
    ]


def _share(part: list[float | None], whole: list[float | None]) -> list[float | None]:
    return [None if a is None or b is None or not b else a / b for a, b in zip(part, whole, strict=True)]
