"""A part of a recording answers like the ring that saw the same, and rules say the same of both."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.history.recording.kept import BEGAN, META, clocks, live, made, write

from jinmaek.catalog import ref, refs
from jinmaek.diagnosis.episodes import episodes, every, finding
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.past import at_moment, look_at, needed
from jinmaek.history.live import Ring
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.writer import Writer
from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.pressure import READERS as PRESSURE
from jinmaek.kernel.stat import StatCpu
from jinmaek.model import Gap
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot

EVER = float("inf")


def past_of(folder: Path) -> Past:
    recording = Recording(str(folder))
    return Past(recording, recording.entries[-1].boot, 0, EVER)


def written(folder: Path, snapshots: list[Snapshot]) -> Past:
    writer = Writer(str(folder), META)
    for snapshot in snapshots:
        assert writer.add(snapshot, clocks(snapshot))
    writer.close()
    return past_of(folder)


def ring_of(snapshots: list[Snapshot]) -> Ring:
    ring = Ring()
    for snapshot in snapshots:
        ring.add(snapshot)
    return ring


def test_every_series_of_this_host(tmp_path: Path) -> None:
    snapshots = live(5, "procfs")
    past, ring = written(tmp_path, snapshots), ring_of(snapshots)
    assert list(past.times) == list(ring.times)
    for one in refs():
        ours, theirs = past.series(one, 0, EVER), ring.series(one, 0, EVER)
        assert isinstance(ours, Gap) == isinstance(theirs, Gap), one.name
        if isinstance(ours, Gap) or isinstance(theirs, Gap):
            assert ours == theirs
        else:
            assert {labels: list(points) for labels, points in ours.items()} == dict(theirs), one.name
    for index in (0, -1):
        for table in snapshots[0].tables:
            assert past.read(table, index) == ring.read(table, index)


def test_every_rule_says_the_same_of_this_host(tmp_path: Path) -> None:
    snapshots = []
    for _ in range(4):
        snapshots += live(1, "procfs")
        time.sleep(0.1)
    past, ring = written(tmp_path, snapshots), ring_of(snapshots)
    ours = judge(rules(), replace(look_at(past, "en"), during=None, kills=tuple))
    theirs = judge(rules(), Look(ring, "en", lambda pid: None, tuple))
    assert ours == theirs


def test_series_that_come_and_go_over_several_blocks(tmp_path: Path) -> None:
    told = write(tmp_path, 622)
    past, ring = past_of(tmp_path), ring_of(told)
    for name in ("softnet_stat.processed", "meminfo.MemFree", "loadavg.load1"):
        ours, theirs = past.series(ref(name), 150.5, 800), ring.series(ref(name), 150.5, 800)
        assert not isinstance(ours, Gap)
        assert not isinstance(theirs, Gap)
        assert {labels: list(points) for labels, points in ours.items()} == dict(theirs)
    assert past.series(ref("swaps.size"), 0, EVER) == Gap("denied", "proc/swaps")
    assert isinstance(past.series(ref("vmstat.pswpin"), 0, EVER), Gap)


PRESSURE_CPU = next(reader.row for reader in PRESSURE if reader.table == "pressure_cpu")


REST: dict[str, Any] = {
    "cutime": [0.0] * 3, "cstime": [0.0] * 3, "minflt": [0] * 3, "majflt": [0] * 3, "num_threads": [1] * 3,
}  # fmt: skip


def busy(second: int, cpus: int = 2, held: range = range(600, 1500)) -> Snapshot:
    """A host whose CPUs are saturated for a while, by process 2."""
    work = float(max(0, min(second, held.stop) - held.start))
    idle = second * cpus - work * cpus
    row = dict.fromkeys(("nice", "system", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"), 0.0)
    cpu = [StatCpu(cpu=n, user=work, idle=idle / cpus, **row) for n in range(cpus)]
    load = 40.0 if second in held else 0.1
    plain = made(second)
    assert plain.tasks is not None
    tasks = replace(plain.tasks.processes, utime=[0.0, work * 1.9, 0.0], stime=[0.0] * 3, **REST)
    pressure = {"some_total": work * 0.9, "full_total": 0.0}
    names = PRESSURE_CPU.__match_args__  # type: ignore[attr-defined]
    tables = {
        **plain.tables,
        "stat_cpu": tuple(cpu),
        "pressure_cpu": (PRESSURE_CPU(**{name: pressure.get(name, 0.0) for name in names}),),
        "loadavg": (
            Loadavg(
                load1=load, load5=load, load15=load, nr_running=41 if second in held else 1,
                nr_threads=99, last_pid=1,
            ),
        ),
    }  # fmt: skip
    return replace(plain, tables=tables, tasks=replace(plain.tasks, processes=tasks))


@pytest.fixture(scope="module")
def saturated(tmp_path_factory: pytest.TempPathFactory) -> Past:
    return written(tmp_path_factory.mktemp("saturated"), [busy(second) for second in range(0, 3600, 3)])


def test_an_episode_is_found_with_its_ends_and_who_did_it(saturated: Past) -> None:
    rule = next(rule for rule in rules() if rule.id == "cpu.saturated")
    past = saturated
    found = list(episodes((rule,), past.recording, past.boot, 100, 3700))
    assert [(one.rule.id, one.subject) for one in found] == [("cpu.saturated", ())]
    told = finding(found[0], past.recording, "en")
    assert told is not None
    assert BEGAN + 600 - every(rule) <= told.since <= BEGAN + 660 + every(rule)
    assert BEGAN + 1500 - every(rule) - 3 <= told.until <= BEGAN + 1560 + every(rule)
    assert told.culprits[0].pid == 2
    assert told.culprits[0].share == pytest.approx(0.95, abs=0.06)


def test_what_held_once_is_not_there_as_of_another_moment(saturated: Past) -> None:
    def as_of(second: float) -> list[str]:
        end = 100 + second
        part = Past(saturated.recording, saturated.boot, end - needed(rules()), end)
        return [one.rule for one in at_moment(rules(), part, "en").findings]

    assert "cpu.saturated" not in as_of(500)
    assert "cpu.saturated" in as_of(1400)
    assert "cpu.saturated" not in as_of(3500)


def test_who_ended_before_the_end_of_an_episode_is_named(tmp_path: Path) -> None:
    def without(second: int) -> Snapshot:
        """The host after the process that took the CPUs has ended: the averages still say they are taken."""
        one = busy(second)
        assert one.tasks is not None
        if second < 1500:
            return one
        kept = one.tasks.processes.rows([0, 2])
        return replace(one, tasks=replace(one.tasks, processes=kept))

    past = written(tmp_path, [without(second) for second in range(0, 2400, 3)])
    rule = next(rule for rule in rules() if rule.id == "cpu.saturated")
    (found,) = episodes((rule,), past.recording, past.boot, 100, 2500)
    told = finding(replace(found, until=100 + 1530), past.recording, "en")
    assert told is not None
    assert told.culprits[0].pid == 2
    assert told.culprits[0].share == pytest.approx(0.9, abs=0.1)
