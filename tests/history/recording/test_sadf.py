"""What sysstat kept becomes a recording: its rates come out again, and rules judge it.

``sysstat/sadf.json`` is what sadf 12.6 printed of a host, with fewer devices.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from jinmaek.catalog import ref
from jinmaek.cli.main import main
from jinmaek.history.recording import sadf
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.model import Gap

FILE = Path(__file__).parent / "sysstat" / "sadf.json"
DOCUMENT = json.loads(FILE.read_text())
HOST = DOCUMENT["sysstat"]["hosts"][0]


@pytest.fixture
def past(tmp_path: Path) -> Past:
    assert main(["recordings", "import", str(FILE), "--recording", str(tmp_path)]) == 0
    recording = Recording(str(tmp_path))
    return Past(recording, recording.entries[-1].boot, 0, float("inf"))


def rates(past: Past, name: str, **labels: str) -> list[float]:
    lines = past.series(ref(name), 0, float("inf"))
    assert not isinstance(lines, Gap)
    points = list(lines[tuple(sorted(labels.items()))])
    return [((b or 0) - (a or 0)) / (then - since) for (since, a), (then, b) in pairwise(points)]


def told(*path: str) -> list[float]:
    def at(one: Any, words: tuple[str, ...]) -> float:
        if not words:
            return float(one)
        first, *rest = words
        below = one[first] if isinstance(one, dict) else next(e for e in one if first in e.values())
        return at(below, tuple(rest))

    return [at(one, path) for one in HOST["statistics"][1:]]


@pytest.mark.parametrize(
    ("name", "path", "factor"),
    [
        ("stat.ctxt", ("process-and-context-switch", "cswch"), 1),
        ("stat.intr", ("interrupts", "sum", "all"), 1),
        ("vmstat.pgfault", ("paging", "fault"), 1),
        ("vmstat.pgpgin", ("paging", "pgpgin"), 1024),
        ("vmstat.pswpout", ("swap-pages", "pswpout"), 1),
        ("pressure_cpu.some_total", ("psi", "psi-cpu", "some_avg"), 0.01),
        ("pressure_io.full_total", ("psi", "psi-io", "full_avg"), 0.01),
    ],
)
def test_rates_come_out_as_they_were(past: Past, name: str, path: tuple[str, ...], factor: float) -> None:
    seconds = float(HOST["statistics"][1]["timestamp"]["interval"])
    assert rates(past, name) == pytest.approx([one * factor for one in told(*path)], abs=1.01 / seconds)


def test_cpu_time_by_cpu(past: Past) -> None:
    assert rates(past, "stat_cpu.idle", cpu="1") == pytest.approx(
        [one / 100 for one in told("cpu-load", "1", "idle")], abs=1e-5
    )
    assert rates(past, "diskstats.io_ticks", device="vda") == pytest.approx(
        [one / 100 for one in told("disk", "vda", "util-percent")], abs=1e-5
    )


def test_levels_are_themselves_and_what_is_not_told_is_none(past: Past) -> None:
    rows = past.rows("meminfo", 0)
    assert not isinstance(rows, Gap)
    [memory] = rows
    assert isinstance(memory, Meminfo)
    first = HOST["statistics"][0]["memory"]
    assert memory.MemFree == first["memfree"] * 1024
    assert memory.Mapped is None
    parts = sum(first[name] for name in ("memfree", "memused", "buffers", "cached", "slab"))
    assert memory.MemTotal == parts * 1024
    assert past.series(ref("vmstat.oom_kill"), 0, 9e9) == Gap(
        "absent", "vmstat.oom_kill", "not recorded then"
    )
    assert past.snapshots[0].tasks is None
    assert past.meta["host"] == "web-1"


def test_rules_judge_it(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["diagnose", "--json", "--recording", past.recording.path]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["host"] == "web-1"
    judged = {one["rule"] for part in ("findings", "quiet") for one in said[part]}
    assert {"cpu.saturated", "swap.active", "memory.low"} <= judged
    assert "process.zombies" in {one["rule"] for one in said["unknown"]}


def test_a_restart_is_another_boot() -> None:
    statistics = HOST["statistics"]
    at = statistics[3]["timestamp"]
    host = {**HOST, "restarts": [{"boot": {"date": at["date"], "time": at["time"], "utc": 1}}]}
    boots = [one.boot_id for one in sadf.snapshots(host)]
    assert len(set(boots)) == 2
    assert boots.index(boots[-1]) == 3


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"sysstat": {"hosts": [{}]}}', '{"sysstat": {"hosts": [{"statistics": [{}]}]}}']
)
def test_what_is_none(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert main(["recordings", "import", str(path), "--recording", str(tmp_path / "r")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
