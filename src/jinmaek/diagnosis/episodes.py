"""When each rule held in a part of a recording, from one moment to another, and who did it in that time.

A rule is asked at moments so close that nothing that holds for its ``held`` is missed, and that every reading
is in one of its ranges. The rest is as in a look: the same conditions, the same memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from jinmaek.diagnosis.evaluate import Missing, evaluate
from jinmaek.diagnosis.expr import Range
from jinmaek.diagnosis.holding import Course, Span, step
from jinmaek.diagnosis.judge import finding_of
from jinmaek.diagnosis.limits import expressions
from jinmaek.diagnosis.look import WINDOW, Look
from jinmaek.diagnosis.past import look_at, needed, reach, widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import leaves, seconds
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.model import Finding, Labels

CHUNK = 3600.0
"""Seconds of readings in memory at a time, besides those before them that expressions reach for."""


@dataclass(slots=True)
class _Judged:
    """One rule on its way through the readings."""

    rule: Rule
    every: float
    next: float = 0.0
    courses: dict[Labels, Course] = field(default_factory=dict)
    """Of the subjects that are not quiet."""
    open: dict[Labels, float] = field(default_factory=dict)
    """Since when a finding is open, by subject."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A rule held for a subject: seconds since boot, and whether it did so still at the end."""

    rule: Rule
    subject: Labels
    since: float
    until: float
    boot: str


def every(rule: Rule) -> float:
    """How many seconds may pass between two moments at which a rule is asked."""
    if rule.held > 0:
        return max(1.0, min(rule.held / 2, WINDOW))
    windows = [
        WINDOW if one.over is None else seconds(one.over)
        for expr in expressions(rule)
        for one in leaves(expr)
        if isinstance(one, Range)
    ]
    return max(1.0, min([*windows, WINDOW]) / 2)


def episodes(
    rules: tuple[Rule, ...],
    recording: Recording,
    boot: str,
    start: float,
    end: float,
    progress: Callable[[float], None] | None = None,
) -> Iterator[Episode]:
    """The episodes of one boot between two moments in seconds since boot, as they end."""
    judged = [_Judged(rule, every(rule)) for rule in rules if rule.severity != "benign"]
    wide = WINDOW
    for entry in recording.entries:
        if entry.boot == boot:
            wide = max(wide, widest(recording.meta(entry)))
    back = max((reach(expr, wide) for rule in rules for expr in expressions(rule)), default=0.0)
    at = start
    while at <= end:
        past = Past(recording, boot, at - back - wide, min(at + CHUNK, end))
        if len(past):
            look = look_at(past, "en")
            for one in judged:
                for subject, since, until in _through(one, look, at):
                    yield Episode(one.rule, subject, since, until, boot)
                if progress:
                    progress(min(1.0, (at - start) / max(1.0, end - start)))
        at += CHUNK
    for one in judged:
        for subject, since in one.open.items():
            yield Episode(one.rule, subject, since, one.courses[subject].held, boot)


def _through(one: _Judged, look: Look, start: float) -> Iterator[tuple[Labels, float, float]]:
    """Ask a rule at the moments of a look from ``start`` on; what ended there."""
    condition = one.rule.condition()
    begin = look.history.times[0] + look.longest
    for at in look.history.times:
        # A rate over less than a window would be another rule's.
        if at < max(start, one.next) or at < begin:
            continue
        one.next = at + one.every - 0.5
        now = evaluate(condition, look.history, at, look.longest)
        if isinstance(now, Missing):
            now = {}
        if not now and not one.courses:
            continue
        step(one.rule, look, one.courses, at, now)
        for subject, course in list(one.courses.items()):
            since = one.open.get(subject)
            if since is None and course.raised is not None:
                one.open[subject] = course.raised
            elif since is not None and course.raised is None:
                del one.open[subject]
                yield subject, since, course.held
            if course.raised is None and course.began is None:
                del one.courses[subject]


def finding(episode: Episode, recording: Recording, lang: str, wide: float = WINDOW) -> Finding | None:
    """What is to say of an episode as of the last moment at which it held; None where that is lost.

    ``wide`` is the longest window of ranges without their own.
    """
    back = needed((episode.rule,), wide)
    past = Past(recording, episode.boot, episode.until - back, episode.until)
    if len(past) == 0:
        return None
    look = look_at(past, lang)
    found = finding_of(episode.rule, look, episode.subject, Span(episode.since - look.longest))
    return replace(found, until=look.last.wall)
