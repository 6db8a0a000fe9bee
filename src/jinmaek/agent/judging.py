"""Judging this host again and again, beside the recorder and never in its way.

Readings of the last minutes are kept as close as they were taken, older ones thinned: trends look back an
hour, and what was raised is remembered for as long (``holding.MEMORY``).
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jinmaek.accounts.process_groups import MOST, Group, Groups
from jinmaek.agent.latest import Latest
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import expressions
from jinmaek.diagnosis.look import WINDOW, Look
from jinmaek.diagnosis.pulse import kills
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns
from jinmaek.history.live import Ring
from jinmaek.model import Verdict
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, dear, take
from jinmaek.tasks import descriptors
from jinmaek.tasks.descriptors import with_descriptors

CLOSE = 180.0
"""Seconds for which every reading is kept."""
APART = 30.0
"""Seconds between two readings that are older."""
BACK = 7200.0
"""Seconds for which readings are kept at all."""
SHARE = 0.002
"""Of one CPU that a table which costs much may take: it is read the more rarely."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts of one moment, and the groups of processes then."""

    at: float
    """Seconds since boot."""
    verdicts: tuple[Verdict, ...]
    groups: tuple[Group, ...]
    cpu_s: float
    """What judging has cost so far."""


class Judge:
    """The readings that are judged, and the last verdicts. Run by one thread, asked by any."""

    def __init__(
        self, rules: Iterable[Rule], latest: Latest, every: float, lang: str = "en", groups: int = MOST
    ) -> None:
        # Who does it is asked when somebody looks: it reads files of processes.
        self.rules = tuple(replace(rule, culprits=None) for rule in rules)
        self.judged: Judged | None = None
        self._latest = latest
        self._every = every
        self._lang = lang
        self._groups = Groups(groups)
        self._kept: list[Snapshot] = []
        asked = {ref.table for rule in rules for expr in expressions(rule) for ref in columns(expr)}
        self._tables = tuple(sorted(asked))
        self._due = dict.fromkeys((table for table in self._tables if dear(table)), 0.0)

    def run(self, stop: threading.Event) -> None:
        """Judge until told to stop."""
        moment = time.monotonic()
        while not stop.wait(max(0.0, moment - time.monotonic())):
            if self._latest.scan is not None:
                self.turn()
                # The recorder switches the collector of cycles off: what a server makes of them goes here.
                gc.collect()
                moment = max(moment + self._every, time.monotonic())
            else:
                moment = time.monotonic() + 0.1

    def turn(self) -> None:
        """Read what the rules ask for, and judge."""
        snapshot = self._read()
        self._keep(snapshot)
        self._latest.read(snapshot)
        look = Look(
            self.ring(),
            self._lang,
            lambda _: None,
            lambda: kills(LIVE),
            LIVE,
            longest=max(WINDOW, 4 * self._every),
        )
        verdicts = judge(self.rules, look)
        assert snapshot.tasks is not None
        groups = self._groups.add(snapshot.tasks)
        self.judged = Judged(snapshot.monotonic, verdicts, groups, time.thread_time())

    def ring(self) -> Ring:
        """The readings that are kept."""
        ring = Ring(len(self._kept))
        for snapshot in self._kept:
            ring.add(snapshot)
        return ring

    def _read(self) -> Snapshot:
        scan = self._latest.scan
        assert scan is not None
        now = time.monotonic()
        due = [table for table in self._tables if self._due.get(table, 0.0) <= now]
        cost = {}
        if descriptors.TABLE in due:
            began = time.thread_time()
            scan = with_descriptors(LIVE, scan)
            cost[descriptors.TABLE] = time.thread_time() - began
        snapshot = take(LIVE, due, scan)
        for table in self._due:
            if table in due:
                self._due[table] = now + (cost.get(table, 0.0) + snapshot.cost.get(table, 0.0)) / SHARE
        return snapshot

    def _keep(self, snapshot: Snapshot) -> None:
        """Add a reading; of those that are no longer new keep some, and let go of the tasks of all others."""
        if self._kept and self._kept[-1].boot_id != snapshot.boot_id:
            self._kept.clear()
        kept: list[Snapshot] = []
        for one in self._kept:
            age = snapshot.monotonic - one.monotonic
            apart = one.monotonic - kept[-1].monotonic if kept else BACK
            if age <= BACK and (age <= CLOSE or apart >= APART - 1):
                kept.append(one if one.tasks is None else replace(one, tasks=None))
        if kept:
            tables = {
                name: _shared(rows, kept[-1].tables.get(name)) for name, rows in snapshot.tables.items()
            }
            snapshot = replace(snapshot, tables=tables)
        self._kept = [*kept, snapshot]


def _shared(rows: tuple[object, ...], before: tuple[object, ...] | None) -> tuple[object, ...]:
    """The rows, those that tell the same as the last time being the same: most control groups are idle."""
    if before is None or len(before) != len(rows):
        return rows
    return tuple(old if old == new else new for new, old in zip(rows, before, strict=True))
