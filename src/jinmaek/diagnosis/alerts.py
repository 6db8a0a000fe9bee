"""Rules as alerts: what fires when, as Prometheus counts ``for``, and the rule file that says so there."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from jinmaek.catalog import Ref
from jinmaek.diagnosis.evaluate import Missing, Vector, evaluate
from jinmaek.diagnosis.expr import Expr
from jinmaek.diagnosis.fleet.exporters import stock
from jinmaek.diagnosis.limits import changed
from jinmaek.diagnosis.promql import duration, exported_labels, number, promql
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns
from jinmaek.history.protocol import History
from jinmaek.i18n import tr
from jinmaek.model import Labels, Severity

Levels = Mapping[Severity, Vector | Missing]


def conditions(rule: Rule) -> Mapping[Severity, Expr]:
    """What must hold for each severity of a rule."""
    return {rule.severity: rule.condition(), **{level: rule.condition(worse) for level, worse in rule.worse}}


def active(rule: Rule, history: History, at: float, window: float) -> Levels:
    """The subjects for which a rule's condition holds at one moment, by severity."""
    return {level: evaluate(expr, history, at, window) for level, expr in conditions(rule).items()}


def alerts_over(rule: Rule, history: History, times: Sequence[float], window: float) -> tuple[Levels, ...]:
    """The subjects that fire at each of the ascending ``times``.

    As rules/alerting.go Eval(): a subject is pending from the first evaluation at which its condition
    holds, fires once that was ``held`` seconds ago, and starts anew after any evaluation without it, but one
    that fires goes on for ``kept_for`` seconds from the first evaluation without it; then it has no value
    (not a number).
    """
    alerts: dict[Severity, dict[Labels, _Alert]] = {}
    fired: list[Levels] = []
    for at in times:
        levels: dict[Severity, Vector | Missing] = {}
        for level, vector in active(rule, history, at, window).items():
            now: Vector = {} if isinstance(vector, Missing) else vector
            known = alerts.setdefault(level, {})
            _evaluated(rule, known, now, at)
            firing = {subject: now.get(subject, math.nan) for subject, one in known.items() if one.firing}
            levels[level] = vector if isinstance(vector, Missing) and not firing else firing
        fired.append(levels)
    return tuple(fired)


@dataclass(slots=True)
class _Alert:
    began: float
    firing: bool = False
    without: float | None = None
    """Since when its condition does not hold any more."""


def _evaluated(rule: Rule, known: dict[Labels, _Alert], now: Vector, at: float) -> None:
    for subject in now:
        one = known.setdefault(subject, _Alert(at))
        one.without = None
        one.firing = one.firing or at - one.began >= rule.held
    for subject in known.keys() - now.keys():
        one = known[subject]
        one.without = at if one.without is None else one.without
        if not one.firing or at - one.without >= kept_for(rule):
            del known[subject]


def kept_for(rule: Rule) -> float:
    """Seconds for which an alert goes on after its condition: ``keep_firing_for`` (Prometheus 2.42)."""
    return 0.0 if rule.severity == "benign" else rule.clear_for


def needs(rule: Rule) -> tuple[Ref, ...]:
    """The columns a rule reads that a node_exporter with its default flags does not export."""
    used = dict.fromkeys(ref for expr in conditions(rule).values() for ref in columns(expr))
    return tuple(ref for ref in used if not stock(ref))


def prometheus_rules(
    rules: Iterable[Rule],
    *,
    annotations: bool,
    window: str = "5m",
    instance: str = "instance",
    lang: str = "en",
    keep_firing: bool = True,
) -> str:
    """A Prometheus rule file in YAML: one group for each folder of rules, one alert for each severity.

    ``instance`` is the label that tells hosts apart, or several with commas between them. Without
    ``keep_firing`` an alert ends with its condition: engines before Prometheus 2.42 know no other.
    """
    lines = ["groups:"]
    ordered = sorted(rules, key=lambda rule: rule.id)
    for folder, members in groupby(ordered, key=lambda rule: rule.id.partition(".")[0]):
        lines += [f"  - name: {text(folder)}", "    rules:"]
        for rule in members:
            for level, expr in conditions(rule).items():
                lines += alert(
                    rule.id,
                    promql(expr, window, instance, lines=True),
                    level,
                    rule.held,
                    kept_for(rule) if keep_firing else 0.0,
                    _annotations(rule, expr, lang) if annotations else {},
                )
    return "\n".join(lines) + "\n" if len(lines) > 1 else "groups: []\n"


def alert(
    name: str, query: str, severity: Severity, held: float, kept: float, annotations: Mapping[str, str]
) -> list[str]:
    """The lines of one alert in a group's ``rules``."""
    lines = [f"      - alert: {text(name)}", "        expr: |-"]
    lines += [f"          {line}" for line in query.splitlines()]
    if held:
        lines.append(f"        for: {duration(held)}")
    if kept:
        lines.append(f"        keep_firing_for: {duration(kept)}")
    lines += ["        labels:", f"          severity: {severity}"]
    if annotations:
        lines += [
            "        annotations:",
            *(f"          {name}: {text(said)}" for name, said in annotations.items()),
        ]
    return lines


def _annotations(rule: Rule, expr: Expr, lang: str) -> Mapping[str, str]:
    names = exported_labels(expr)
    said = {
        "summary": _templated(tr(lang, rule.title), names),
        "description": _templated(tr(lang, rule.why), names),
        "changed": ", ".join(
            f"{one.name}={number(one.value)} (default {number(one.default)})" for one in changed([rule])
        ),
        "needs": ", ".join(f"{ref.name} ({ref.metric.name})" for ref in needs(rule)),
    }
    return {name: words for name, words in said.items() if words}


def _templated(said: str, names: Mapping[str, str]) -> str:
    """``{device}`` as Prometheus' templates write it."""

    def field(found: re.Match[str]) -> str:
        return "{{ $labels." + names.get(found[1], found[1]) + " }}"

    return re.sub(r"\{(\w+)\}", field, said)


def text(said: str) -> str:
    """A scalar of YAML: a JSON string is one, and single quotes spare the backslashes where they can."""
    if "\n" in said or not said.isprintable():
        return json.dumps(said, ensure_ascii=False)
    return "'" + said.replace("'", "''") + "'"
