"""The command: listing, showing, running and refusing, in both languages and as JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.tasks.children import until

from jinmaek.cli.main import main
from jinmaek.lab import experiments

NAME = "processes.untouched-malloc"


def test_every_experiment_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "list"]) == 0
    said = capsys.readouterr().out
    assert all(one.name in said for one in experiments())
    assert main(["lab", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["schema"] == 1
    assert [one["name"] for one in listed["experiments"]] == [one.name for one in experiments()]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_one_is_shown_in_full(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "show", NAME, "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert ("VIRT" in said, "가상" in said or "건드리지" in said) == (True, lang == "ko")


def test_an_unknown_name_is_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "show", "processes.untouched-maloc"]) == 2
    assert NAME in capsys.readouterr().err


def test_a_refusal_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["lab", "run", NAME, "--memory", "1M", "--dir", str(tmp_path), "--lang", "en"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--memory" in said.err


@pytest.mark.parametrize(("text", "status"), [("1T", 2), ("", 2), ("-1", 2), ("many", 2)])
def test_a_size_that_is_none(text: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "run", NAME, f"--memory={text}"]) == status
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.kernel
def test_a_run_reads_answers_and_diagnoses(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["lab", "run", NAME, "--json", "--dir", str(tmp_path)]) == 0
    (done,) = json.loads(capsys.readouterr().out)["runs"]
    assert done["verdict"] == "holds"
    assert [reading["phase"] for reading in done["readings"]] == ["before", "during"]
    assert done["looks"][0]["diagnosis"]["schema"] == 1
    assert done["not_undone"] == []


@pytest.mark.kernel
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_interrupted_it_cleans_up(number: int, status: int, tmp_path: Path) -> None:
    lab = subprocess.Popen(
        [sys.executable, "-m", "jinmaek", "lab", "run", NAME, "--dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: bool(list(tmp_path.glob("jinmaek-lab-*/*/journal"))) or lab.poll() is not None)
    time.sleep(0.5)
    os.kill(lab.pid, number)
    _said, errors = lab.communicate(timeout=60)
    assert (lab.returncode, errors) == (status, "")
    assert not list(tmp_path.glob("jinmaek-lab-*/*"))
