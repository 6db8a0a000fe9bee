"""When which rule held: what the time line of findings is drawn from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jinmaek.diagnosis.rule import Rule
from jinmaek.i18n import tr
from jinmaek.model import SEVERITIES, Finding, Labels, Severity

MOST = 500
"""Episodes that are remembered: of more the latest."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A rule held for a subject; seconds since the epoch."""

    rule: Rule
    subject: Labels
    severity: Severity
    since: float
    until: float
    going_on: bool = False


class Episodes:
    """What judgements of a live host found, one after the other."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._over: deque[Seen] = deque(maxlen=MOST)
        self._open: dict[tuple[str, Labels], Seen] = {}

    def judged(self, findings: Iterable[Finding]) -> None:
        """Take one more judgement."""
        now = {(one.rule, one.subject): one for one in findings}
        for key, one in now.items():
            seen = self._open.get(key)
            if seen is None:
                self._open[key] = Seen(
                    self._rules[one.rule], one.subject, one.severity, one.since, one.until, going_on=True
                )
            else:
                worst = max(seen.severity, one.severity, key=SEVERITIES.index)
                self._open[key] = replace(seen, severity=worst, until=one.until)
        for key in [key for key in self._open if key not in now]:
            self._over.append(replace(self._open.pop(key), going_on=False))

    def between(self, since: float, until: float) -> list[Seen]:
        """What held at any moment between these."""
        return [
            one for one in (*self._over, *self._open.values()) if one.until >= since and one.since <= until
        ]


def document(found: Iterable[Seen], lang: str) -> list[dict[str, object]]:
    """By their beginning."""
    return [
        {
            "rule": one.rule.id,
            "title": tr(lang, one.rule.title).format(**dict(one.subject)),
            "subject": dict(one.subject),
            "severity": one.severity,
            "since": one.since,
            "until": one.until,
            "going_on": one.going_on,
        }
        for one in sorted(found, key=lambda one: (one.since, one.rule.id))
    ]
