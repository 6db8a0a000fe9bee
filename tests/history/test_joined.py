"""A look that goes on from a running recorder's history says what one look over all of that time would."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from tests.history.recording.kept import META, clocks, live, made, read, write

from jinmaek.catalog import ref, refs, tables
from jinmaek.cli.main import main
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.pulse import watch
from jinmaek.diagnosis.remembering import remembering
from jinmaek.history.joined import Joined
from jinmaek.history.live import Ring
from jinmaek.history.recording import folder as files
from jinmaek.history.recording import running
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.writer import Writer
from jinmaek.model import Finding, Gap, Remembered, Unknown
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Scanner

EVER = float("inf")
SCHEMA = Path(__file__).parents[2] / "docs" / "diagnosis.schema.json"
AGO = 7200.0
STEP = 60.0


def ring_of(snapshots: list[Snapshot]) -> Ring:
    ring = Ring()
    for snapshot in snapshots:
        ring.add(snapshot)
    return ring


def joined(folder: Path, snapshots: list[Snapshot], first: int) -> Joined:
    """The first of them recorded, the others looked at."""
    writer = Writer(str(folder), META)
    for one in snapshots[:first]:
        assert writer.add(one, clocks(one))
    writer.close()
    recording = Recording(str(folder))
    return Joined(Past(recording, recording.entries[-1].boot, 0, EVER), ring_of(snapshots[first:]))


def test_the_two_answer_as_one_ring_would(tmp_path: Path) -> None:
    snapshots = live(5, "procfs")
    both, whole = joined(tmp_path, snapshots, 3), ring_of(snapshots)
    assert list(both.times) == list(whole.times)
    assert len(both.snapshots) == 5
    assert both.snapshots[-1] is both.ring.snapshots[-1]
    assert both.snapshots[0].tables == snapshots[0].tables
    assert [one.monotonic for one in both.snapshots[1:4]] == list(whole.times[1:4])
    for one in refs():
        ours, theirs = both.series(one, 0, EVER), whole.series(one, 0, EVER)
        if isinstance(ours, Gap) or isinstance(theirs, Gap):
            assert isinstance(ours, Gap) == isinstance(theirs, Gap), one.name
        else:
            assert {labels: list(points) for labels, points in ours.items()} == {
                labels: list(points) for labels, points in theirs.items()
            }, one.name
    for index in (0, -1):
        for table in snapshots[0].tables:
            assert both.read(table, index) == whole.read(table, index), table
    look = Look(whole, "en", lambda _: None, tuple)
    assert judge(rules(), replace(look, history=both)) == judge(rules(), look)


def test_what_was_recorded_and_is_not_there_any_more_has_ended(tmp_path: Path) -> None:
    snapshots = [made(second) for second in (0, 1, 4, 5)]
    assert len(snapshots[1].tables["softnet_stat"]) == 3
    snapshots[2:] = [
        replace(one, tables={**one.tables, "softnet_stat": one.tables["softnet_stat"][:1]})
        for one in snapshots[2:]
    ]
    both = joined(tmp_path, snapshots, 2)
    lines = both.series(ref("softnet_stat.processed"), 0, EVER)
    assert not isinstance(lines, Gap)
    assert [value for _, value in lines[("cpu", "0"),]] == [0.0, 3.0, 12.0, 15.0]
    assert [value for _, value in lines[("cpu", "1"),]] == [0.0, 3.0, None]
    assert both.read("softnet_stat", -1) == snapshots[-1].tables["softnet_stat"]
    # Nothing but the recording has this table, and nothing but the look that one.
    old = joined(tmp_path / "b", [snapshots[0], replace(snapshots[1], tables={})], 1)
    assert old.read("loadavg", -1) == snapshots[0].tables["loadavg"]
    assert not isinstance(old.series(ref("loadavg.load1"), 0, EVER), Gap)


def test_a_recording_that_cannot_be_gone_on_from_says_why(tmp_path: Path) -> None:
    folder = str(tmp_path / "r")
    assert running.before([folder], "aa-bb", 110.0, 3600) is None
    (tmp_path / "r").mkdir()
    assert running.before([folder], "aa-bb", 110.0, 3600) is None
    write(tmp_path / "r", 5)
    stopped = running.before([folder], "aa-bb", 110.0, 3600)
    assert stopped == Gap("gone", folder, "no recorder runs there")
    lock = files.lock(folder)
    try:
        old = running.before([folder], "aa-bb", 110.0, 3600)
        assert isinstance(old, Gap)
        assert old.kind == "absent"  # the days before yesterday are not even opened
    finally:
        os.close(lock)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[tuple[Writer, str]]:
    """One at work, without a sample so far."""
    writer = Writer(str(tmp_path / "here"), {**META, "interval": STEP})
    try:
        yield writer, writer.folder
    finally:
        writer.close()


def add(writer: Writer, ago: float, one: Snapshot, **changed: object) -> None:
    told = replace(one, wall=one.wall - ago, monotonic=one.monotonic - ago, **changed)  # type: ignore[arg-type]
    assert writer.add(told, clocks(told))


def test_the_recorder_that_runs_is_found(recorder: tuple[Writer, str]) -> None:
    writer, folder = recorder
    (one,) = live(1, "procfs")
    add(writer, 20, one, boot_id="cc-dd")
    other = running.before(["/nowhere", folder], one.boot_id, one.monotonic, 3600)
    assert other == Gap("absent", folder, "nothing of this boot is recorded there")
    add(writer, 600, one)
    stale = running.before([folder], one.boot_id, one.monotonic, 3600)
    assert stale == Gap("timed out", folder, "its last sample is too old")
    short = running.before([folder], one.boot_id, one.monotonic - 900, 60)
    assert isinstance(short, Gap)
    assert short.kind == "too short"
    add(writer, 10, one)
    found = running.before([folder], one.boot_id, one.monotonic, 3600)
    assert isinstance(found, Past)
    with found.recording:
        assert [round(one.monotonic - at) for at in found.times] == [600, 10]


def test_what_belongs_to_somebody_else(tmp_path: Path) -> None:
    write(tmp_path / "r", 5)
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (tmp_path / "r").chmod(0)
    try:
        found = running.before([str(tmp_path / "r")], "aa-bb", 110.0, 3600)
    finally:
        (tmp_path / "r").chmod(0o700)
    assert isinstance(found, Gap)
    assert found.kind == "denied"


@pytest.fixture
def two_hours(recorder: tuple[Writer, str]) -> str:
    """Two hours in which nothing happened, up to now."""
    writer, folder = recorder
    if time.clock_gettime(time.CLOCK_BOOTTIME) < AGO + 60:
        pytest.skip("this host has not run for two hours")
    with Scanner(LIVE) as scanner:
        one = take(LIVE, list(tables()), scanner.scan(details=True))
    assert one.tasks is not None
    for place in range(round(AGO / STEP) + 1):
        ago = AGO - STEP * place
        add(writer, ago, one, tasks=replace(one.tasks, time=one.monotonic - ago))
    return folder


def too_short(verdicts: tuple[Unknown, ...]) -> set[str]:
    return {one.rule for one in verdicts if one.gap.kind == "too short"}


def test_rules_of_hours_are_judged_at_once(two_hours: str) -> None:
    alone = watch(rules(), 1.0, 0.5, "en", None)
    assert alone.remembered is None
    with_it = watch(rules(), 1.0, 0.5, "en", None, history=[two_hours])
    assert isinstance(with_it.remembered, Remembered)
    assert with_it.remembered.samples > 100
    assert with_it.remembered.interval == STEP
    assert with_it.window_s < AGO / 10  # of the look itself
    assert "memory.leak" in too_short(alone.unknown)
    assert "memory.leak" not in too_short(with_it.unknown)
    assert len(too_short(with_it.unknown)) < len(too_short(alone.unknown))


def test_who_did_it_is_asked_of_the_time_it_held(two_hours: str) -> None:
    with Scanner(LIVE) as scanner:
        ring = ring_of([take(LIVE, ["meminfo", "stat_cpu"], scanner.scan(details=True)) for _ in range(2)])
    look = Look(ring, "en", lambda _: None, tuple)
    with remembering(rules(), look, ring, [two_hours]) as (whole, told):
        assert isinstance(told, Remembered)
        end = ring.times[-1]
        long, brief = whole.episode(end - 600, end), whole.episode(ring.times[0], end)
        over = whole.episode(end - 3600, end - 1800)
        assert 540 < long.window < 660
        assert long.first.tasks is not None
        # Who has ended meanwhile is told of, too.
        scans = [one.tasks for one in (read(Path(two_hours))[-1], ring.snapshots[0]) if one.tasks]
        were = {pid for scan in scans for pid in scan.processes.pid}
        at_the_end = {one.pid for one in look.deltas}
        assert at_the_end <= {one.pid for one in long.deltas} <= at_the_end | were
        assert brief.window == look.window
        assert abs(over.last.monotonic - (end - 1800)) <= STEP
        assert over.root is None


def test_on_the_command_line(
    two_hours: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "places", lambda: (two_hours,))

    def said(*words: str) -> str:
        assert main(["diagnose", "--for", "1s", *words]) == 0
        return capsys.readouterr().out

    told = json.loads(said("--json"))
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    assert told["history"]["recording"] == two_hours
    assert told["source"] == "live"
    assert "history: recorder since" in said()
    alone = json.loads(said("--json", "--no-history"))
    jsonschema.validate(alone, json.loads(SCHEMA.read_text()))
    assert alone["history"] is None
    monkeypatch.setattr(running, "places", lambda: (f"{two_hours}x",))
    assert json.loads(said("--json"))["history"] is None
    write(Path(f"{two_hours}x"), 3)
    told = json.loads(said("--json"))
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    assert told["history"]["gap"]["kind"] == "gone"
    assert "history: not used, no recorder runs there" in said()


def test_findings_are_those_of_the_look(two_hours: str) -> None:
    """No alarm out of history in which nothing moved, but that it did not, beyond those of the look."""
    last = read(Path(two_hours))[-1]
    ring = ring_of([replace(last, wall=last.wall + n, monotonic=last.monotonic + n) for n in (1, 2)])
    look = Look(ring, "en", lambda _: None, tuple)
    alone = {one.rule for one in judge(rules(), look) if isinstance(one, Finding)}
    with remembering(rules(), look, ring, [two_hours]) as (whole, told):
        assert isinstance(told, Remembered)
        found = [one for one in judge(rules(), whole) if isinstance(one, Finding)]
    more = [one for one in found if one.rule not in {*alone, "trust.metrics-inconsistent"}]
    assert [one.rule for one in more if one.severity in ("warning", "critical")] == []
