"""The command as its user meets it: captured trees, empty ones, hostile names, exit statuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.conftest import CAPTURES, OTHER_HOSTS

from jinmaek.cli.main import main
from jinmaek.i18n import tr
from jinmaek.rules import rules

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "diagnosis.schema.json").read_text())
TREES = [path for path in sorted(CAPTURES.iterdir()) if path.is_dir()]
OTHERS = [path for path in (*OTHER_HOSTS.glob("sysstat/*"), OTHER_HOSTS / "node_exporter") if path.is_dir()]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    status = main(["diagnose", *words, "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    return status, document


@pytest.mark.parametrize("tree", TREES + OTHERS, ids=lambda path: path.name)
def test_a_captured_tree_ends_with_a_verdict_for_every_rule(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = said(capsys, "--root", str(tree))
    judged = {v["rule"] for kind in ("findings", "quiet", "unknown") for v in document[kind]}
    assert judged == {rule.id for rule in rules()}
    assert status == (0 if document["facts"] else 3)
    assert all(unknown["gap"]["source"] for unknown in document["unknown"])


def test_an_empty_tree_is_unknown_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, document = said(capsys, "--root", str(tmp_path))
    assert status == 3
    assert document["findings"] == document["quiet"] == []
    assert {unknown["rule"] for unknown in document["unknown"]} == {rule.id for rule in rules()}


def test_no_tree_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path / "nothing")]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "not a directory" in error


@pytest.mark.parametrize(
    "words", [["--for", "soon"], ["--interval", "1ms"], ["--for", "1s", "--interval", "2s"]]
)
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1


def copied(tree: Path, into: Path) -> Path:
    for source in tree.rglob("*"):
        if source.is_file():
            target = into / source.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return into


def test_hostile_names_print_harmlessly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = copied(CAPTURES / "6.18", tmp_path)
    (root / "proc" / "sys" / "kernel").mkdir(parents=True, exist_ok=True)
    (root / "proc" / "sys" / "kernel" / "hostname").write_bytes(b"evil\x1b[2Jhost\x07\n")
    swaps = "Filename\tType\tSize\tUsed\tPriority\n/x\\033[31m\\012y file 1048576 524288 -2\n"
    (root / "proc" / "swaps").write_text(swaps)
    assert main(["--root", str(root)]) == 0
    out = capsys.readouterr().out
    assert "evil" in out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)


def test_korean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(CAPTURES / "6.18"), "--lang", "ko"]) == 0
    out = capsys.readouterr().out
    assert tr("ko", "could not be judged") in out
    assert "could not be judged" not in out


def test_fail_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = copied(CAPTURES / "6.18", tmp_path)
    meminfo = root / "proc" / "meminfo"
    text = re.sub(r"MemAvailable: +\d+", "MemAvailable: 99999999999", meminfo.read_text())
    meminfo.write_text(text)
    (root / "proc" / "uptime").write_text("99999.00 99999.00\n")
    status, document = said(capsys, "--root", str(root), "--fail-on", "warning")
    assert [f["rule"] for f in document["findings"]] == ["trust.metrics-inconsistent"]
    assert status == 1
    assert main(["--root", str(root), "--fail-on", "critical"]) == 0


def test_a_limit_set_otherwise_decides_and_is_said_to_be_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copied(CAPTURES / "6.18", tmp_path)
    (root / "proc" / "uptime").write_text("99999.00 99999.00\n")
    words = ("--root", str(root), "--set", "trust.metrics-inconsistent.pages=-1")
    assert said(capsys, "--root", str(root))[1]["changed"] == []
    _, document = said(capsys, *words)
    assert [f["rule"] for f in document["findings"]] == ["trust.metrics-inconsistent"]
    assert document["changed"] == [
        {
            "rule": "trust.metrics-inconsistent",
            "limit": "pages",
            "value": -1.0,
            "default": 0.02,
            "unit": "",
        }
    ]
    assert main([*words, "--lang", "en"]) == 0
    assert "limit changed: trust.metrics-inconsistent.pages is -1, by default 0.02" in capsys.readouterr().out


def test_a_limit_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "memory.low.nothing=1"]) == 2
    assert "there is no such limit; memory.low has available, " in capsys.readouterr().err
