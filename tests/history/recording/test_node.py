"""Dumps of node_exporter as a recording: names mapped back, times found, and what has no column named."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.engines import await_scrape, node_exporter, prometheus

from jinmaek.catalog import tables
from jinmaek.cli.main import main
from jinmaek.columns import columns_of, labels_of
from jinmaek.history.recording.exposition import Line, NotMetrics, named, read
from jinmaek.history.recording.node import moment
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.kernel.meminfo import parse
from jinmaek.model import Gap
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, take

AT = 1_764_126_000.0
SMALL = """\
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.5
node_load5 1e-2
node_memory_MemTotal_bytes 1.048576e+09
node_memory_MemFree_bytes 5.24288e+08
node_cpu_seconds_total{cpu="0",mode="idle"} 1000.5
node_cpu_seconds_total{cpu="0",mode="user"} 10
node_cpu_seconds_total{cpu="1",mode="idle"} 900
node_cpu_seconds_total{cpu="1",mode="user"} 20
node_disk_reads_completed_total{device="sda"} 7
node_boot_time_seconds 1.764e+09
node_uname_info{domainname="(none)",machine="x86_64",nodename="db1",release="6.1.0",version="#1"} 1
go_goroutines 8
node_scrape_collector_success{collector="cpu"} 1
"""


def imported(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(["recordings", "import", "--recording", str(folder), *words])
    told = capsys.readouterr()
    return status, told.out, told.err


def past(folder: Path) -> Past:
    recording = Recording(str(folder))
    return Past(recording, recording.entries[-1].boot, 0, float("inf"))


def test_lines_and_labels() -> None:
    (one,) = read(['a{x="1, \\"}{\\\\", y="\\u00e9\\n"} 2.5 1764126000123 # {t="x"} 1\n'])
    assert isinstance(one, Line)
    assert (one.value, one.time) == (2.5, 1_764_126_000.123)
    assert named(one.series) == ("a", {"x": '1, "}{\\', "y": "é\n"})
    (two,) = read(["b 3e4 1764126000.5\n"])
    assert two == Line("b", 3e4, 1_764_126_000.5)
    (three,) = read(['{__name__="up", instance="a:1"} 1 1764126000123\n'])
    assert isinstance(three, Line)
    assert named(three.series) == ("up", {"instance": "a:1"})
    assert list(read(["# HELP b x\n", "\n", "# TIME 12\n", "# EOF"])) == ["12"]
    for wrong in ("a", "a b", "1 2", "a{ 3", 'a{x="} 3', "a 1 2 3"):
        with pytest.raises(NotMetrics, match="line 1 is no metric"):
            list(read([wrong]))
    with pytest.raises(NotMetrics, match="no name"):
        named('{x="y"}')
    with pytest.raises(NotMetrics, match="no labels"):
        named("a{x}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metrics-1764126000.prom", AT), ("m1764126000123", AT + 0.123), ("2025-11-26T03:00:00Z", AT),
        ("x_20251126T120000+0900.txt", AT), ("20251126-0300Z", AT), ("metrics.prom", None), ("v1.2.3", None),
        ("2025-13-26T03:00:00Z", None),
    ],
)  # fmt: skip
def test_times_in_texts(text: str, told: float | None) -> None:
    assert moment(text) == told


def test_a_folder_of_dumps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dumps = tmp_path / "dumps"
    dumps.mkdir()
    for n in range(4):
        text = SMALL.replace("node_load1 0.5", f"node_load1 {n}")
        (dumps / f"metrics-{AT + 15 * n:.0f}.prom").write_text(text)
    status, out, err = imported(capsys, tmp_path / "r", str(dumps))
    assert (status, out) == (0, "4\n")
    assert "times by the file's name: 4 files" in err
    assert "2 of 10 metrics have no column here: go_goroutines, node_scrape_collector_success" in err
    found = past(tmp_path / "r")
    assert [found.wall(place) for place in range(4)] == [AT, AT + 15, AT + 30, AT + 45]
    assert found.times[0] == AT - 1_764_000_000
    assert found.meta["host"] == "db1"
    assert found.meta["kernel"] == "6.1.0"
    assert found.meta["interval"] == 15
    last = found.snapshot(3)
    (load,) = last.tables["loadavg"]
    (memory,) = last.tables["meminfo"]
    (stat,) = last.tables["stat"]
    assert (load.load1, load.load5, load.load15) == (3, 0.01, None)  # type: ignore[attr-defined]
    assert memory == next(iter(parse("MemTotal: 1024000 kB\nMemFree: 512000 kB\n")))
    assert stat.idle == 1900.5  # type: ignore[attr-defined]
    assert stat.steal is None  # type: ignore[attr-defined]
    assert len(last.tables["stat_cpu"]) == 2
    assert "vmstat" not in last.tables
    assert main(["diagnose", "--recording", str(tmp_path / "r"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["host"] == "db1"
    assert told["facts"]["loadavg.load1"] == 3
    assert any(one["gap"]["detail"] == "not recorded then" for one in told["unknown"])


def test_which_time_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "metrics-1764126000.prom"
    for number, (text, way, at) in enumerate(
        [
            (SMALL, "the file's name", AT),
            (f"{SMALL}node_time_seconds {AT + 7.25}\n", "node_time_seconds", AT + 7.25),
            (f"# time 2025-11-26T03:00:02Z\n{SMALL}node_time_seconds 1\n", "a # time comment", AT + 2),
            (SMALL.replace("node_load1 0.5", "node_load1 0.5 1764126003000"), "the lines themselves", None),
        ]
    ):
        file.write_text(text)
        folder = tmp_path / str(number)
        status, _, err = imported(capsys, folder, str(file))
        assert status == 0
        assert f"times by {way}: 1 file" in err
        if at is not None:
            assert past(folder).wall(0) == at
    plain = tmp_path / "metrics"
    plain.write_text(SMALL)
    os.utime(plain, (AT + 9, AT + 9))
    status, _, err = imported(capsys, tmp_path / "m", str(plain))
    assert "times by when the file was written: 1 file\n" in err
    assert past(tmp_path / "m").wall(0) == AT + 9
    status, out, _ = imported(capsys, tmp_path / "t", str(plain), "--time", f"@{AT}", "--json")
    assert json.loads(out)["times"] == {"--time": 1}
    assert past(tmp_path / "t").wall(0) == AT
    assert imported(capsys, tmp_path / "u", str(plain), str(file), "--time", "@1")[0] == 2


def openmetrics(instance: str) -> str:
    """As ``promtool tsdb dump-openmetrics`` prints: series by series, each with its times."""
    lines = []
    for line in SMALL.splitlines():
        if not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            name, _, labels = series.partition("{")
            inside = ", ".join(filter(None, [labels.rstrip("}"), f'instance="{instance}"', 'job="node"']))
            lines += [f"{name}{{{inside}}} {value} {AT + 15 * n:.3f}" for n in range(300)]
    return "\n".join([*lines, "# EOF", ""])


def test_what_promtool_dumps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dump.om"
    file.write_text(openmetrics("db1:9100"))
    assert imported(capsys, tmp_path / "r", str(file))[:2] == (0, "300\n")
    found = past(tmp_path / "r")
    assert len(found) == 300
    assert found.wall(299) == AT + 15 * 299
    assert not isinstance(found.rows("loadavg", 299), Gap)
    file.write_text(openmetrics("db1:9100") + openmetrics("db2:9100"))
    status, _, err = imported(capsys, tmp_path / "s", str(file))
    assert status == 2
    assert "db1:9100, db2:9100" in err
    assert imported(capsys, tmp_path / "s", str(file), "--host", "db2:9100")[:2] == (0, "300\n")
    assert imported(capsys, tmp_path / "t", str(file), "--host", "db3:9100")[0] == 3


def test_what_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x"
    for text in ("", "<html>\n", "go_goroutines 8\n", "node_load1 zero\n"):
        file.write_text(text)
        status, _, err = imported(capsys, tmp_path / "r", str(file))
        assert status == 3, text
        assert err.count("\n") == 1
    assert imported(capsys, tmp_path / "r", str(tmp_path / "none"))[0] == 3


def keyed(table: str, snapshot: Snapshot) -> dict[tuple[str, ...], Any]:
    """The rows of a table by their labels."""
    labels = labels_of(tables()[table].row)
    return {tuple(str(getattr(row, name)) for name in labels): row for row in snapshot.tables.get(table, ())}


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory, peer: Callable[[str], str]) -> Iterator[str]:
    with node_exporter(peer, tmp_path_factory.mktemp("exporter")) as started:
        yield f"{started.url}/metrics"


def test_the_real_exporter(exporter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures of a scrape are those of the kernel's files just before and just after it."""
    seen = []
    watched = ("meminfo", "loadavg", "stat", "stat_cpu", "vmstat", "diskstats", "net_dev", "pressure_memory")
    for n in range(3):
        before = take(LIVE, watched)
        text = urllib.request.urlopen(exporter, timeout=60).read()
        seen.append((before, take(LIVE, watched)))
        (tmp_path / f"{n}.prom").write_bytes(text)
    status, out, err = imported(capsys, tmp_path / "r", *(str(tmp_path / f"{n}.prom") for n in range(3)))
    assert (status, out) == (0, "3\n")
    assert "times by node_time_seconds: 3 files" in err
    assert "have no column here: " in err
    found = past(tmp_path / "r")
    checked = 0
    for place, (before, after) in enumerate(seen):
        snapshot = found.snapshot(place)
        assert before.wall - 0.1 <= snapshot.wall <= after.wall + 0.1
        for name in watched:
            rows = [keyed(name, one) for one in (before, snapshot, after)]
            for key in rows[0].keys() & rows[1].keys() & rows[2].keys():
                low, row, high = (each[key] for each in rows)
                for field in row.__match_args__:
                    values = [getattr(one, field) for one in (low, row, high)]
                    declared = columns_of(tables()[name].row).get(field)
                    if declared is None or None in values:
                        continue
                    if declared.kind == "counter" and values[0] <= values[2]:
                        # Counters only rise: the scrape's lies between. The sum of CPUs in whole ticks is a
                        # tick of each below what the kernel adds up in nanoseconds.
                        slack = 0.01 * (os.cpu_count() or 1) if name == "stat" else 1e-6
                        # Of idle and iowait it may take some back; node_exporter keeps it, up to 3 s.
                        back = 3.0 * (os.cpu_count() or 1) if field in ("idle", "iowait") else 0.0
                        low_enough, high_enough = values[0] - slack - back, values[2] + 0.011 + back
                        assert low_enough <= values[1] <= high_enough, f"{name}.{field}"
                        checked += 1
                    elif field in ("MemTotal", "SwapTotal", "HugePages_Total"):
                        assert values[0] == values[1]
                        checked += 1
    assert checked > 300
    assert main(["free", "--recording", str(tmp_path / "r"), "--json"]) == 0
    free = json.loads(capsys.readouterr().out)
    total = seen[-1][0].tables["meminfo"][0].MemTotal  # type: ignore[attr-defined]
    assert str(total) in json.dumps(free)
    assert main(["diagnose", "--recording", str(tmp_path / "r"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    judged = {one["rule"] for one in (*told["quiet"], *told["findings"])}
    assert {"memory.low", "cpu.saturated"} & judged


def test_the_dump_of_a_real_prometheus(
    exporter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], peer: Callable[[str], str]
) -> None:
    """What its database holds of this host, dumped and imported, is what it had scraped."""
    host = exporter.removeprefix("http://").removesuffix("/metrics")
    config = (
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{host}']}}]}}]\n"
    )
    with prometheus(peer, tmp_path, config) as engine:
        at = await_scrape(engine.url, "count_over_time(node_load1[1m]) >= 3")
    over = time.time()
    dump = tmp_path / "dump"
    with dump.open("wb") as file:
        subprocess.run([peer("promtool"), "tsdb", "dump", str(tmp_path / "data")], stdout=file, check=True)
    status, out, err = imported(capsys, tmp_path / "r", str(dump))
    assert status == 0, err
    assert int(out) >= 3
    assert "times by the lines themselves: 1 file" in err
    found = past(tmp_path / "r")
    assert at - 60 < found.wall(len(found) - 1) < over
    (memory,) = found.snapshot(len(found) - 1).tables["meminfo"]
    assert memory.MemTotal == take(LIVE, ["meminfo"]).tables["meminfo"][0].MemTotal  # type: ignore[attr-defined]
    assert main(["memory", "--recording", str(tmp_path / "r"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["total_bytes"] == memory.MemTotal  # type: ignore[attr-defined]
