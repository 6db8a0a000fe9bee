"""Rules as alerts: ``for`` as Prometheus counts it, and the rule file."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import yaml
from tests.rules.promtool_series import Series

from jinmaek.diagnosis.alerts import active, alerts_over, needs, prometheus_rules
from jinmaek.diagnosis.evaluate import Missing, Vector
from jinmaek.diagnosis.expr import now, rate
from jinmaek.diagnosis.rule import Rule, Sign

RULE = Rule(
    id="disk.deep-queue",
    title="Disk {device} has a queue, 'deep'",
    when=now("diskstats.in_flight") > 1,
    agree=(Sign("threads wait", rate("pressure_io.some_total") > 0.1),),
    unless=(Sign("too much", now("diskstats.in_flight") > 100),),
    held=60,
    clear_for=0,
    severity="info",
    worse=(("critical", now("diskstats.in_flight") > 10),),
    why="It says: \\ {device}\tat work.",
    helps=("a",),
    does_not_help=("b",),
    sources=("proposed",),
)
SDA = (("device", "sda"),)
STALLED = ("node_pressure_io_waiting_seconds_total", "0+30x20")


def history(in_flight: str, *more: tuple[str, str]) -> Series:
    return Series(60, [('node_disk_io_now{device="sda"}', in_flight), *more])


def test_active_by_severity() -> None:
    assert active(RULE, history("20x9", STALLED), 300, 300) == {"info": {SDA: 20}, "critical": {SDA: 20}}
    assert active(RULE, history("5x9", STALLED), 300, 300) == {"info": {SDA: 5}, "critical": {}}
    assert active(RULE, history("500x9", STALLED), 300, 300) == {"info": {}, "critical": {}}
    unknown = active(RULE, history("5x9"), 300, 300)
    assert isinstance(unknown["info"], Missing)
    assert unknown["info"].column == "pressure_io.some_total"
    assert unknown["critical"] == {}, "it is not critical, whatever the pressure is"


def test_for_starts_anew_after_a_break() -> None:
    found = alerts_over(RULE, history("5 5 5 5 0 5 20 20 20", STALLED), [60.0 * n for n in range(9)], 300)
    # The growth of one minute in a window of five is not over the limit: it is pending from minute 2.
    fired = [minute for minute, levels in enumerate(found) if minute and levels["info"]]
    assert fired == [3, 6, 7, 8]
    assert [bool(levels["critical"]) for levels in found[1:]] == [False] * 6 + [True, True]
    assert isinstance(found[0]["info"], Missing)


def test_one_that_fires_goes_on_for_a_while(peer: Callable[[str], str], tmp_path: Path) -> None:
    """The same minutes as in Prometheus, whatever the condition does in between."""
    rule = replace(RULE, clear_for=150)
    levels = "5 5 5 0 0 5 0 0 0 0 5 0 5 5 500 5 5 20 20 20 5 0 _ _ _ 5 5 5 stale 5 5"
    series = ['node_disk_io_now{device="sda"}', "node_pressure_io_waiting_seconds_total"]
    values = [levels, "0+30x40"]
    times = [60.0 * minute for minute in range(2, 30)]
    fired = alerts_over(rule, Series(60, zip(series, values, strict=True)), times, 300)
    kept = [minute for minute, found in zip(times, fired, strict=True) if not vector(found["info"])]
    assert 0 < len(kept) < len(times)
    # Nothing is asked before the second minute: the alerts begin there in both.
    tests = [
        {
            "eval_time": f"{at:.0f}s",
            "alertname": rule.id,
            "exp_alerts": [
                {"exp_labels": {"severity": severity, **dict(subject)}}
                for severity, vector_now in found.items()
                for subject in vector(vector_now)
            ],
        }
        for at, found in zip(times, fired, strict=True)
    ]
    inputs = [{"series": name, "values": text} for name, text in zip(series, values, strict=True)]
    (tmp_path / "rules.yml").write_text(prometheus_rules([rule], annotations=False))
    document = {"interval": "1m", "input_series": inputs, "alert_rule_test": tests}
    whole = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [document]}
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(whole))
    run = subprocess.run(
        [peer("promtool"), "test", "rules", "cases.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert run.returncode == 0, (run.stdout + run.stderr).decode()[:3000]


def vector(found: Vector | Missing) -> Vector:
    return {} if isinstance(found, Missing) else found


def test_the_rule_file() -> None:
    loaded = yaml.safe_load(prometheus_rules([RULE], annotations=True, window="2m"))
    expr = (
        "(node_disk_io_now > 1\nunless on (instance, device) node_disk_io_now > 100)\n"
        "and on (instance) rate(node_pressure_io_waiting_seconds_total[2m]) > 0.1{more}"
    )
    said = {
        "summary": "Disk {{ $labels.device }} has a queue, 'deep'",
        "description": "It says: \\ {{ $labels.device }}\tat work.",
    }
    base = {"alert": "disk.deep-queue", "for": "1m", "annotations": said}
    worse = "\nand on (instance, device) node_disk_io_now > 10"
    rules = [
        {**base, "expr": expr.replace("{more}", ""), "labels": {"severity": "info"}},
        {**base, "expr": expr.replace("{more}", worse), "labels": {"severity": "critical"}},
    ]
    assert loaded == {"groups": [{"name": "disk", "rules": rules}]}
    kept = yaml.safe_load(prometheus_rules([replace(RULE, clear_for=90)], annotations=False))
    assert [rule["keep_firing_for"] for rule in kept["groups"][0]["rules"]] == ["90s", "90s"]
    plain = yaml.safe_load(prometheus_rules([RULE], annotations=False))
    assert all("annotations" not in rule for rule in plain["groups"][0]["rules"])
    assert yaml.safe_load(prometheus_rules([], annotations=False)) == {"groups": []}


def rule_on(*columns: str) -> Rule:
    signs = tuple(Sign(column, now(column) > 1) for column in columns)
    return Rule(
        id="a.b", title="t", when=now("stat.procs_running") > 1, agree=signs, held=0, severity="benign",
        why="w", helps=(), does_not_help=(), sources=(),
    )  # fmt: skip


def test_needs_are_the_columns_a_stock_exporter_lacks() -> None:
    lacking = ["vmstat.compact_stall", "buddyinfo.free_blocks", "stat.iowait"]
    wanted = rule_on("vmstat.pswpin", *lacking, "meminfo.Dirty")
    assert [ref.name for ref in needs(wanted)] == lacking
    loaded = yaml.safe_load(prometheus_rules([wanted], annotations=True))["groups"][0]["rules"][0]
    assert loaded["annotations"]["needs"].startswith("vmstat.compact_stall (node_vmstat_compact_stall), ")
    assert loaded["labels"] == {"severity": "benign"}
    assert "for" not in loaded
    assert needs(RULE) == ()


def test_labels_in_texts_are_named_as_exported() -> None:
    rule = Rule(
        id="a.b", title="{order}", when=now("buddyinfo.free_blocks") > 1, held=0, severity="info", why="w",
        helps=(), does_not_help=(), sources=(),
    )  # fmt: skip
    loaded = yaml.safe_load(prometheus_rules([rule], annotations=True))["groups"][0]["rules"][0]
    assert loaded["annotations"]["summary"] == "{{ $labels.size }}"
