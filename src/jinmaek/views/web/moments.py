"""A stretch of time as a chart shows it: which steps, and what each source of readings says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinmaek.history.protocol import History
from jinmaek.model import Gap
from jinmaek.views.web.charts import CHARTS, Grid


@dataclass(frozen=True, slots=True)
class Stretch:
    """Readings of one boot: a history in seconds since boot, and what must be known of it."""

    history: History
    since: float
    until: float
    """Of its readings, in seconds since the epoch."""
    offset: float
    """Seconds since the epoch at its boot."""
    interval: float
    """Seconds between two of its readings."""
    page_size: int


def edges(since: float, until: float, points: int, interval: float) -> list[float]:
    """Moments from ``since`` to ``until``: at most ``points`` steps, none shorter than two intervals."""
    count = max(1, min(points, int((until - since) / (2 * interval))))
    step = (until - since) / count
    return [since + step * at for at in range(count + 1)]


def drawn(stretches: Sequence[Stretch], since: float, until: float, points: int) -> dict[str, object]:
    """The charts of that time as data: moments (the end of each step), and a value or null for each."""
    interval = max((one.interval for one in stretches), default=1.0)
    moments = edges(since, until, points, interval)
    charts: list[dict[str, object]] = []
    grids = [
        (one, Grid(one.history, [at - one.offset for at in moments], one.interval, one.page_size))
        for one in stretches
    ]
    for chart in CHARTS:
        lines: dict[tuple[str, str], list[float | None]] = {}
        gaps: list[Gap] = []
        left = 0
        for _, grid in grids:
            found, missing, more = grid.lines(chart)
            gaps += missing
            left = max(left, more)
            for line in found:
                whole = lines.setdefault((line.name, line.label), [None] * (len(moments) - 1))
                for at, value in enumerate(line.values):
                    if value is not None:
                        whole[at] = value
        charts.append(
            {
                "id": chart.id,
                "title": chart.title,
                "unit": chart.unit,
                "stacked": chart.stacked,
                "series": [
                    {"name": name, "label": label, "values": [_short(value) for value in values]}
                    for (name, label), values in lines.items()
                ],
                "left_out": left,
                "gaps": [
                    {"kind": one.kind, "source": one.source, "detail": one.detail}
                    for one in dict.fromkeys(gaps)
                ],
            }
        )
    return {
        "schema": 1,
        "since": since,
        "until": until,
        "step_s": moments[1] - moments[0],
        "interval_s": interval,
        "times": [round(at, 3) for at in moments[1:]],
        "charts": charts,
    }


def _short(value: float | None) -> float | None:
    """Seven figures are more than a screen shows, and half the bytes."""
    return None if value is None else float(f"{value:.7g}")


def latest(stretch: Stretch, since: float, until: float) -> dict[str, list[list[object]]]:
    """Name, label and last value of every line, by chart: what a page adds to what it has drawn."""
    steps = edges(since, until, 2 * int(until - since), stretch.interval / 2)
    grid = Grid(stretch.history, [at - stretch.offset for at in steps], stretch.interval, stretch.page_size)
    return {
        chart.id: [[line.name, line.label, _short(line.values[-1])] for line in grid.lines(chart)[0]]
        for chart in CHARTS
    }
