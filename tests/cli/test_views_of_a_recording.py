"""The classic commands print of a recording what they print of the kernel's files it was made from."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.history.recording.kept import BEGAN, META, clocks, live

from jinmaek.catalog import tables
from jinmaek.cli.main import main
from jinmaek.history.recording.writer import Writer
from jinmaek.root import LIVE, Root
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks import users
from jinmaek.tasks.choose import Scanner
from jinmaek.views.top import Printed, Shown, render
from jinmaek.views.top_frame import frame

TREE = Path(__file__).parents[1] / "captures" / "6.18"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("recording")
    root = Root(str(TREE))
    with Scanner(root) as scanner:
        one = take(root, list(tables()), scanner.scan(details=True))
    assert one.tasks is not None
    writer = Writer(str(folder), META)
    for second in (0, 1, 2, 20):
        sample = replace(
            one, boot_id="b", wall=BEGAN + second, monotonic=9e6 + second,
            tasks=replace(one.tasks, time=9e6 + second),
        )  # fmt: skip
        assert writer.add(sample, clocks(sample))
    writer.close()
    return str(folder)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("free",), ("free", "-h", "-w", "-t"), ("free", "--json"), ("vmstat",), ("vmstat", "-s"),
        ("vmstat", "-f"),
        ("vmstat", "-a", "-S", "M"), ("slabtop", "-o"), ("slabtop", "-s", "c"), ("slabtop", "--json"),
        ("buddyinfo", "--index"), ("buddyinfo", "--json"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_the_same_as_of_the_files(
    words: tuple[str, ...], recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, *words, "--recording", recording) == said(capsys, *words, "--root", str(TREE))


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Snapshot]]:
    """This host, twice."""
    folder = tmp_path_factory.mktemp("moved")
    told = live(1, "procfs")
    time.sleep(0.3)
    told += live(1, "procfs")
    writer = Writer(str(folder), {**META, "host": os.uname().nodename})
    for snapshot in told:
        assert writer.add(snapshot, clocks(snapshot))
    writer.close()
    return str(folder), told


def test_the_processes_of_this_host(
    moved: tuple[str, list[Snapshot]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, (before, now) = moved
    ours = said(capsys, "top", "-b", "-w", "100", "-d", "0.2", "--recording", folder).rstrip("\n")
    assert now.tasks is not None
    made = frame(
        before,
        now,
        name_of=users.names(LIVE),
        sessions=None,
        pid_width=max(5, len(str(max(now.tasks.processes.pid)))),
    )
    shown = Shown(field="%CPU", descending=True)
    assert ours == "\n".join(render(made, shown, 100, Printed())).rstrip("\n")
    assert " - users" in ours


def test_frames_and_lines_go_on_to_the_end_of_the_record(
    recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--recording", recording, "--at", f"@{BEGAN}")
    assert len(said(capsys, "vmstat", "1", "9", *at).splitlines()) == 2 + 4
    assert len(said(capsys, "free", "-L", "-s", "1", *at).splitlines()) == 4


def test_a_moment_without_a_sample_is_said(recording: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["free", "--recording", recording, "--at", f"@{BEGAN + 12}"]) == 0
    assert "no sample at" in capsys.readouterr().err
    assert main(["free", "--recording", recording, "--at", f"@{BEGAN + 2.4}"]) == 0
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["free", "--recording", "/nowhere"], 3, "/nowhere: No such file"),
        (["free", "--recording", "{}", "--at", "noon"], 2, "'noon' is no moment"),
        (["free", "--recording", "{}", "--at", "@5"], 3, "it begins at"),
        (["top", "-H", "-b", "--recording", "{}"], 2, "threads and command lines are not recorded"),
        (["slabtop", "-d", "3", "--recording", "{}"], 2, "a recording shows one moment"),
        (["vmstat", "--explain", "--recording", "{}"], 2, "--explain"),
        (["diagnose", "--recording", "{}", "--root", "/"], 2, "two sources"),
        (["diagnose", "--recording", "{}", "--until", "1h"], 2, "it needs --since"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    words: list[str], status: int, said: str, recording: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(recording) for word in words]) == status
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_diagnosis_of_a_moment(recording: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(said(capsys, "diagnose", "--json", "--recording", recording, "--at", f"@{BEGAN + 2}"))
    assert told["recorded"] == {"since": BEGAN + 2, "until": BEGAN + 2}
    assert told["host"] == META["host"]
    assert told["source"] == recording
    told = json.loads(said(capsys, "diagnose", "--json", "--recording", recording, "--since", "20s"))
    assert told["recorded"] == {"since": BEGAN, "until": BEGAN + 20}
