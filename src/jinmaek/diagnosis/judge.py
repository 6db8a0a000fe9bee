"""Every rule to one verdict: finding, quiet or unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jinmaek.diagnosis.evaluate import Missing, evaluate
from jinmaek.diagnosis.evidence import evidence, matching
from jinmaek.diagnosis.holding import Span, holding, near_limit, window
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.i18n import tr
from jinmaek.model import Confidence, Finding, Indicators, Labels, Quiet, Severity, Unknown, Verdict


def judge(rules: Iterable[Rule], look: Look) -> tuple[Verdict, ...]:
    """The verdicts of all rules over one look: for each rule its findings, or quiet, or unknown."""
    return tuple(verdict for rule in rules for verdict in _verdicts(rule, look))


def _verdicts(rule: Rule, look: Look) -> list[Verdict]:
    spans = holding(rule, look)
    if isinstance(spans, Missing):
        return [Unknown(rule.id, spans.column, spans.gap)]
    found = [finding_of(rule, look, subject, span) for subject, span in spans.items()]
    if not found:
        return [Quiet(rule.id, _why_quiet(rule, look))]
    if rule.severity == "benign":
        return [Quiet(rule.id, finding.summary, finding.evidence) for finding in found]
    return list(found)


def _why_quiet(rule: Rule, look: Look) -> str | None:
    """The reason of a quiet verdict where the level itself is there: a veto, or nothing that agrees."""
    at, span = look.last.monotonic, window(look)
    level = evaluate(rule.when, look.history, at, span)
    if isinstance(level, Missing) or not level or rule.severity == "benign":
        return None
    for sign in rule.unless:
        if any(matching(evaluate(sign.expr, look.history, at, span), subject) for subject in level):
            return tr(look.lang, sign.name)
    return look.say("the level is there, but nothing else agrees with it")


def finding_of(rule: Rule, look: Look, subject: Labels, span: Span) -> Finding:
    """What is said of one subject for which a rule counts at the end of a look."""
    indicators = _indicators(rule, look, subject)
    # Of what has fallen, the numbers that keep it open are those of the lower limit.
    shown = rule if span.fell is None else replace(rule, when=near_limit(rule))
    values = dict(subject)
    boot = look.last.wall - look.last.monotonic
    return Finding(
        rule=rule.id,
        title=look.say(rule.title, **values),
        severity=_severity(rule, look, subject),
        subject=subject,
        since=boot + span.since,
        until=look.last.wall,
        fell=None if span.fell is None else boot + span.fell,
        confidence=_confidence(rule, look, indicators),
        summary=look.say(rule.why, **values),
        evidence=evidence(shown, subject, look, window(look)),
        indicators=indicators,
        culprits=rule.culprits(_episode(look, span).about(subject))
        if rule.culprits and rule.severity != "benign"
        else (),
        helps=tuple(look.say(text, **values) for text in rule.helps),
        does_not_help=tuple(look.say(text, **values) for text in rule.does_not_help),
    )


def _episode(look: Look, span: Span) -> Look:
    return look.episode(span.since, look.last.monotonic if span.fell is None else span.fell)


def _severity(rule: Rule, look: Look, subject: Labels) -> Severity:
    severity = rule.severity
    for worse, expr in rule.worse:
        vector = evaluate(rule.condition(expr), look.history, look.last.monotonic, window(look))
        if not isinstance(vector, Missing) and subject in vector:
            severity = worse
    return severity


def _indicators(rule: Rule, look: Look, subject: Labels) -> Indicators:
    agree, disagree, unknown = [], [], []
    for sign in rule.agree:
        vector = evaluate(sign.expr, look.history, look.last.monotonic, window(look))
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
