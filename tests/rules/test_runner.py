"""The runner of rule cases says so when a case file and a rule disagree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.rules.promtool_series import Series, seconds, selector, values
from tests.rules.test_cases import problems

from jinmaek.diagnosis.expr import rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.model import Gap

BUSY = Rule(
    id="disk.busy",
    title="{device} is busy",
    when=rate("diskstats.io_ticks") > 0.5,
    unless=(Sign("forks", rate("stat.processes") > 10),),
    held=120,
    severity="info",
    why="It is.",
    helps=(),
    does_not_help=(),
    sources=(),
)


def alert(severity: str, device: str) -> Mapping[str, Any]:
    return {"exp_labels": {"severity": severity, "instance": "a", "job": "node", "device": device}}


ALERT = alert("info", "sda")


def case(name: str, step: str, forks: str = "0x40", *alerts: object, at: str = "9m") -> Mapping[str, Any]:
    series = [{"series": 'node_forks_total{instance="a"}', "values": forks}]
    if step:
        busy = 'node_disk_io_time_seconds_total{device="sda",instance="a",job="node"}'
        series.append({"series": busy, "values": step})
    moment = {"eval_time": at, "alertname": "disk.busy", "exp_alerts": list(alerts)}
    test = {"name": name, "interval": "15s", "input_series": series, "alert_rule_test": [moment]}
    return {"rule_files": ["rules.yml"], "tests": [test]}


RIGHT = {
    "firing: busy": case("firing: busy", "0+15x40", "0x40", ALERT),
    "not yet held": case("quiet before", "0x4 1+15x10", at="2m"),
    "quiet": case("quiet", "0+3x40"),
    "vetoed": case("vetoed by forks", "0+15x40", "0+300x40"),
    "unknown": case("unknown", ""),
}
WRONG = {
    "expected to fire": case("firing", "0+3x40", "0x40", ALERT),
    "fires unexpectedly": case("quiet", "0+15x40"),
    "another subject": case("firing", "0+15x40", "0x40", alert("info", "sdb")),
    "another severity": case("firing", "0+15x40", "0x40", alert("benign", "sda")),
    "quiet, but unknown": case("quiet", ""),
    "unknown, but quiet": case("unknown", "0+3x40"),
    "vetoed, but quiet": case("vetoed", "0+3x40"),
    "no verdict": case("busy", "0+3x40"),
}


@pytest.mark.parametrize("document", RIGHT.values(), ids=RIGHT)
def test_right_cases_pass(document: Mapping[str, Any]) -> None:
    assert list(problems(BUSY, document)) == []


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_wrong_cases_are_named(document: Mapping[str, Any]) -> None:
    assert list(problems(BUSY, document))


def test_the_notation_of_series() -> None:
    assert values("1+2x3 _ _x2 stale 5x1 -1-0.5x1 .5e1") == [
        *(1, 3, 5, 7),
        *("_", "_", "_"),
        "stale",
        *(5, 5, -1, -1.5, 5),
    ]
    assert selector("""m{a="x\\"y", b='z'}""") == ("m", {"a": 'x"y', "b": "z"})
    assert (seconds("1h30m"), seconds("15s"), seconds("500ms")) == (5400, 15, 0.5)


def test_series_are_columns_in_our_units_with_our_labels() -> None:
    from jinmaek.catalog import ref

    history = Series(
        10,
        [
            ('node_buddyinfo_blocks{node="0",zone="DMA",size="4"}', "1 stale _ 3"),
            ('node_disk_discarded_sectors_total{device="sda"}', "2"),
            ('node_cpu_seconds_total{cpu="0",mode="user"}', "7"),
        ],
    )
    blocks = history.series(ref("buddyinfo.free_blocks"), 0, 100)
    assert blocks == {(("node", "0"), ("order", "4"), ("zone", "DMA")): [(0, 1), (10, None), (30, 3)]}
    assert history.series(ref("diskstats.discard_sectors"), 0, 0) == {(("device", "sda"),): [(0, 1024)]}
    assert history.series(ref("stat_cpu.user"), 1, 9) == {}
    assert history.series(ref("stat_cpu.system"), 0, 9) == Gap("absent", "stat_cpu.system")
