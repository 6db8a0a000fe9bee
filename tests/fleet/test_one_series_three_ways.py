"""One series of this host, judged from the live ring, from its recording and by Prometheus: the same rules
at the same times within one step."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.engines import prometheus
from tests.history.recording.kept import META, clocks
from tests.tasks.children import child

from jinmaek.catalog import tables
from jinmaek.diagnosis.fleet.scope import Scope
from jinmaek.diagnosis.fleet.survey import survey
from jinmaek.diagnosis.holding import near_limit
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import expressions
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.past import look_at
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns
from jinmaek.history.live import Ring
from jinmaek.history.prometheus.access import Access
from jinmaek.history.prometheus.http import Engine
from jinmaek.history.recording.export import openmetrics
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.writer import Writer
from jinmaek.model import Finding, Gap, Labels, Unknown
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks.choose import Scanner

pytest.importorskip("urllib3", reason="the extra fleet is not installed")
pytestmark = pytest.mark.kernel

SECONDS = 30
HOGGED = range(10, 21)
WINDOW = 8.5
"""No whole number of steps: the edge of a window falls between two readings."""
HOST = "here:9100"
SPIN = "while True: pass"
ZOMBIES_NOW_AND_THEN = """
import os, signal
def breed(*_):
    for _ in range(120):
        if os.fork() == 0: os._exit(0)
def reap(*_):
    for _ in range(120): os.waitpid(-1, 0)
signal.signal(signal.SIGUSR1, breed)
signal.signal(signal.SIGUSR2, reap)
if os.fork() == 0: os._exit(0)
print("ready", flush=True)
while True: signal.pause()
"""
SERIES = re.compile(r"(?m)^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+ \S+)$")

Said = tuple[frozenset[tuple[str, Labels]], frozenset[str]]
"""What is found at a moment, and the rules that cannot be judged then."""


@contextmanager
def hogs(count: int) -> Iterator[None]:
    running = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(count)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


def series() -> list[Snapshot]:
    """Every table of this host once a second, for a while with more to run than CPUs, and with zombies."""
    snapshots = []
    names = list(tables())
    cpus = len(take(LIVE, ["stat_cpu"]).tables["stat_cpu"])
    due = time.monotonic()
    with Scanner(LIVE) as scanner, child(ZOMBIES_NOW_AND_THEN) as parent, ExitStack() as made:
        for second in range(SECONDS):
            if second == HOGGED.start:
                made.enter_context(hogs(3 * cpus))
                os.kill(parent, signal.SIGUSR1)
            if second == HOGGED.stop:
                os.kill(parent, signal.SIGUSR2)
                made.close()
            # What comes late is not made up for: two readings at once are no step of time.
            due = max(due + 1, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
            snapshots.append(take(LIVE, names, scanner.scan(details=True)))
    return snapshots


@dataclass(frozen=True, slots=True)
class Ways:
    snapshots: list[Snapshot]
    recording: Recording
    url: str


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory, peer: Callable[[str], str]) -> Iterator[Ways]:
    folder, engine = tmp_path_factory.mktemp("recording"), tmp_path_factory.mktemp("engine")
    snapshots = series()
    writer = Writer(str(folder), META)
    for snapshot in snapshots:
        assert writer.add(snapshot, clocks(snapshot))
    writer.close()
    recording = Recording(str(folder))
    blocks(peer("promtool"), engine, recording)
    with prometheus(peer, engine) as started:
        yield Ways(snapshots, recording, started.url)


def blocks(promtool: str, folder: Path, recording: Recording) -> None:
    """The recording as an engine's past: what is exported, with the labels that a scrape adds."""
    text = "".join(openmetrics(recording, list(tables()), 0.0, float("inf")))
    scraped = SERIES.sub(lambda line: f"{line[1]}{{{labelled(line[2])}}} {line[3]}", text)
    (folder / "past.txt").write_text(scraped)
    words = [promtool, "tsdb", "create-blocks-from", "openmetrics", "past.txt", "data"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def labelled(labels: str | None) -> str:
    return ",".join([*([labels] if labels else []), f'instance="{HOST}"', 'job="node"'])


def at_once(rule: Rule) -> Rule:
    """How long a condition holds is asked of an engine between readings too, where a window holds others."""
    return replace(rule, held=0.0, clear_for=0.0)


def touchy(rule: Rule) -> Rule:
    """A rule whose level is there on almost any host, with nothing that must agree and no veto."""
    easy = replace(rule, clear=0.001, unless=(), agree=())
    return replace(easy, when=near_limit(easy), severity="info", worse=(), held=0.0, clear_for=0.0)


def said(look: Look, changed: tuple[Rule, ...]) -> Said:
    verdicts = judge(changed, replace(look, longest=WINDOW, during=None, kills=tuple))
    found = frozenset((v.rule, v.subject) for v in verdicts if isinstance(v, Finding))
    return found, frozenset(v.rule for v in verdicts if isinstance(v, Unknown))


def ended(ways: Ways, rule: Rule) -> set[Labels]:
    """What a rule reads of something that went away: a scrape writes down that it did, an import cannot."""
    ring = Ring()
    for snapshot in ways.snapshots:
        ring.add(snapshot)
    found: set[Labels] = set()
    for ref in {ref for expr in expressions(rule) for ref in columns(expr)}:
        lines = ring.series(ref, 0.0, float("inf"))
        if not isinstance(lines, Gap):
            found |= {labels for labels, points in lines.items() if points[-1][1] is None}
    return found


def live(ways: Ways, changed: tuple[Rule, ...], last: int) -> Said:
    ring = Ring()
    for snapshot in ways.snapshots[: last + 1]:
        ring.add(snapshot)
    return said(Look(ring, "en", lambda pid: None, tuple), changed)


def recorded(ways: Ways, changed: tuple[Rule, ...], last: int) -> Said:
    boot = ways.recording.entries[-1].boot
    # Moments are kept in whole nanoseconds.
    end = ways.snapshots[last].monotonic + 1e-6
    return said(look_at(Past(ways.recording, boot, 0.0, end), "en"), changed)


def asked(ways: Ways, changed: tuple[Rule, ...], last: int) -> Said:
    # Samples are exported to the millisecond.
    at = round(ways.snapshots[last].wall, 3) + 0.001
    scope = Scope(window=WINDOW, hosts=(HOST,))
    fleet = survey(Engine(Access(ways.url)), scope, changed, at, None, "en")
    assert fleet.hosts == (HOST,)
    found = frozenset((one.finding.rule, one.finding.subject) for one in fleet.findings)
    return found, frozenset(one.rule for one in fleet.unjudged if one.hosts)


@pytest.mark.parametrize("change", [at_once, touchy], ids=["as they are", "touchy"])
def test_the_same_rules_at_the_same_times(ways: Ways, change: Callable[[Rule], Rule]) -> None:
    changed = tuple(change(rule) for rule in rules() if rule.severity != "benign")
    moments = range(round(WINDOW) + 1, SECONDS)
    ring = [live(ways, changed, last) for last in moments]
    disk = [recorded(ways, changed, last) for last in moments]
    engine = [asked(ways, changed, last) for last in moments]
    assert ring == disk

    unknown = frozenset[str]().union(*(rule for _, rule in (*ring, *engine)))
    judged = {rule.id for rule in changed} - unknown
    assert len(judged) >= len(changed) // 2, sorted(unknown)
    every = {one for found, _ in (*ring, *engine) for one in found if one[0] in judged}
    course = {
        one: ([one in found for found, _ in ring], [one in found for found, _ in engine]) for one in every
    }
    gone = {rule.id: ended(ways, rule) for rule in changed}
    compared = [one for one in course if not any({*one[1]} <= {*labels} for labels in gone[one[0]])]
    for one in compared:
        here, there = course[one]
        for place, holds in enumerate(here):
            assert holds in there[max(0, place - 1) : place + 2], (one, place)
        for place, holds in enumerate(there):
            assert holds in here[max(0, place - 1) : place + 2], (one, place)
    assert ("cpu.saturated", ()) in compared, "what was done to this host is found"
    assert any(course["cpu.saturated", ()][0])
    assert any(len({*course[one][0]}) == 2 for one in compared), "something begins or ends"
