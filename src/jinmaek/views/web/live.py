"""The running host: read in one thread for all clients, judged once for each language somebody reads."""

from __future__ import annotations

import json
import os
import resource
import time
import zlib
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread

from jinmaek.accounts.cpu import explained
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.pulse import wanted, whole_reading
from jinmaek.diagnosis.rolling import Rolling
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.recording.recorder import scanner
from jinmaek.model import Diagnosis
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, take
from jinmaek.tasks import users
from jinmaek.tasks.choose import Scanner, Way
from jinmaek.views.top import Shown, arrange
from jinmaek.views.top_frame import frame
from jinmaek.views.top_json import data
from jinmaek.views.top_processes import Process
from jinmaek.views.web import cgroups, charts
from jinmaek.views.web.findings import Episodes, Seen
from jinmaek.views.web.kept import Kept
from jinmaek.views.web.moments import Stretch

INTERVAL = 1.0
"""Seconds between two readings of what charts show."""
WHOLE = 5.0
"""Between two readings of everything that is judged, processes too."""
JUDGED = 15.0
"""Between two judgements while somebody reads them."""
UNREAD = 60.0
"""While nobody does: the time line of findings goes on."""
SHARE = 40
"""What costs much on a host with much to tell is done at most so that it takes one part in so many."""
WANTED = 45.0
"""Seconds for which a language is judged after it was last asked for."""
HOUR = 3600.0
READINGS = 180
"""Whole readings that are judged: the last quarter of an hour."""
FRAMES = int(HOUR / WHOLE)
SHOWN = 150
"""Processes that are kept of a moment: so many that use most CPU time, and so many that are largest."""
DESCRIPTORS = 65_536
"""As many as are asked for, where the hard limit lets us."""
SOCKETS = 1024
PAGE = os.sysconf("SC_PAGESIZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """What this program takes of the host."""

    cpu_share: float
    """Of one CPU, over about the last minute."""
    resident_bytes: int
    sampled_s: float
    """CPU seconds of the last whole reading."""
    judged_s: float
    """CPU seconds of the last judgement."""


class Live:
    """Readings of the last hour and verdicts on them. ``start`` it, and ``stop`` it."""

    def __init__(self, rules: tuple[Rule, ...], way: Way = "auto", lang: str = "en") -> None:
        self._rules, self._way = rules, way
        self._stop = Event()
        self._changed = Lock()
        self._thread: Thread | None = None
        self._tasks: Scanner
        self._rolling = Rolling(rules, READINGS)
        self._kept = Kept(charts.refs(), HOUR)
        self._frames: deque[tuple[float, bytes]] = deque(maxlen=FRAMES)
        self._episodes = Episodes(rules)
        self._asked: dict[str, float] = {}
        self._diagnoses: dict[str, Diagnosis] = {}
        self._lang = lang
        self._usage: deque[tuple[float, float]] = deque(maxlen=61)
        self._sampled_s = self._judged_s = 0.0
        self.host, self.kernel = os.uname().nodename, os.uname().release
        self.began = time.time()
        self.fault: BaseException | None = None
        """What ended the thread, if anything did."""
        self.tell: Callable[[str], None] = lambda _: None
        """Called in the thread: ``sample`` after each reading, ``diagnosis`` after each judgement, ``fault``
        when it ends by one."""

    def start(self) -> None:
        """Begin to read. Raises ``choose.Refused`` where tasks cannot be read the way asked for."""
        self._tasks = _scanner(self._way)
        self._thread = Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, and wait until it has."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        try:
            with self._tasks as tasks:
                self._read(tasks)
        except BaseException as fault:
            self.fault = fault
            self.tell("fault")
            raise

    def _read(self, tasks: Scanner) -> None:
        needed = tuple(sorted({*wanted(self._rules), *charts.tables(), *cgroups.tables()}))
        often = charts.tables()
        name_of = users.names(LIVE)
        before: Snapshot | None = None
        whole, judged = 0.0, -UNREAD
        moment = time.monotonic()
        while not self._stop.is_set():
            cpu = time.thread_time()
            if moment >= whole:
                snapshot = whole_reading(LIVE, needed, tasks.scan(details=True, usage=True))
                self._keep(before, snapshot, name_of, tasks)
                before = snapshot
                self._sampled_s = time.thread_time() - cpu
                # The first opens what is held from then on, and the first verdicts wait for the second.
                whole = moment + (pause(WHOLE, self._sampled_s) if len(self._rolling) > 1 else WHOLE)
            else:
                snapshot = take(LIVE, often)
            self._kept.add(snapshot)
            self._usage.append((time.monotonic(), time.process_time()))
            self.tell("sample")
            apart = pause(JUDGED if self._read_by(moment) else UNREAD, self._judged_s)
            if len(self._rolling) > 1 and (moment >= judged + apart or self._unanswered(moment)):
                judged = moment
                self._judge(tasks)
            now = time.monotonic()
            moment += INTERVAL * max(1, int((now - moment) / INTERVAL) + 1)
            self._stop.wait(max(0.0, moment - time.monotonic()))

    def _keep(
        self, before: Snapshot | None, now: Snapshot, name_of: Callable[[int], str], tasks: Scanner
    ) -> None:
        made = frame(before, now, name_of=name_of, sessions=None, pid_width=5)
        if before is not None:
            made = replace(made, explained=explained(before, now))
        chosen = few(arrange(made, Shown()), arrange(made, Shown(field="RES")))
        packed = zlib.compress(json.dumps(data(made, chosen, tasks.reading)).encode(), 1)
        with self._changed:
            self._rolling.add(now)
            self._frames.append((now.wall, packed))

    def _read_by(self, moment: float) -> bool:
        return any(moment - last < WANTED for last in list(self._asked.values()))

    def _unanswered(self, moment: float) -> bool:
        """Whether somebody waits for verdicts in a language they were not told in."""
        asked = list(self._asked.items())
        return any(moment - last < WANTED and lang not in self._diagnoses for lang, last in asked)

    def _judge(self, tasks: Scanner) -> None:
        began, moment = time.thread_time(), time.monotonic()
        languages = [lang for lang, last in list(self._asked.items()) if moment - last < WANTED] or [
            self._lang
        ]
        found = {lang: self._rolling.diagnose(lang, tasks.reading) for lang in languages}
        self._judged_s = time.thread_time() - began
        with self._changed:
            self._diagnoses = found
            self._episodes.judged(next(iter(found.values())).findings)
        self.tell("diagnosis")

    def diagnosis(self, lang: str) -> Diagnosis | None:
        """The last verdicts in a language; None before there are any in it: ask again."""
        self._asked[lang] = time.monotonic()
        with self._changed:
            return self._diagnoses.get(lang)

    def findings(self, since: float, until: float) -> list[Seen]:
        """When which rule held, as far as it was judged here."""
        with self._changed:
            return self._episodes.between(since, until)

    def span(self) -> tuple[float, float] | None:
        """The readings charts are drawn from, in seconds since the epoch; None before the first."""
        first, last = self._kept.first, self._kept.last
        return (
            None if first is None or last is None else (first + self._kept.offset, last + self._kept.offset)
        )

    def stretch(self) -> Stretch | None:
        """The last hour; None before the first reading."""
        span = self.span()
        return None if span is None else Stretch(self._kept, *span, self._kept.offset, INTERVAL, PAGE)

    def frame(self, at: float | None) -> dict[str, object] | None:
        """The processes as last read at or before a moment (the latest without one); None where none were."""
        with self._changed:
            walls = [wall for wall, _ in self._frames]
            place = len(walls) - 1 if at is None else bisect_right(walls, at) - 1
            packed = self._frames[place][1] if place >= 0 else None
        return None if packed is None else json.loads(zlib.decompress(packed))

    def last(self) -> Snapshot | None:
        """The last whole reading; None before the first."""
        with self._changed:
            return self._rolling.last if len(self._rolling) else None

    def with_look(self, made: Callable[[Look], dict[str, object]]) -> dict[str, object] | None:
        """What ``made`` makes of the last minute; None before the first reading."""
        with self._changed:
            if not len(self._rolling):
                return None
            recent = self._rolling.recent()
        return made(Look(recent, "en", lambda _: None, tuple))

    def cost(self) -> Cost:
        """What this program takes."""
        used = list(self._usage)
        share = 0.0
        if len(used) > 1:
            (since, before), (until, now) = used[0], used[-1]
            share = (now - before) / (until - since)
        with open("/proc/self/statm") as file:
            resident = int(file.read().split()[1]) * PAGE
        return Cost(share, resident, self._sampled_s, self._judged_s)


def pause(least: float, cost: float) -> float:
    """Seconds until something that took ``cost`` CPU seconds is done again."""
    return max(least, SHARE * cost)


def _scanner(way: Way) -> Scanner:
    """Held files of processes leave ``SOCKETS`` descriptors to clients, of as many as there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(soft, min(hard, DESCRIPTORS)) if hard != resource.RLIM_INFINITY else max(soft, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(most // 2, most - SOCKETS), hard))
    try:
        return scanner(way)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def few(*orders: list[Process]) -> list[Process]:
    """The first of each order, once each."""
    found: dict[int, Process] = {}
    for order in orders:
        for one in order[:SHOWN]:
            found.setdefault(one.pid, one)
    return list(found.values())
