"""The numbers a verdict rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jinmaek.diagnosis.evaluate import Missing, Vector, evaluate
from jinmaek.diagnosis.expr import AllOf, AnyOf, Compare, Const, Expr, Named, Unless
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.words import columns, unit, words
from jinmaek.model import Evidence, Labels


def evidence(rule: Rule, subject: Labels, look: Look, window: float) -> tuple[Evidence, ...]:
    """Every comparison that the finding rests on: its left side, and the limit on its right.

    Where one of several conditions is enough, those that hold are shown; where one quantity is held against
    several limits, the severest that it passes.
    """

    def holds(expr: Expr) -> bool:
        return bool(matching(evaluate(expr, look.history, look.last.monotonic, window), subject))

    terms = (rule.when, *(sign.expr for sign in rule.agree), *(expr for _, expr in rule.worse))
    found: dict[tuple[str, Labels, str], Evidence] = {}
    for term in filter(holds, terms):
        for compare in comparisons(term, holds):
            for item in _evidence(compare, subject, look, window):
                found[item.column, item.labels, compare.op[0]] = item
    return tuple(found.values())


def comparisons(expr: Expr, holds: Callable[[Expr], bool]) -> Iterator[Compare]:
    """The comparisons an expression that holds is joined of, vetoes left out."""
    match expr:
        case Compare():
            yield expr
        case AllOf(terms):
            for term in terms:
                yield from comparisons(term, holds)
        case AnyOf(terms):
            for term in filter(holds, terms):
                yield from comparisons(term, holds)
        case Unless(term, _):
            yield from comparisons(term, holds)
        case _:
            return


def matching(vector: Vector | Missing, subject: Labels) -> Vector:
    """The part of a vector that agrees with the subject on the labels both have."""
    if isinstance(vector, Missing):
        return {}
    wanted = dict(subject)
    return {
        labels: value
        for labels, value in vector.items()
        if all(wanted.get(name, text) == text for name, text in labels)
    }


def _evidence(compare: Compare, subject: Labels, look: Look, window: float) -> Iterator[Evidence]:
    at = look.last.monotonic
    used = columns(compare.left)
    for labels, value in matching(evaluate(compare, look.history, at, window), subject).items():
        yield Evidence(
            column=_column(compare.left),
            labels=labels,
            value=value,
            unit=unit(compare.left),
            limit=_limit(compare.right, labels, look, window),
            file=", ".join(dict.fromkeys(ref.file for ref in used)),
        )


def _column(expr: Expr) -> str:
    """``table.column`` where there is one, else the name or the formula in English: views translate it."""
    used = columns(expr)
    return used[0].name if len(used) == 1 and not isinstance(expr, Named) else words(expr, "en")


def _limit(expr: Expr, subject: Labels, look: Look, window: float) -> float | None:
    match expr:
        case Const(value):
            return value
        case _:
            vector = evaluate(expr, look.history, look.last.monotonic, window)
            limits = list(matching(vector, subject).values())
            return limits[0] if len(limits) == 1 else None
