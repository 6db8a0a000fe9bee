"""recordings: list, verify, prune, export; gaps are stated with their reason."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.history.recording.kept import BEGAN, META, clocks, made, write

from jinmaek.cli.main import main
from jinmaek.history.recording.holes import holes
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.writer import Writer


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["recordings", *words]) == status
    return capsys.readouterr().out


def test_a_glance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 30)
    write(tmp_path, 30, first=100)
    told = json.loads(said(capsys, "list", "--json", "--recording", str(tmp_path)))
    assert (told["host"], told["samples"], told["boots"], told["recorder"]) == ("h", 60, 1, None)
    assert told["gaps"] == [{"since": BEGAN + 29, "until": BEGAN + 100, "why": "recorder stopped"}]
    text = said(capsys, "list", "--recording", str(tmp_path), "--lang", "en")
    assert "60 samples 1.0 s apart" in text
    assert "recorder stopped" in text


def test_why_samples_are_missing(tmp_path: Path) -> None:
    writer = Writer(str(tmp_path), META)

    def add(second: float, awake: float | None = None, **other: object) -> None:
        one = replace(made(0), wall=BEGAN + second, monotonic=100.0 + second)
        one = replace(one, **other)  # type: ignore[arg-type]
        told = clocks(one)
        told["monotonic"] = round((100 + (second if awake is None else awake)) * 1e9)
        assert writer.add(one, told)

    for second, awake in ((0, 0), (1, 1), (20, 2), (21, 3), (24, 6)):
        add(second, awake)
    add(25, 7, wall=BEGAN + 5000)
    add(26, 8, wall=BEGAN + 5001, boot_id="cc")
    os.close(writer._lock)
    Writer(str(tmp_path), META).close()
    writer = Writer(str(tmp_path), META)
    add(80, 60, wall=BEGAN + 5055, boot_id="cc")
    writer.close()
    with Recording(str(tmp_path)) as recording:
        assert [hole.why for hole in holes(recording)] == [
            "host suspended",
            "recorder did not run for 2.0 s",
            "the clock was set",
            "another boot",
            "recorder killed",
        ]


def test_verifying(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 330)
    told = json.loads(said(capsys, "verify", "--json", "--recording", str(tmp_path)))
    assert told == {"schema": 1, "blocks": 2, "samples": 330, "damage": []}
    path = next(tmp_path.glob("*.jmk"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    assert "mended:" in said(capsys, "verify", "--recording", str(tmp_path), "--lang", "en")
    data[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
    path.write_bytes(data)
    assert "lost:" in said(capsys, "verify", "--recording", str(tmp_path), "--lang", "en", status=1)


def test_csv_of_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = write(tmp_path, 40)
    text = said(capsys, "export", "--table", "softnet_stat", "--recording", str(tmp_path), "--since", "10s")
    rows = list(csv.DictReader(io.StringIO(text)))
    wanted = [
        (f"{one.wall:.6f}", str(row.cpu), str(row.processed), "")  # type: ignore[attr-defined]
        for one in told[29:]
        for row in one.tables.get("softnet_stat", ())
    ]
    assert [(r["time"], r["cpu"], r["processed"], r["backlog_len"]) for r in rows] == wanted


def test_csv_of_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 3)
    text = said(capsys, "export", "--table", "tasks", "--recording", str(tmp_path))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["pid"] for row in rows] == ["1", "2", "10"] * 3
    assert rows[1]["comm"] == "kid"
    assert rows[0]["vm_swap"] == rows[0]["uid"] == ""


def test_openmetrics_is_what_prometheus_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], peer: Callable[[str], str]
) -> None:
    write(tmp_path, 40)
    text = said(capsys, "export", "--format", "openmetrics", "--recording", str(tmp_path))
    assert f"node_memory_MemFree_bytes {(1000 + 17 * 5) * 1024.0!r} {BEGAN + 5:.3f}\n" in text
    assert 'node_softnet_processed_total{cpu="1"} 12.0 ' in text
    assert text.endswith("# EOF\n")
    metrics = tmp_path / "metrics"
    metrics.write_text(text)
    done = subprocess.run(
        [peer("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(metrics), str(tmp_path / "tsdb")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["export", "--recording", "{}"], "a file of CSV holds one table"),
        (["export", "--recording", "{}", "--table", "slabinfo"], "it is not in this recording"),
        (["export", "--recording", "{}", "--table", "tasks", "--format", "openmetrics"], "no metrics"),
        (["prune", "--recording", "{}"], "nothing says how much to keep"),
        (["import", "x.json"], "a folder of its own"),
    ],
)
def test_what_cannot_be_done(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, 3)
    assert main(["recordings", *(word.format(tmp_path) for word in words)]) == 2
    assert told in capsys.readouterr().err
