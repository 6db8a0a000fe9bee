"""All that was wrong in a recording, judged piece by piece and kept, to go from one to the next."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.diagnosis.episodes import episodes, finding
from jinmaek.diagnosis.past import widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.recording.boots import boots
from jinmaek.history.recording.recording import Recording
from jinmaek.i18n import tr
from jinmaek.views.tui.source import Event, Happened, Progress

CHUNK = 3600.0
"""Seconds of the record that are judged at a time."""
CLOSE = 60.0
"""An episode that begins so many seconds after the same one ended at a border of chunks is that one."""


class Events:
    """The episodes of a recording. Times are seconds since the epoch."""

    def __init__(self, recording: Recording, rules: tuple[Rule, ...], lang: str) -> None:
        self._recording, self._rules, self._lang = recording, rules, lang
        span = recording.span()
        assert span is not None
        self._begin, self._end = span
        self._wide = max(widest(recording.meta(entry)) for entry in recording.entries)
        self._chunks: dict[int, tuple[Event, ...]] = {}

    @property
    def _count(self) -> int:
        return int((self._end - self._begin) // CHUNK) + 1

    def all(self, progress: Progress) -> Happened:
        """Every episode; ``progress`` is told those so far. Raises ``Left``."""
        for number in range(self._count):
            found = Happened(tuple(self._joined(range(number))), number / self._count)
            progress("history", tr(self._lang, "judging what was recorded"), found)
            self._chunk(number)
        return Happened(tuple(self._joined(range(self._count))), 1.0)

    def beside(self, wall: float, *, forward: bool) -> Event | None:
        """The nearest that began more than a second after a moment, or before it."""
        at = min(max(0, int((wall - self._begin) // CHUNK)), self._count - 1)
        for number in range(at, self._count) if forward else range(at, -1, -1):
            # With the chunk before it, what only goes on there is known to have begun before; what is found
            # at the begin of the chunk behind it may have begun in this one.
            around = range(max(0, number - 1), number + 1 if forward else min(self._count, number + 2))
            for one in around:
                self._chunk(one)
            begun = [one for one in self._joined(around) if (one.since > wall + 1) == forward]
            found = [one for one in begun if abs(one.since - wall) > 1]
            if found:
                return min(found, key=lambda one: abs(one.since - wall))
        return None

    def _chunk(self, number: int) -> tuple[Event, ...]:
        known = self._chunks.get(number)
        if known is None:
            start = self._begin + number * CHUNK
            found = [
                one
                for boot, first, last in boots(self._recording, start, min(start + CHUNK, self._end))
                for one in self._of_boot(boot, first, last)
            ]
            known = self._chunks[number] = tuple(sorted(found, key=lambda one: one.since))
        return known

    def _of_boot(self, boot: str, first: float, last: float) -> Iterator[Event]:
        for one in episodes(self._rules, self._recording, boot, first, last):
            found = finding(one, self._recording, self._lang, self._wide)
            if found is not None:
                yield Event(found.since, found.until, found.severity, found.title, found.rule)

    def _joined(self, numbers: range) -> Iterator[Event]:
        """What goes on over a border of chunks is one event."""
        joined: list[Event] = []
        for number in numbers:
            border = self._begin + number * CHUNK
            for one in self._chunks.get(number, ()):
                same = next(
                    (
                        place
                        for place, other in enumerate(joined)
                        if (other.rule, other.title) == (one.rule, one.title)
                        and one.since - border <= CLOSE
                        and one.since - other.until <= CLOSE
                    ),
                    None,
                )
                if same is None:
                    joined.append(one)
                else:
                    before = joined[same]
                    joined[same] = Event(before.since, one.until, one.severity, one.title, one.rule)
        yield from sorted(joined, key=lambda one: one.since)
