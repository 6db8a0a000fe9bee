"""Every rule to one verdict: finding, quiet or unknown."""

from __future__ import annotations

from collections.abc import Iterable

from jinmaek.diagnosis.evaluate import Missing, Vector, evaluate
from jinmaek.diagnosis.evidence import evidence, matching
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.i18n import tr
from jinmaek.model import Confidence, Finding, Indicators, Labels, Quiet, Severity, Unknown, Verdict

WINDOW = 60.0
"""The longest window of a rate in a live look, in seconds."""
STEPS = 12
"""At how many moments of ``held`` a condition is checked again."""


def judge(rules: Iterable[Rule], look: Look) -> tuple[Verdict, ...]:
    """The verdicts of all rules over one look: for each rule its findings, or quiet, or unknown."""
    return tuple(verdict for rule in rules for verdict in _verdicts(rule, look))


def _verdicts(rule: Rule, look: Look) -> list[Verdict]:
    vector = evaluate(rule.condition(), look.history, look.last.monotonic, _window(look))
    if isinstance(vector, Missing):
        return [Unknown(rule.id, vector.column, vector.gap)]
    since = {subject: _since(rule, look, subject) for subject in vector}
    found = [_finding(rule, look, subject, begin) for subject, begin in since.items() if begin is not None]
    if not found:
        return [Quiet(rule.id, _why_quiet(rule, look))]
    if rule.severity == "benign":
        return [Quiet(rule.id, finding.summary, finding.evidence) for finding in found]
    return list(found)


def _window(look: Look) -> float:
    return min(look.window, WINDOW)


def _holding(rule: Rule, look: Look, at: float) -> Vector:
    vector = evaluate(rule.condition(), look.history, at, _window(look))
    return {} if isinstance(vector, Missing) else vector


def _since(rule: Rule, look: Look, subject: Labels) -> float | None:
    """Since when the condition has held for the subject, seconds since boot; None if not for ``held``.

    A look shorter than ``held`` asks for the whole of the look, and the confidence says so.
    """
    begin = look.first.monotonic + _window(look)
    earliest = max(begin, look.last.monotonic - rule.held)
    moments = [s.monotonic for s in look.history.snapshots if earliest <= s.monotonic < look.last.monotonic]
    for at in moments[:: max(1, len(moments) // STEPS)]:
        if subject not in _holding(rule, look, at):
            return None
    return earliest - _window(look)


def _why_quiet(rule: Rule, look: Look) -> str | None:
    """The reason of a quiet verdict where the level itself is there: a veto, or nothing that agrees."""
    at, window = look.last.monotonic, _window(look)
    level = evaluate(rule.when, look.history, at, window)
    if isinstance(level, Missing) or not level or rule.severity == "benign":
        return None
    for sign in rule.unless:
        if any(matching(evaluate(sign.expr, look.history, at, window), subject) for subject in level):
            return tr(look.lang, sign.name)
    return look.say("the level is there, but nothing else agrees with it")


def _finding(rule: Rule, look: Look, subject: Labels, since: float) -> Finding:
    indicators = _indicators(rule, look, subject)
    values = dict(subject)
    boot = look.last.wall - look.last.monotonic
    return Finding(
        rule=rule.id,
        title=look.say(rule.title, **values),
        severity=_severity(rule, look, subject),
        subject=subject,
        since=boot + since,
        until=look.last.wall,
        confidence=_confidence(rule, look, indicators),
        summary=look.say(rule.why, **values),
        evidence=evidence(rule, subject, look, _window(look)),
        indicators=indicators,
        culprits=rule.culprits(look) if rule.culprits and rule.severity != "benign" else (),
        helps=tuple(look.say(text, **values) for text in rule.helps),
        does_not_help=tuple(look.say(text, **values) for text in rule.does_not_help),
    )


def _severity(rule: Rule, look: Look, subject: Labels) -> Severity:
    severity = rule.severity
    for worse, expr in rule.worse:
        vector = evaluate(rule.condition(expr), look.history, look.last.monotonic, _window(look))
        if not isinstance(vector, Missing) and subject in vector:
            severity = worse
    return severity


def _indicators(rule: Rule, look: Look, subject: Labels) -> Indicators:
    agree, disagree, unknown = [], [], []
    for sign in rule.agree:
        vector = evaluate(sign.expr, look.history, look.last.monotonic, _window(look))
        name = tr(look.lang, sign.name)
        if isinstance(vector, Missing):
            unknown.append(name)
        elif matching(vector, subject):
            agree.append(name)
        else:
            disagree.append(name)
    return Indicators(tuple(agree), tuple(disagree), tuple(unknown))


def _confidence(rule: Rule, look: Look, indicators: Indicators) -> Confidence:
    """High: two independent signs agree, or all there are, for the whole of ``held``; else a step less."""
    strong = len(indicators.agree) >= 2 or not (indicators.disagree or indicators.unknown)
    full = look.window >= rule.held
    match strong, full:
        case True, True:
            return "high"
        case False, False:
            return "low"
        case _:
            return "medium"
