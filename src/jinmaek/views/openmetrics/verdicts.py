"""What the judge said as metrics: for every rule one of three answers, whatever number of things it is about.

``jinmaek_rule_state`` has the three answers of a rule, one of them 1. ``jinmaek_finding`` is 1 or 0 by
severity where a rule was judged, and is not there where it is unknown: nothing is not 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jinmaek.diagnosis.rule import Rule
from jinmaek.model import SEVERITIES, Finding, Unknown, Verdict
from jinmaek.views.openmetrics.series import Family, Samples, series

FINDING = Family(
    "jinmaek_finding",
    "gauge",
    "1: this rule holds on this host at this severity, 0: it does not; else unknown",
)
STATE = Family(
    "jinmaek_rule_state", "gauge", "1 for the answer a rule gives on this host: finding, quiet or unknown"
)
SUBJECTS = Family(
    "jinmaek_finding_subjects", "gauge", "what a rule holds for on this host: devices, control groups, it all"
)
STATES = ("finding", "quiet", "unknown")


def samples(rules: Iterable[Rule], verdicts: Sequence[Verdict]) -> Samples:
    """As many series whatever is found. A rule without a verdict was not judged yet: it is unknown."""
    found: dict[str, list[Finding]] = {}
    judged: set[str] = set()
    for one in verdicts:
        if isinstance(one, Finding):
            found.setdefault(one.rule, []).append(one)
        if not isinstance(one, Unknown):
            judged.add(one.rule)
    told: Samples = []
    states: Samples = []
    subjects: Samples = []
    for rule in rules:
        findings = found.get(rule.id, [])
        state = "unknown" if rule.id not in judged else "finding" if findings else "quiet"
        states += [(series(STATE, {"rule": rule.id, "state": one}), int(one == state)) for one in STATES]
        if state == "unknown" or rule.severity == "benign":
            continue
        worst = {one.severity for one in findings}
        told += [
            (series(FINDING, {"rule": rule.id, "severity": level}), int(level in worst))
            for level in severities(rule)
        ]
        subjects.append((series(SUBJECTS, {"rule": rule.id}), len(findings)))
    return [*told, *states, *subjects]


def severities(rule: Rule) -> tuple[str, ...]:
    """The severities a rule can have, from the least."""
    possible = {rule.severity, *(level for level, _ in rule.worse)}
    return tuple(level for level in SEVERITIES if level in possible)
