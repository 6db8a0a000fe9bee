"""What a recording says, for the page: opened anew while it grows, read by one request at a time."""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from jinmaek.accounts.cpu import explained
from jinmaek.accounts.memory_owners import By
from jinmaek.diagnosis.episodes import episodes
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.past import at_moment, look_at, needed, widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.recording.boots import pasts
from jinmaek.history.recording.holes import holes
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.model import Diagnosis, TasksRead
from jinmaek.tasks import users
from jinmaek.views.top_frame import TABLES, Frame, frame
from jinmaek.views.web.accounts import Kind
from jinmaek.views.web.accounts_past import account
from jinmaek.views.web.findings import Seen
from jinmaek.views.web.moments import Stretch

FRESH = 10.0
"""Seconds after which a recording that may have grown is opened again."""
BEFORE = 5.0
"""Seconds over which the rates of processes are taken."""
JUDGED = 8
"""Stretches of time whose findings are kept."""


class NotThere(LookupError):
    """Nothing was recorded at that moment. The message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A sample: its part of the recording, and where it is in it."""

    past: Past
    at: int


class Archive:
    """The recording in a folder. Raises ``OSError`` where there is none, ``NotThere`` where it is empty."""

    def __init__(self, path: str, rules: tuple[Rule, ...]) -> None:
        self.path = os.path.abspath(path)
        self._rules = rules
        self._lock = Lock()
        self._opened = time.monotonic()
        self._recording = Recording(self.path)
        self._gone: str | None = None
        """Why it could not be opened again."""
        self._judged: OrderedDict[tuple[float, float], list[Seen]] = OrderedDict()
        self.span()

    def close(self) -> None:
        """Let go of its files."""
        with self._lock:
            self._recording.close()

    @contextmanager
    def _reading(self) -> Iterator[Recording]:
        with self._lock:
            if time.monotonic() - self._opened > FRESH:
                self._opened = time.monotonic()
                self._again()
            yield self._recording

    def _again(self) -> None:
        """Open it anew. One that has gone meanwhile stays open as it was, and that is told."""
        try:
            fresh = Recording(self.path)
        except OSError as error:
            self._gone = error.strerror or type(error).__name__
            return
        if fresh.span() is None:
            fresh.close()
            self._gone = "no sample can be read in it"
            return
        self._recording.close()
        self._recording, self._gone = fresh, None

    def span(self) -> tuple[float, float]:
        """When its first and its last sample were, in seconds since the epoch. Raises ``NotThere``."""
        with self._reading() as recording:
            found = recording.span()
        if found is None:
            raise NotThere("no sample can be read in it")
        return found

    def about(self) -> dict[str, object]:
        """Of which host it is, and by whom."""
        since, until = self.span()
        with self._reading() as recording:
            meta = recording.meta(recording.entries[-1])
            return {
                "path": self.path,
                "host": meta.get("host"),
                "kernel": meta.get("kernel"),
                "since": since,
                "until": until,
                "interval_s": float(meta.get("interval", 1.0)),
                "damage": [
                    *([] if self._gone is None else [f"{self.path}: {self._gone}"]),
                    *(str(one) for one in recording.damage),
                ],
            }

    def draw(
        self, since: float, until: float, made: Callable[[list[Stretch]], dict[str, object]]
    ) -> dict[str, object]:
        """What ``made`` makes of the boots in that time."""
        with self._reading() as recording:
            parts = [
                Stretch(
                    past,
                    past.wall(0),
                    past.wall(len(past) - 1),
                    past.wall(len(past) - 1) - past.times[-1],
                    float(past.meta.get("interval", 1.0)),
                    int(past.meta.get("page_size", 4096)),
                )
                for past in pasts(recording, since, until)
            ]
            return made(parts)

    def holes(self, since: float, until: float) -> list[dict[str, object]]:
        """Where it has no samples, and why: what is at least a thousandth of that time."""
        with self._reading() as recording:
            return [
                {"since": one.since, "until": one.until, "why": one.why}
                for one in holes(recording, since, until)
                if one.seconds >= (until - since) / 1000
            ]

    def _place(self, recording: Recording, at: float) -> Place:
        found = recording.find(at)
        if found is None:
            raise NotThere("nothing was recorded before that moment")
        entry, place = found
        past = Past(recording, entry.boot, entry.boottime[0] / 1e9, entry.boottime[1] / 1e9, (entry,))
        return Place(past, place)

    def diagnosis(self, at: float, lang: str) -> Diagnosis:
        """The verdicts as of the last sample at or before a moment. Raises ``NotThere``."""
        with self._reading() as recording:
            place = self._place(recording, at)
            end = place.past.times[place.at]
            start = end - needed(self._rules, widest(place.past.meta))
            return at_moment(self._rules, Past(recording, place.past.boot, start, end), lang)

    def frame(self, at: float) -> tuple[Frame, TasksRead]:
        """The processes then. Raises ``NotThere``."""
        with self._reading() as recording:
            place = self._place(recording, at)
            past, now = place.past, place.past.times[place.at]
            past.only = TABLES
            earlier = bisect_right(past.times, now - BEFORE) - 1
            if earlier < 0:
                part = Past(recording, past.boot, now - 4 * BEFORE, now - BEFORE)
                part.only = TABLES
                before = part.snapshot(len(part) - 1) if len(part) else None
            else:
                before = past.snapshot(earlier)
            snapshot = past.snapshot(place.at)
            if snapshot.tasks is None or not len(snapshot.tasks.processes):
                raise NotThere("no processes were recorded then")
            made = frame(
                before, snapshot, name_of=users.names_of(past.meta.get("host")), sessions=None, pid_width=5
            )
            if before is not None:
                from dataclasses import replace

                made = replace(made, explained=explained(before, snapshot))
            return made, TasksRead(snapshot.tasks.way, snapshot.tasks.cpu_s)

    def with_look(
        self, at: float, back: float, made: Callable[[Look], dict[str, object]]
    ) -> dict[str, object]:
        """What ``made`` makes of the last ``back`` seconds before a moment. Raises ``NotThere``."""
        with self._reading() as recording:
            place = self._place(recording, at)
            end = place.past.times[place.at]
            return made(look_at(Past(recording, place.past.boot, end - back, end), "en"))

    def account(self, at: float, kind: Kind, by: By, lang: str) -> dict[str, object]:
        """The memory ledger, the swap or the load account then. Raises ``NotThere``, ``NoMeminfo``."""
        with self._reading() as recording:
            place = self._place(recording, at)
            return account(place.past, place.at, kind, by, self._rules, lang)

    def findings(self, since: float, until: float) -> list[Seen]:
        """When which rule held in that time; what was judged lately is not judged again."""
        begin, end = self.span()
        cell = 60.0 if until - since <= 3600 else 600.0
        key = max(since, begin) // cell * cell, (min(until, end) // cell + 1) * cell
        with self._reading() as recording:
            if key not in self._judged:
                found: list[Seen] = []
                for past in pasts(recording, *key):
                    offset = past.wall(len(past) - 1) - past.times[-1]
                    held = episodes(self._rules, recording, past.boot, past.times[0], past.times[-1])
                    found += [
                        Seen(one.rule, one.subject, one.rule.severity, offset + one.since, offset + one.until)
                        for one in held
                    ]
                self._judged[key] = found
                while len(self._judged) > JUDGED:
                    self._judged.popitem(last=False)
            return self._judged[key]
