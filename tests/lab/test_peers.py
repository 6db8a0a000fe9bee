"""What peers say is read as it is written, and their best case is theirs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from jinmaek.lab.bench import Bench
from jinmaek.lab.peers import glances, netdata, prometheus
from jinmaek.lab.peers.held import running
from jinmaek.lab.peers.peer import Alarm
from jinmaek.lab.undo import members

RULES = """
groups:
- name: node-exporter
  rules:
  - alert: Always
    expr: rate(node_cpu_seconds_total[5m]) >= 0
    for: 15m
  - alert: Now
    expr: node_memory_MemTotal_bytes > 0
  - alert: Never
    expr: node_memory_MemTotal_bytes < 0
"""


@pytest.mark.parametrize(
    ("asked", "short"),
    [
        ("rate(x[5m]) > 1", "rate(x[10s]) > 1"),
        ("predict_linear(y[6h], 4*60*60) < 0", "predict_linear(y[10s], 4*60*60) < 0"),
        ('z{device=~"[a-z]+"}[7s]', 'z{device=~"[a-z]+"}[7s]'),
    ],
)
def test_windows_are_cut(asked: str, short: str) -> None:
    assert prometheus.shortened(asked) == short


def test_alarms_of_netdata_look_every_second_and_not_far_back() -> None:
    text = "   lookup: average -10m unaligned of user\n    every: 1m\n     warn: $this > 85\n"
    said = "   lookup: average -10s unaligned of user\n    every: 1s\n     warn: $this > 85\n"
    assert netdata.shortened(text) == said
    assert netdata.shortened("lookup: max -5s at -5s\n") == "lookup: max -5s at -5s\n"


def test_an_event_of_glances_counts_while_it_lasts(tmp_path: Path) -> None:
    top = [{"name": "hog", "pid": 7}, {"name": "other", "pid": 8}]
    events = [
        [100.0, -1, "CRITICAL", "CPU", 1, 1, 1, 1, 1, top, "", ""],
        [100.0, 104.0, "WARNING", "MEM", 1, 1, 1, 1, 1, [], "", ""],
        [100.0, -1, "CAREFUL", "LOAD", 1, 1, 1, 1, 1, top, "", ""],
    ]
    out = tmp_path / "glances"
    out.write_text(f"alert: []\nalert: {json.dumps(events)}\nalert: [[cut o")
    assert glances.said(str(out), 105, 110) == (Alarm("CPU", "hog", 7),)
    assert glances.said(str(out), 90, 101) == (Alarm("CPU", "hog", 7), Alarm("MEM"))
    assert glances.said(str(out), 90, 99) == ()


def test_one_that_is_not_there_is_said_to_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jinmaek.lab.peers.peer.TOOLS", str(tmp_path))
    with Bench(str(tmp_path)) as bench:
        found, absent = running(bench, str(tmp_path / "rules"))
    assert found == ()
    assert [one.name for one in absent] == ["Prometheus", "netdata", "glances"]
    assert all("not installed" in one.why.told("en") for one in absent)


@pytest.mark.kernel
def test_a_prometheus_of_its_own_that_ends_with_the_lab(tmp_path: Path) -> None:
    import time

    if not (shutil.which("prometheus") and shutil.which("prometheus-node-exporter")):
        pytest.skip("Prometheus and node_exporter are not installed")
    if os.geteuid() != 0:
        pytest.skip("as root it is known to answer")
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES)
    with Bench(str(tmp_path)) as bench:
        shipped, best = prometheus.peers(bench, str(rules))
        began = time.time()
        end = time.monotonic() + 120
        while {alarm.name for alarm in best.said(began, time.time())} != {"Always", "Now"}:
            assert time.monotonic() < end
            time.sleep(0.2)
        while not (said := shipped.said(began, time.time())):
            assert time.monotonic() < end
            time.sleep(0.2)
        assert said == (Alarm("Now"),)
        servers = list(bench.pids)
    assert not [pid for group in servers for pid in members(group)]
