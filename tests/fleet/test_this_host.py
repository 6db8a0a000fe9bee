"""This host through node_exporter and Prometheus, and read here at the same time: the same verdicts."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from tests.engines import await_scrape
from tests.fleet.conftest import Scraped

from jinmaek.diagnosis.expr import Expr
from jinmaek.diagnosis.fleet.scope import Scope
from jinmaek.diagnosis.fleet.survey import survey
from jinmaek.diagnosis.holding import near_limit
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import expressions
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns
from jinmaek.history.live import Ring
from jinmaek.history.prometheus.access import Access
from jinmaek.history.prometheus.http import Engine
from jinmaek.model import Finding, Labels, Unknown
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.sampling import take
from jinmaek.tasks.choose import Scanner

pytest.importorskip("urllib3", reason="the extra fleet is not installed")
pytestmark = pytest.mark.kernel

WINDOW = 8.0
LOOKS = 5
HOLE = 1.8
"""Seconds between two readings that are to be a second apart."""
JUMPY = {"stat.procs_running", "stat.procs_blocked", "diskstats.in_flight"}
"""Counts of this very moment: two readings half a second apart have nothing in common."""


@dataclass(frozen=True, slots=True)
class Watched:
    url: str
    target: str
    ring: Ring


@pytest.fixture(scope="module")
def watched(scraped: Scraped) -> Watched:
    """A look at this host in which neither we nor the engine were kept from reading, if that can be had."""
    for _ in range(LOOKS):
        seen = Watched(scraped.url, scraped.this, looked())
        if undisturbed(seen):
            break
    return seen


def looked() -> Ring:
    tables = {ref.table for rule in rules() for expr in expressions(rule) for ref in columns(expr)}
    ring = Ring()
    time.sleep(2)  # a rate over a window with a hole at its start is another
    with Scanner(LIVE) as tasks:
        for _ in range(round(WINDOW) + 1):
            ring.add(take(LIVE, tables, tasks.scan(details=True)))
            time.sleep(1)
    return ring


def undisturbed(watched: Watched) -> bool:
    """Whether both read every second. What was scraped by the end of the look is there afterwards."""
    ours = [one.wall for one in watched.ring.snapshots]
    beat = f'up{{instance="{watched.target}"}}'
    await_scrape(watched.url, f"{beat} == 1 and timestamp({beat}) > {ours[-1]!r}")
    query = urllib.parse.urlencode(
        {"query": f"{beat}[{round(ours[-1] - ours[0]) + 3}s]", "time": repr(ours[-1])}
    )
    with urllib.request.urlopen(f"{watched.url}/api/v1/query?{query}", timeout=60) as answer:
        (line,) = json.load(answer)["data"]["result"]
    theirs = [time for time, _ in line["values"]]
    holes = [b - a for times in (ours, [*theirs, ours[-1]]) for a, b in pairwise(times)]
    return {value for _, value in line["values"]} == {"1"} and max(holes) < HOLE


def at_once(rule: Rule) -> Rule:
    return replace(rule, held=0.0)


def touchy(rule: Rule) -> Rule:
    """A rule whose level is there on almost any host, with nothing that must agree and no veto."""
    return eased(rule, 0.001)


def eased(rule: Rule, share: float) -> Rule:
    """One that holds wherever the other does, and at this share of its limits."""
    easy = replace(rule, clear=share, unless=(), agree=())
    level: Expr = near_limit(easy)
    return at_once(replace(easy, when=level, severity="info", worse=()))


Found = frozenset[tuple[str, Labels]]


def read_here(watched: Watched, changed: tuple[Rule, ...], last: int) -> tuple[Found, frozenset[str]]:
    """What holds at the last but ``last`` readings, and what is unknown then."""
    ring = Ring()
    for snapshot in watched.ring.snapshots[: len(watched.ring.snapshots) - last]:
        ring.add(snapshot)
    verdicts = judge(changed, Look(ring, "en", lambda pid: None, tuple))
    found = frozenset(
        (one.rule, one.subject) for one in verdicts if isinstance(one, Finding) and one.fell is None
    )
    return found, frozenset(one.rule for one in verdicts if isinstance(one, Unknown))


def asked_there(watched: Watched, changed: tuple[Rule, ...], last: int) -> tuple[Found, frozenset[str]]:
    """The same through the engine."""
    at = watched.ring.snapshots[-1 - last].wall
    scope = Scope(window=WINDOW, hosts=(watched.target,))
    fleet = survey(Engine(Access(watched.url)), scope, changed, at, None, "en")
    assert fleet.hosts == (watched.target,)
    found = frozenset((one.finding.rule, one.finding.subject) for one in fleet.findings)
    return found, frozenset(one.rule for one in fleet.unjudged if one.hosts)


@pytest.mark.parametrize(
    ("change", "share"), [(at_once, 0.5), (touchy, 0.0005)], ids=["as they are", "touchy"]
)
def test_the_same_verdicts(watched: Watched, change: Callable[[Rule], Rule], share: float) -> None:
    """Scrapes and our readings are up to a second apart: what comes or goes just then may differ.

    What is just above its limit for one may be just below for the other: it is there at a half of it.
    """
    changed = tuple(change(rule) for rule in rules())
    easier = tuple(eased(rule, share) for rule in rules())
    here = [read_here(watched, changed, last) for last in (0, 1, 2)]
    there = [asked_there(watched, changed, last) for last in (0, 1, 2)]
    unknown = frozenset[str]().union(*(one for _, one in (*here, *there)))
    every = frozenset[tuple[str, Labels]]().union(*(one for one, _ in (*here, *there)))
    moving = {one for one in every for side in (here, there) if len({one in found for found, _ in side}) > 1}
    steady = {
        rule.id
        for rule in changed
        if not JUMPY & {ref.name for expr in expressions(rule) for ref in columns(expr)}
    }
    judged = steady - unknown
    assert len(judged) >= len(changed) // 5
    near_here, near_there = read_here(watched, easier, 0)[0], asked_there(watched, easier, 0)[0]
    for one in every - moving:
        if one[0] in judged:
            assert one not in here[0][0] or one in near_there, one
            assert one not in there[0][0] or one in near_here, one
    if change is touchy:
        assert any(one[0] in judged for one in every - moving), "a touchy rule finds something"
