"""Threads to parts: sums that close, quotas, parked drivers, and the answer in a word and a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from jinmaek.accounts.load.account import (
    KINDS,
    NOT_COUNTED,
    Load,
    Part,
    Sample,
    Thread,
    Who,
    held_back,
    parts,
    predicted,
)
from jinmaek.accounts.load.places import Place
from jinmaek.accounts.load.ticks import Tick
from jinmaek.accounts.load.verdict import sentence, word
from jinmaek.cli.main import main
from jinmaek.model import TasksRead
from jinmaek.views.fit import cells
from jinmaek.views.load import NAMES, lines
from jinmaek.views.load_json import document

SCHEMA = Path(__file__).parents[3] / "docs" / "load.schema.json"


def thread(pid: int, name: str = "x", wchan: str | None = None, **values: object) -> Thread:
    usual: dict[str, object] = {"tid": pid, "start_time": 1.0, "cgroup": "/", "waiting": wchan is not None}
    return Thread(pid=pid, name=name, wchan=wchan, **{**usual, **values})  # type: ignore[arg-type]


def samples(*each: tuple[Thread, ...]) -> list[Sample]:
    return [
        Sample(float(n), threads, 1 + sum(not t.waiting for t in threads)) for n, threads in enumerate(each)
    ]


def never(_: str | None) -> float:
    return 0.0


def load(*found: Part, **values: object) -> Load:
    usual: dict[str, object] = {
        "load": (4.0, 3.0, 2.0),
        "cpus": 2,
        "window_s": 11.0,
        "counts": (Tick(1.0, 4.0, True), Tick(6.0, 3.5, False)),
        "recovered": 3.75,
        "predicted": 4.1,
        "parts": found,
        "on_cpu": 1.5,
        "stolen": 0.0,
        "gaps": (),
    }
    return Load(**{**usual, **values})  # type: ignore[arg-type]


def part(kind: str, threads: float, share: float | None, *who: Who) -> Part:
    return Part(kind, threads, share, who or (Who(7, 1.0, f"who-{kind}", "/", threads),))  # type: ignore[arg-type]


def test_means_over_the_samples_and_shares_of_what_is_in_the_load() -> None:
    hog, reader = thread(1, "hog"), thread(2, "reader", "io_schedule")
    found = parts(samples((hog, reader), (hog,), (hog, thread(3, "short")), (hog,)), never)
    assert [(one.kind, one.threads) for one in found] == [("running", 1.25), ("disk", 0.25)]
    assert [who.threads for who in found[0].who] == [1.0, 0.25]
    assert sum(one.share or 0 for one in found) == pytest.approx(1)


def test_threads_of_one_process_are_one_line_for_each_place() -> None:
    them = tuple(
        thread(5, "db", wchan, tid=tid) for tid, wchan in enumerate(["jbd2_x", "jbd2_x", "io_schedule"])
    )
    found = {one.kind: one for one in parts(samples(them, them), never)}
    assert [(who.pid, who.threads, who.wchan) for who in found["journal"].who] == [(5, 2.0, "jbd2_x")]
    assert found["disk"].threads == 1.0


def test_what_a_quota_holds_back_is_shown_and_not_counted() -> None:
    held = held_back({"/a": 8.0}, 10.0, {"/a/b": 1.0}, 2)
    found = {
        one.kind: one for one in parts(samples((thread(1, cgroup="/a/b"), thread(2, cgroup="/ab"))), held)
    }
    assert found["throttled"].threads == pytest.approx(0.8)
    assert found["throttled"].share is None
    assert found["running"].threads == pytest.approx(1.2)
    assert load(*found.values()).counted == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("runnable", "expected"), [({"/a": 1.0}, 0.5), ({"/a": 2.0}, 0.25), ({"/a": 1.0, "/a/b": 9.0}, 0.25)]
)
def test_seconds_of_several_cpus_are_shared_by_the_threads_there(
    runnable: dict[str, float], expected: float
) -> None:
    assert held_back({"/a": 5.0}, 10.0, runnable, 2)("/a/b") == pytest.approx(expected)


def test_who_is_never_held_back() -> None:
    held = held_back({"/a": 5.0}, 10.0, {}, 2)
    assert [held(name) for name in (None, "/", "/b", "")] == [0.0] * 4
    assert held_back({"/a": 5.0}, 0.0, {}, 2)("/a") == 0.0
    assert held_back({"/a": 99.0}, 10.0, {}, 2)("/a") == 1.0


def test_a_driver_that_never_moves_is_parked_and_others_are_not() -> None:
    driver = thread(1, "gab", "gab_wait", kernel=True)
    moving = [thread(2, "kmod", place, kernel=True) for place in ("one_wait", "other_wait")]
    user = thread(3, "prog", "strange_wait")
    found = {
        one.kind: one for one in parts(samples((driver, moving[0], user), (driver, moving[1], user)), never)
    }
    assert [who.pid for who in found["parked"].who] == [1]
    assert {who.pid for who in found["other"].who} == {2, 3}
    assert [one.kind for one in parts(samples((driver,)), never)] == ["other"], "one sample cannot tell"


def test_writers_to_a_frozen_file_system() -> None:
    place = Place("loop0", "ext4", "/mnt/x", writing=True)
    stuck = thread(1, "w", "percpu_rwsem_wait", place=place)
    reads = thread(2, "r", "percpu_rwsem_wait", place=replace(place, writing=False))
    (found,) = parts(samples((stuck, reads)), never)
    assert {who.pid: who.freezing for who in found.who} == {1: True, 2: False}
    text = sentence(load(found), "en")
    assert "/mnt/x is frozen" in text
    assert text.startswith("It is a lock")


def test_load1_from_samples() -> None:
    steady = samples(*[(thread(1), thread(2, wchan="io_schedule"))] * 100)
    assert predicted(2.0, steady) == pytest.approx(2.0)
    assert predicted(0.0, steady) == pytest.approx(2 * (1 - (1884 / 2048) ** (99 / 5.004)), rel=0.001)
    frozen = samples(*[(thread(1, wchan="__refrigerator"),)] * 9)
    assert predicted(0.0, frozen) == 0.0
    assert predicted(1.0, steady[:1]) is None
    assert predicted(1.0, [replace(one, procs_running=None) for one in steady]) is None


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("running", "cpu"), ("disk", "io"), ("journal", "io"), ("lock", "lock"), ("remote", "remote"),
        ("memory", "memory"), ("parked", "parked"), ("vfork", "parked"), ("other", "other"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_answer_names_who_makes_most_of_it(kind: str, answer: str, lang: str) -> None:
    one = load(part(kind, 3.0, 0.75), part("running" if kind != "running" else "disk", 1.0, 0.25))
    assert word(one) == answer
    assert f"who-{kind} [7]" in sentence(one, lang)


def test_no_kind_or_nobody() -> None:
    three = [part(kind, 1.0, 1 / 3) for kind in ("running", "disk", "lock")]
    assert word(load(*three)) == "mixed"
    assert word(load(part("running", 0.2, 1.0))) == "none"
    assert word(load(part("throttled", 4.0, None))) == "none"
    assert "remember" in sentence(load(part("running", 0.2, 1.0), recovered=0.2), "en")
    assert "remember" not in sentence(load(part("running", 4.0, 1.0)), "en")
    assert "quota" in sentence(load(part("throttled", 4.0, None)), "en")
    assert "hypervisor" in sentence(load(part("running", 4.0, 1.0), stolen=0.7), "en")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_kind_is_shown(lang: str) -> None:
    where = Place("sda1", "ext4", "/var")
    who = [Who(n, 1.0, f"na\x1bme{n}", "/a.slice", 0.5, "io_schedule", where) for n in range(9)]
    found = [part(kind, 4.5, None if kind in NOT_COUNTED else 0.1, *who) for kind in KINDS]
    text = list(lines(load(*found), lang))
    assert set(NAMES) == set(KINDS)
    assert all(line.isprintable() for line in text)
    assert sum("ext4" in line for line in text) == 5 * len(KINDS)
    assert sum("(4.50)" in line for line in text) == 2
    everyone = list(lines(load(*found), lang, most=99))
    assert sum("ext4" in line for line in everyone) == 9 * len(KINDS)
    assert max(map(cells, text)) < 110


def test_json_fits_its_schema_and_closes() -> None:
    schema = json.loads(SCHEMA.read_text())
    found = [part(kind, 1.0, None if kind in NOT_COUNTED else 1 / 9) for kind in KINDS]
    read = TasksRead("procfs", 0.1)
    for one in (
        load(*found),
        load(load=None, cpus=None, recovered=None, predicted=None, on_cpu=None, stolen=None),
    ):
        told = document(one, read, "en", (0.1, 11.0))
        jsonschema.validate(told, schema)
        assert sum(p["threads"] for p in told["parts"] if p["in_load"]) == pytest.approx(told["counted"])


def test_a_captured_tree_is_one_moment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pid, state, wchan in ((5, "R", "0"), (6, "D", "io_schedule"), (7, "S", "do_poll")):
        for folder in (tmp_path / f"proc/{pid}", tmp_path / f"proc/{pid}/task/{pid}"):
            folder.mkdir(parents=True)
            (folder / "stat").write_text(f"{pid} (name{pid}) {state} 1" + " 0" * 13 + " 1" + " 0" * 24 + "\n")
            (folder / "wchan").write_text(wchan)
        (tmp_path / f"proc/{pid}/cgroup").write_text("0::/x.slice\n")
    (tmp_path / "proc/loadavg").write_text("1.50 1.00 0.50 2/9 99\n")
    assert main(["load", "--root", str(tmp_path), "--json", "--lang", "en"]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    assert (told["load1"], told["recovered"], told["unexplained"], told["cpus"]) == (1.5, None, None, None)
    assert {p["kind"]: [w["name"] for w in p["who"]] for p in told["parts"]} == {
        "running": ["name5"],
        "disk": ["name6"],
    }
    assert main(["load", "--root", str(tmp_path), "--lang", "ko"]) == 0
    assert "name6 [6]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status"),
    [("--for 50ms", 2), ("--interval 10ms", 2), ("--root /nonexistent", 3), ("--tasks bpf --root .", 3)],
)
def test_what_cannot_be_done_is_one_line(words: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", *words.split()]) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
