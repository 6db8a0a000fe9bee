"""What the full-screen view is told of the running host: pictures, and a pulse that goes on."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from jinmaek.accounts.cpu import explained
from jinmaek.cli.top_frames import with_commands
from jinmaek.cli.tui_accounts import account
from jinmaek.cli.tui_traces import DRAWN, KEPT, costly, tables, values
from jinmaek.diagnosis.evaluate import evaluate
from jinmaek.diagnosis.pulse import APART, judged, often, wanted
from jinmaek.diagnosis.rule import Rule
from jinmaek.explain.here import Here
from jinmaek.history.live import Ring
from jinmaek.model import Diagnosis
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks import descriptors, users
from jinmaek.tasks.choose import Scanner, Way
from jinmaek.tasks.commands import Commands
from jinmaek.tasks.descriptors import with_descriptors
from jinmaek.views.top_frame import TABLES, Frame, frame
from jinmaek.views.top_processes import Kept
from jinmaek.views.tui import cgroups
from jinmaek.views.tui.source import Account, Asked, Picture, Progress

NEAR, FAR, SPARSE = 60.0, 1800.0, 20.0
"""Seconds for which every reading is kept; for which one in ``SPARSE`` seconds is: enough for a trend."""
MARKED, MARKS = 20.0, 3
"""Seconds between readings that keep their tasks, and how many do: culprits are those of that time."""
WINDOW, WIDE = 10.0, 60.0
"""Seconds that rates of a tab are of; of what is read only now and then."""
LEAST = 5.0
"""Seconds of readings before anything is judged, as ``diagnose`` has."""
SHARE = 50
"""A whole reading and a judgement are made so seldom that they cost a fiftieth of one CPU at most."""
HEAVY = 0.05
"""CPU seconds of a reading that leaves the judgement to the next picture."""
FIRST = 1.0
"""Seconds between the two readings of the first picture."""


class Live:
    """A ``views.tui.source.Source``. Raises ``choose.Refused`` where ``way`` cannot be used."""

    def __init__(self, rules: tuple[Rule, ...], lang: str, way: Way = "auto") -> None:
        self._rules, self._lang = rules, lang
        self._scanner = Scanner(LIVE, way)
        self._commands = Commands(LIVE)
        self._names = users.names(LIVE)
        self._needed = tuple(dict.fromkeys((*wanted(rules), *tables(cgroups.EXPRS.values()))))
        self._often = tuple(dict.fromkeys((*often(rules), *TABLES, *tables(DRAWN.values()))))
        self._readings: deque[Snapshot] = deque()
        self._marks: deque[Snapshot] = deque(maxlen=MARKS)
        self._before: Snapshot | None = None
        self._kept = Kept()
        self._due, self._judging = 0.0, 0.0
        """When the next whole reading is due; what the last judgement has cost."""
        self._pending: tuple[Ring, Ring] | None = None
        """What is still to be judged: after a reading that cost much, with the next picture."""
        self._whole: Ring | None = None
        """All readings up to the last whole one."""
        self._traces: dict[str, deque[float | None]] = {name: deque(maxlen=KEPT) for name in DRAWN}
        self._diagnosis: Diagnosis | None = None
        self._began = time.monotonic(), time.process_time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._scanner.close()

    @property
    def live(self) -> bool:
        """Time goes on by itself."""
        return True

    @property
    def walls(self) -> Sequence[float]:
        """There are no samples to go to."""
        return ()

    @property
    def gaps(self) -> Sequence[tuple[float, float, str]]:
        """Nor gaps between them."""
        return ()

    def picture(self, asked: Asked) -> Picture:
        """Read, judge where that is due, and put together what the tab shows."""
        began = time.process_time()
        if self._before is None:
            self._read(asked)
            time.sleep(FIRST)
        before = self._before
        now = self._read(asked)
        assert before is not None
        ring = self._ring(now, NEAR)
        at = ring.times[-1]
        window = min(WINDOW, at - ring.times[0])
        for name, value in values(ring, at, window).items():
            self._traces[name].append(value)
        told = {}
        for name, expr in asked.exprs.items():
            source = self._whole if costly(expr) and self._whole is not None else ring
            end = source.times[-1]
            told[name] = evaluate(expr, source, end, WIDE if source is not ring else window)
        return Picture(
            host=os.uname().nodename,
            wall=now.wall,
            frame=self._frame(before, now, asked),
            traces={name: tuple(line) for name, line in self._traces.items()},
            told=told,
            asked=asked,
            window_s=window,
            diagnosis=self._diagnosis,
            cpu_s=time.process_time() - began,
        )

    def account(self, asked: Asked, progress: Progress) -> Account | None:
        """What a tab needs besides."""
        return account(asked.tab, self._lang, progress)

    def finding(self, place: int, *, forward: bool) -> tuple[int, str] | None:
        """There is no record to look through."""
        del place, forward
        return None

    def here(self, picture: Picture, pid: int | None) -> Here:
        """The kernel's files as they are now."""
        del picture
        return Here(LIVE, pid=os.getpid() if pid is None else pid)

    def _read(self, asked: Asked) -> Snapshot:
        """One reading; when it is due, of all that rules need, and then they are judged."""
        began, cpu = time.monotonic(), time.process_time()
        whole, spent = began >= self._due, 0.0
        shown = asked.shown
        scan = self._scanner.scan(details=whole or shown.field == "SWAP", usage=whole, threads=shown.threads)
        exprs = asked.exprs.values()
        wanted = [*self._often, *tables(expr for expr in exprs if not costly(expr))]
        if whole:
            wanted += [*self._needed, *tables(exprs)]
            if descriptors.TABLE in self._needed:
                scan = with_descriptors(LIVE, scan)
        now = take(LIVE, dict.fromkeys(wanted), scan)
        self._before = now
        if whole:
            self._pending = self._gather(now)
            spent = time.process_time() - cpu
            if self._pending is not None:
                self._due = began + max(APART, SHARE * (spent + self._judging))
        if self._pending is not None and (not whole or spent < HEAVY):
            self._judge(*self._pending)
        self._keep(now)
        return now

    def _gather(self, now: Snapshot) -> tuple[Ring, Ring] | None:
        """All that is kept, and the part of late whose first reading has tasks; None of too short a time."""
        self._whole = self._ring(now, FAR)
        if not self._marks or now.monotonic - self._marks[-1].monotonic >= MARKED:
            self._marks.append(now)
        if self._whole.times[-1] - self._whole.times[0] < LEAST:
            return None
        mark = self._marks[0]
        lately = Ring(len(self._readings) + 2)
        for one in (mark, *self._readings, now):
            if one is mark or one.monotonic > mark.monotonic:
                lately.add(one)
        return self._whole, lately

    def _judge(self, ring: Ring, lately: Ring) -> None:
        cpu = time.process_time()
        self._pending = None
        self._diagnosis = judged(self._rules, ring, lately, self._lang, self._began, self._scanner)
        self._judging = time.process_time() - cpu

    def _ring(self, now: Snapshot, back: float) -> Ring:
        """What is kept of the seconds before a reading, and that reading."""
        ring = Ring(len(self._readings) + 1)
        for one in self._readings:
            if now.monotonic - one.monotonic <= back and one.monotonic < now.monotonic:
                ring.add(one)
        ring.add(now)
        return ring

    def _keep(self, now: Snapshot) -> None:
        """Of what is older than ``NEAR`` one reading in ``SPARSE`` seconds, of older than ``FAR`` none."""
        kept: list[Snapshot] = []
        for one in (*self._readings, replace(now, tasks=None)):
            age = now.monotonic - one.monotonic
            if one.boot_id != now.boot_id or age > FAR:
                continue
            if age <= NEAR or not kept or one.monotonic - kept[-1].monotonic >= SPARSE:
                kept.append(one)
        self._readings = deque(kept)

    def _frame(self, before: Snapshot, now: Snapshot, asked: Asked) -> Frame | str:
        if now.tasks is None or not len(now.tasks.processes):
            return "proc: it holds no process"
        shown = asked.shown
        known = before.tasks is not None and (not shown.threads or before.tasks.threads is not None)
        made = frame(
            before if known else None,
            now,
            name_of=self._names,
            sessions=None,
            pid_width=max(5, len(str(now.tasks.processes.pid[-1]))),
            threads=shown.threads,
            kept=self._kept,
        )
        if shown.command_line and asked.tab == "processes":
            made = with_commands(made, shown, now.tasks, self._commands)
        return replace(made, explained=explained(before, now))
