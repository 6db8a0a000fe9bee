"""A look that goes on: readings of the running host, the oldest forgotten, judged whenever somebody asks."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import replace

from jinmaek.accounts.cpu import explained
from jinmaek.diagnosis.holding import window
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import changed
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.pulse import facts_of, judged_tables, kills
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.vitals import vitals
from jinmaek.history.live import Ring
from jinmaek.kernel.kmsg import Kill
from jinmaek.model import Diagnosis, Gap, Quiet, TasksRead, Unknown, worst_first
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot
from jinmaek.tasks.procfs import cgroup_of

RECENT = 60.0
"""Seconds over which it is told who does it, at least; twice that at most."""


class Rolling:
    """The last ``capacity`` readings of what ``rules`` judge. Who does it is told over the last minute: tasks
    are kept of three readings, and what only tells of culprits of that minute."""

    def __init__(self, rules: tuple[Rule, ...], capacity: int) -> None:
        self._rules = rules
        self._judged = judged_tables(rules)
        self._ring = Ring(capacity)
        self._recent: deque[Snapshot] = deque()

    def add(self, snapshot: Snapshot) -> None:
        """Take one more reading, with its tasks."""
        judged = {name: rows for name, rows in snapshot.tables.items() if name in self._judged}
        self._ring.add(replace(snapshot, tables=judged, tasks=None))
        recent = self._recent
        if recent and recent[-1].boot_id != snapshot.boot_id:
            recent.clear()
        if len(recent) > 1 and recent[-1] is not self._anchor():
            recent[-1] = replace(recent[-1], tasks=None)
        recent.append(snapshot)
        anchor = self._anchor()
        if anchor is not recent[0] and snapshot.monotonic - anchor.monotonic >= RECENT:
            while recent[0] is not anchor:
                recent.popleft()

    def _anchor(self) -> Snapshot:
        """The reading to tell from next: the first that is a minute behind the one told from now."""
        first = self._recent[0]
        for snapshot in self._recent:
            if snapshot.monotonic - first.monotonic >= RECENT:
                return snapshot
        return first

    def __len__(self) -> int:
        return len(self._ring.snapshots)

    @property
    def history(self) -> Ring:
        """All that is kept."""
        return self._ring

    @property
    def last(self) -> Snapshot:
        """There is one."""
        return self._recent[-1]

    def recent(self) -> Ring:
        """The last minute, or two: tasks are known at both ends."""
        found = Ring(len(self._recent))
        for snapshot in self._recent:
            found.add(snapshot)
        return found

    def look(self, lang: str) -> Look:
        """What is kept, as a judge sees it."""
        recent = Look(self.recent(), lang, _cgroup_of, _kills, LIVE)

        def during(_since: float, _until: float) -> Look:
            return recent

        return Look(self._ring, lang, _cgroup_of, _kills, LIVE, during=during)

    def diagnose(self, lang: str, read: TasksRead) -> Diagnosis:
        """The verdicts as of the last reading. ``read`` tells how tasks were read."""
        wall, cpu = time.monotonic(), time.thread_time()
        look = self.look(lang)
        verdicts = judge(self._rules, look)
        host = os.uname()
        return Diagnosis(
            host=host.nodename,
            kernel=host.release,
            boot_id=look.last.boot_id,
            time=look.last.wall,
            window_s=look.window,
            source="live",
            findings=worst_first(verdicts),
            quiet=tuple(v for v in verdicts if isinstance(v, Quiet)),
            unknown=tuple(v for v in verdicts if isinstance(v, Unknown)),
            gaps=(*look.last.gaps.values(), *((read.refused,) if read.refused else ())),
            facts=facts_of(look),
            vitals=vitals(look, window(look)),
            cpu_s=time.thread_time() - cpu,
            wall_s=time.monotonic() - wall,
            tasks=read,
            explained=explained(self._recent[0], self._recent[-1]),
            changed=changed(self._rules),
        )


def _cgroup_of(pid: int) -> str | None:
    return cgroup_of(LIVE, pid)


def _kills() -> tuple[Kill, ...] | Gap:
    return kills(LIVE)
