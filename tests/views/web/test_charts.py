"""Figures over time: rates and levels on a grid, by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from jinmaek.catalog import Ref
from jinmaek.model import Gap, Labels, Points
from jinmaek.views.web.charts import CHARTS, Chart, Drawn, Grid
from jinmaek.views.web.moments import Stretch, drawn, edges

Readings = Mapping[str, Mapping[Labels, Points]]


class Told:
    """A history of given readings."""

    def __init__(self, told: Readings) -> None:
        self._told = told

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        if ref.name not in self._told:
            return Gap("absent", ref.name)
        lines = self._told[ref.name]
        return {labels: [p for p in points if start <= p[0] <= end] for labels, points in lines.items()}


def chart(name: str) -> Chart:
    return next(one for one in CHARTS if one.id == name)


def lines(told: Readings, name: str, at: list[float]) -> list[Drawn]:
    return Grid(Told(told), at, 1.0, 4096).lines(chart(name))[0]


def test_a_rate_is_that_of_the_step_it_ends() -> None:
    points = [(0.0, 10.0), (1.0, 11.0), (2.0, 14.0), (3.0, 14.0)]
    got = lines({"vmstat.pswpin": {(): points}}, "swap", [0, 1, 2, 3])
    assert got == [Drawn("in", "", [4096.0, 3 * 4096.0, 0.0])]


def test_a_step_without_a_reading_has_the_rate_over_it() -> None:
    points = [(0.0, 0.0), (3.0, 6.0)]
    (line, *_) = lines({"vmstat.pswpin": {(): points}}, "swap", [0, 1, 2, 3])
    assert line.values == [2 * 4096.0] * 3


def test_nothing_is_put_into_a_hole() -> None:
    points = [(0.0, 0.0), (1.0, 1.0), (20.0, 99.0), (21.0, 100.0)]
    (line, *_) = lines({"vmstat.pswpin": {(): points}}, "swap", [0, 1, 10, 20, 21])
    assert line.values[0] == 4096.0
    assert line.values[1] is None
    assert line.values[3] == 4096.0


def test_a_counter_that_steps_back_has_no_rate() -> None:
    points = [(0.0, 100.0), (1.0, 5.0), (2.0, 6.0)]
    (line, *_) = lines({"vmstat.pswpin": {(): points}}, "swap", [0, 1, 2])
    assert line.values == [None, 4096.0]


def test_a_level_is_the_mean_of_its_readings_and_ends_with_them() -> None:
    points = [(0.5, 1.0), (1.0, 3.0), (1.5, 5.0), (40.0, 7.0)]
    (line, *_) = lines({"loadavg.load1": {(): points}}, "load", [0, 1, 2, 30, 40])
    assert line.values == [2.0, 5.0, None, 7.0]


def test_shares_are_of_all_modes() -> None:
    told: Readings = {
        f"stat.{mode}": {(): [(0.0, 0.0), (1.0, spent)]}
        for mode, spent in {"user": 0.5, "nice": 0.0, "system": 0.25, "irq": 0.0, "softirq": 0.0,
                            "iowait": 0.0, "steal": 0.25, "idle": 1.0}.items()
    }  # fmt: skip
    got = {line.name: line.values for line in lines(told, "cpu", [0, 1])}
    assert got["programs"] == [0.25]
    assert got["kernel"] == [0.125]
    assert got["stolen"] == [0.125]


def test_a_missing_mode_is_a_gap_and_no_share() -> None:
    told: Readings = {
        f"stat.{mode}": {(): [(0.0, 0.0), (1.0, 1.0)]} for mode in ("user", "nice", "system", "irq")
    }
    found, gaps, _ = Grid(Told(told), [0, 1], 1.0, 4096).lines(chart("cpu"))
    assert found == []
    assert {gap.source for gap in gaps} >= {"stat.idle", "stat.steal"}


def test_the_busiest_devices_are_drawn_and_the_rest_counted() -> None:
    told: Readings = {
        "diskstats.io_ticks": {(("device", f"sd{n}"),): [(0.0, 0.0), (1.0, n / 100)] for n in range(9)}
    }
    found, _, left = Grid(Told(told), [0, 1], 1.0, 4096).lines(chart("disks"))
    assert [line.label for line in found] == ["sd8", "sd7", "sd6", "sd5", "sd4", "sd3"]
    assert left == 2, "sd0 did nothing"


def test_the_loopback_device_is_no_network() -> None:
    told: Readings = {
        f"net_dev.{column}": {(("device", device),): [(0.0, 0.0), (1.0, 5.0)] for device in ("lo", "eth0")}
        for column in ("receive_bytes", "transmit_bytes")
    }
    assert {line.label for line in lines(told, "network", [0, 1])} == {"eth0"}


@pytest.mark.parametrize(("since", "until", "points"), [(0.0, 100.0, 10), (0.0, 3.0, 500), (5.0, 5.5, 2)])
def test_steps_are_never_shorter_than_two_readings(since: float, until: float, points: int) -> None:
    got = edges(since, until, points, 1.0)
    assert got[0] == since
    assert got[-1] == pytest.approx(until)
    assert len(got) - 1 <= points
    assert len(got) == 2 or got[1] - got[0] >= 2


def test_two_boots_are_one_chart_with_nothing_between() -> None:
    def boot(offset: float, value: float) -> Stretch:
        told = Told({"loadavg.load1": {(): [(float(t), value) for t in range(20)]}})
        return Stretch(told, offset, offset + 19, offset, 1.0, 4096)

    told = drawn([boot(1000.0, 1.0), boot(1100.0, 2.0)], 1000.0, 1120.0, 60)
    (load,) = [one for one in told["charts"] if one["id"] == "load"]  # type: ignore[attr-defined]
    (line,) = load["series"]
    assert line["values"][4] == 1.0
    assert line["values"][-2] == 2.0
    assert line["values"][30] is None
