"""A table as a file of Parquet holds what the CSV of it does, with the types of its columns."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest
from tests.history.recording.kept import META, clocks, live, write

from jinmaek.cli.main import main
from jinmaek.history.recording.writer import Writer

parquet = pytest.importorskip("pyarrow.parquet")


def exported(
    recording: Path, table: str, capsys: pytest.CaptureFixture[str]
) -> tuple[list[dict[str, str]], object]:
    words = ["recordings", "export", "--recording", str(recording), "--table", table]
    capsys.readouterr()
    assert main(words) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    path = recording / f"{table}.parquet"
    assert main([*words, "--format", "parquet", "--output", str(path)]) == 0
    assert capsys.readouterr().out == f"{len(rows)}\n"
    return rows, parquet.read_table(path)


@pytest.mark.parametrize(
    "table", ["meminfo", "stat_cpu", "diskstats", "pressure_memory", "tasks", "mountinfo"]
)
def test_the_same_as_csv(table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = Writer(str(tmp_path), META)
    snapshots = live(3, "procfs")
    if table != "tasks" and not snapshots[0].tables.get(table):
        writer.close()
        pytest.skip(f"{table} has no rows here")
    for one in snapshots:
        assert writer.add(one, clocks(one))
    writer.close()
    rows, made = exported(tmp_path, table, capsys)
    assert rows
    assert set(made.column_names) == set(rows[0])  # type: ignore[attr-defined]
    assert str(made.schema.field("time").type) == "timestamp[us, tz=UTC]"  # type: ignore[attr-defined]
    for theirs, ours in zip(rows, made.to_pylist(), strict=True):  # type: ignore[attr-defined]
        assert f"{ours.pop('time').timestamp():.6f}" == theirs.pop("time")
        for name, value in ours.items():
            told = theirs[name]
            if value is None:
                assert told == "", name
            elif isinstance(value, str):
                assert told == value
            else:
                assert float(told) == value, name


def test_it_is_whole_or_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, 5)
    words = [
        "recordings",
        "export",
        "--recording",
        str(tmp_path),
        "--format",
        "parquet",
        "--table",
        "meminfo",
    ]
    assert main(words) == 2
    assert main([*words, "--output", str(tmp_path / "no" / "such")]) == 3
    assert main([*words, "--output", str(tmp_path / "f"), "--table", "loadavg"]) == 2
    assert not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "f").exists()
    capsys.readouterr()


def test_without_the_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 5)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    words = [
        "recordings",
        "export",
        "--recording",
        str(tmp_path),
        "--format",
        "parquet",
        "--table",
        "meminfo",
    ]
    assert main([*words, "--output", str(tmp_path / "f")]) == 3
    told = capsys.readouterr().err
    assert "pip install 'jinmaek[export]'" in told
    assert told.count("\n") == 1
