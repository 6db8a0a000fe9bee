"""What a finding on a host rests on, asked of the engine for all hosts of a rule at once.

The parts of a rule are asked for in few queries, each part under a number of its own. Which of them are
shown, and how they are put, is as in ``diagnosis.evidence``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from jinmaek.diagnosis.evidence import comparisons, matching
from jinmaek.diagnosis.expr import AllOf, AnyOf, Compare, Const, Expr, Named, Unless
from jinmaek.diagnosis.fleet.lacking import Lacking, lacks
from jinmaek.diagnosis.fleet.scope import LONGEST, Scope, Target, labels_of, subject
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns
from jinmaek.diagnosis.words import unit, words
from jinmaek.history.prometheus.answer import Answer, NoAnswer
from jinmaek.history.prometheus.http import Instant
from jinmaek.history.prometheus.many import Asked, Progress, ask_all
from jinmaek.i18n import tr
from jinmaek.model import Confidence, Evidence, Indicators, Labels, Severity

PART = "jinmaek_part"
"""The label that tells the parts of a query apart."""
Vectors = Mapping[Expr, Mapping[Target, Mapping[Labels, float]]]


@dataclass(frozen=True, slots=True)
class Proof:
    """The values of the parts of a rule on its hosts at one moment."""

    rule: Rule
    values: Vectors
    fault: NoAnswer | None = None

    def of(self, expr: Expr, target: Target, labels: Labels) -> Mapping[Labels, float]:
        """A part on a host, as far as it agrees with the subject."""
        return matching(self.values.get(expr, {}).get(target, {}), labels)


Key = tuple[str, float]
"""Of what a proof is: a rule, and when."""


def prove(
    engine: Asked,
    scope: Scope,
    asked: Mapping[Key, tuple[Rule, Collection[Target]]],
    progress: Progress | None = None,
) -> dict[Key, Proof]:
    """The proof of every rule at its moment, on these targets."""
    queries: dict[tuple[Key, int], Instant] = {}
    parts: dict[Key, list[Expr]] = {}
    for key, (rule, targets) in asked.items():
        parts[key] = list(dict.fromkeys(_parts(rule)))
        for number, text in enumerate(_texts(scope, parts[key], targets)):
            queries[key, number] = Instant(text, key[1])
    answers = ask_all(engine, queries, progress)
    return {
        key: _proof(scope, rule, parts[key], [answers[query] for query in queries if query[0] == key])
        for key, (rule, _) in asked.items()
    }


def _texts(scope: Scope, parts: list[Expr], targets: Collection[Target]) -> list[str]:
    texts: list[str] = []
    for number, part in enumerate(parts):
        tagged = f'label_replace({scope.promql(part, targets)}, "{PART}", "{number}", "", "")'
        if texts and len(texts[-1]) + len(tagged) < LONGEST:
            texts[-1] += f" or {tagged}"
        else:
            texts.append(tagged)
    return texts


def _proof(scope: Scope, rule: Rule, parts: list[Expr], answers: list[Answer | NoAnswer]) -> Proof:
    values: dict[Expr, dict[Target, dict[Labels, float]]] = {}
    fault = None
    for answer in answers:
        if isinstance(answer, NoAnswer):
            fault = fault or answer
            continue
        for series in answer.series:
            place = series.labels.get(PART, "")
            if place.isdecimal() and int(place) < len(parts):
                part = parts[int(place)]
                of_host = values.setdefault(part, {}).setdefault(scope.target(series), {})
                of_host[labels_of(series, subject(part))] = series.value
    return Proof(rule, values, fault)


def _parts(rule: Rule) -> Iterator[Expr]:
    """All that has to be known: comparisons, what they are joined to, limits that are no plain number."""
    terms = [rule.when, *(sign.expr for sign in rule.agree), *(expr for _, expr in rule.worse)]
    for term in terms:
        yield from _joins(term)
    yield from (rule.condition(worse) for _, worse in rule.worse)


def _joins(expr: Expr) -> Iterator[Expr]:
    match expr:
        case Compare(_, _, right):
            yield expr
            if not isinstance(right, Const):
                yield right
        case AllOf(terms) | AnyOf(terms):
            yield expr
            for term in terms:
                yield from _joins(term)
        case Unless(term, _):
            yield expr
            yield from _joins(term)
        case _:
            yield expr


def severity(proof: Proof, target: Target, labels: Labels) -> Severity:
    """The severest level whose condition holds as well."""
    found = proof.rule.severity
    for level, worse in proof.rule.worse:
        if labels in proof.values.get(proof.rule.condition(worse), {}).get(target, {}):
            found = level
    return found


def indicators(proof: Proof, target: Target, labels: Labels, missing: Lacking, lang: str) -> Indicators:
    """The signs by whether they agree, named as the rule names them."""
    agree, disagree, unknown = [], [], []
    for sign in proof.rule.agree:
        name = tr(lang, sign.name)
        if proof.of(sign.expr, target, labels):
            agree.append(name)
        elif proof.fault is not None or lacks(sign.expr, missing):
            unknown.append(name)
        else:
            disagree.append(name)
    return Indicators(tuple(agree), tuple(disagree), tuple(unknown))


def confidence(signs: Indicators) -> Confidence:
    """High where two independent signs agree, or all there are: it was held for all of its time."""
    strong = len(signs.agree) >= 2 or not (signs.disagree or signs.unknown)
    return "high" if strong else "medium"


def evidence(proof: Proof, target: Target, labels: Labels) -> tuple[Evidence, ...]:
    """Every comparison that holds, in the parts of the rule that do: its left side, and its limit."""
    rule = proof.rule
    terms = (rule.when, *(sign.expr for sign in rule.agree), *(expr for _, expr in rule.worse))

    def holds(expr: Expr) -> bool:
        return bool(proof.of(expr, target, labels))

    found: dict[tuple[str, Labels, str], Evidence] = {}
    for term in filter(holds, terms):
        for compare in comparisons(term, holds):
            name = _column(compare.left)
            for subject_labels, value in proof.of(compare, target, labels).items():
                found[name, subject_labels, compare.op[0]] = Evidence(
                    column=name,
                    labels=subject_labels,
                    value=value,
                    unit=unit(compare.left),
                    limit=_limit(proof, compare.right, target, subject_labels),
                    file=", ".join(dict.fromkeys(ref.file for ref in columns(compare.left))),
                )
    return tuple(found.values())


def _limit(proof: Proof, expr: Expr, target: Target, labels: Labels) -> float | None:
    if isinstance(expr, Const):
        return expr.value
    limits = list(proof.of(expr, target, labels).values())
    return limits[0] if len(limits) == 1 else None


def _column(expr: Expr) -> str:
    used = columns(expr)
    return used[0].name if len(used) == 1 and not isinstance(expr, Named) else words(expr, "en")
