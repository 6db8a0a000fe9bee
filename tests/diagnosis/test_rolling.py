"""A look that goes on: what is kept of it, and that it is judged as a look of the same readings would be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.pulse import wanted, whole_reading
from jinmaek.diagnosis.rolling import RECENT, Rolling
from jinmaek.history.live import Ring
from jinmaek.model import Finding, TasksRead
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot
from jinmaek.tasks.choose import Scanner


@pytest.fixture(scope="module")
def reading() -> Snapshot:
    with Scanner(LIVE, "procfs") as tasks:
        return whole_reading(LIVE, wanted(rules()), tasks.scan(details=True, usage=True))


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    return replace(snapshot, monotonic=snapshot.monotonic + seconds, wall=snapshot.wall + seconds)


def test_who_does_it_is_told_of_the_last_minute_or_two(reading: Snapshot) -> None:
    rolling = Rolling(rules(), 1000)
    for at in range(0, 1000, 5):
        rolling.add(later(reading, at))
        recent = rolling.recent().snapshots
        span = recent[-1].monotonic - recent[0].monotonic
        assert span == at if at <= RECENT else RECENT <= span < 2 * RECENT + 5
        assert recent[0].tasks is not None
        assert recent[-1].tasks is not None


def test_tasks_are_kept_of_few_readings(reading: Snapshot) -> None:
    rolling = Rolling(rules(), 1000)
    for at in range(0, 600, 5):
        rolling.add(later(reading, at))
    kept = [one for one in rolling._recent if one.tasks is not None]
    assert len(kept) <= 3
    assert len(rolling) == 120


def test_the_oldest_is_forgotten(reading: Snapshot) -> None:
    rolling = Rolling(rules(), 10)
    for at in range(30):
        rolling.add(later(reading, at))
    assert len(rolling) == 10
    assert rolling.last.monotonic == reading.monotonic + 29


def test_another_boot_begins_anew(reading: Snapshot) -> None:
    rolling = Rolling(rules(), 100)
    for at in range(0, 200, 5):
        rolling.add(later(reading, at))
    rolling.add(replace(later(reading, 205), boot_id="another"))
    assert len(rolling) == 1
    assert len(rolling.recent().snapshots) == 1


def test_it_is_judged_as_a_look_is(reading: Snapshot) -> None:
    rolling, ring = Rolling(rules(), 100), Ring(100)
    for at in range(0, 100, 5):
        rolling.add(later(reading, at))
        ring.add(later(reading, at))
    told = rolling.diagnose("en", TasksRead("procfs", 0.0))
    plain = judge(rules(), replace(rolling.look("en"), history=ring, during=None))
    verdicts = {one.rule for one in told.findings} | {one.rule for one in told.quiet}
    verdicts |= {one.rule for one in told.unknown}
    assert verdicts == {rule.id for rule in rules()}
    assert {one.rule for one in told.findings} == {one.rule for one in plain if isinstance(one, Finding)}
    assert told.window_s == 95
    assert told.explained is not None
