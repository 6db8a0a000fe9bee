"""What is left of an expression where some of its columns do not exist: what may hold, and what surely does.

An engine cannot tell a missing series from one that does not hold. So it is asked something else:
``possible`` takes every part that cannot be known for true, ``sure`` for untrue. Where the first is empty
the rule is quiet, where the second is not it is found, and between the two it is unknown. These are the same
three answers as those of ``evaluate``.
"""

from __future__ import annotations

from typing import Literal, assert_never

from jinmaek.diagnosis.expr import (
    Aggregate,
    AllOf,
    AnyOf,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Named,
    Now,
    Range,
    Unless,
    now,
)
from jinmaek.diagnosis.fleet.lacking import Lacking, lacks
from jinmaek.diagnosis.shape import common, subject_labels

HEARTBEAT = now("loadavg.load1") >= 0
"""Holds for every host that is read at all."""

Always = Literal["always"]
Never = Literal["never"]


def possible(expr: Expr, missing: Lacking) -> Expr | Always:
    """What must hold for the expression to be possible; ``always`` where nothing known rules it out."""
    match expr:
        case AllOf(terms):
            kept = [part for term in terms if (part := possible(term, missing)) != "always"]
            return _all(kept, terms[0]) if kept else "always"
        case AnyOf(terms):
            parts = [possible(term, missing) for term in terms]
            kept = [part for part in parts if part != "always"]
            return _any(kept) if len(kept) == len(parts) else "always"
        case Unless(term, vetoes):
            return _unless(term, vetoes, missing)
        case Named(name, term):
            part = possible(term, missing)
            return "always" if part == "always" else Named(name, part)
        case Const() | Now() | Range() | Arithmetic() | Compare() | Aggregate():
            return "always" if lacks(expr, missing) else expr
        case _:
            assert_never(expr)


def sure(expr: Expr, missing: Lacking) -> Expr | Never:
    """What must hold for the expression to hold all the same; ``never`` where it cannot be known to."""
    match expr:
        case AllOf(terms):
            kept = [part for term in terms if (part := sure(term, missing)) != "never"]
            return _all(kept, terms[0]) if len(kept) == len(terms) else "never"
        case AnyOf(terms):
            kept = [part for term in terms if (part := sure(term, missing)) != "never"]
            return _any(kept) if kept else "never"
        case Unless(term, vetoes):
            part = sure(term, missing)
            if part == "never":
                return "never"
            known = _known(term, vetoes, missing)
            return Unless(part, known) if known else part
        case Named(name, term):
            part = sure(term, missing)
            return "never" if part == "never" else Named(name, part)
        case Const() | Now() | Range() | Arithmetic() | Compare() | Aggregate():
            return "never" if lacks(expr, missing) else expr
        case _:
            assert_never(expr)


def _unless(term: Expr, vetoes: tuple[Expr, ...], missing: Lacking) -> Expr | Always:
    part = possible(term, missing)
    # What is left may be told apart by less. A veto on one of its subjects is none on all of them.
    left = () if part == "always" else subject_labels(part)
    known = tuple(
        veto for veto in vetoes if set(common(subject_labels(term), subject_labels(veto))) <= set(left)
    )
    told = _known(term, known, missing)
    if not told:
        return part
    return Unless(HEARTBEAT if part == "always" else part, told)


def _known(term: Expr, vetoes: tuple[Expr, ...], missing: Lacking) -> tuple[Expr, ...]:
    """The vetoes that can be told to hold: one that is not known takes nothing away."""
    parts = (sure(veto, missing) for veto in vetoes)
    return tuple(_onto(part, subject_labels(term)) for part in parts if part != "never")


def _all(kept: list[Expr], first: Expr) -> Expr:
    """All that is left of some terms, joined as they were: on the labels of the ``first`` of them."""
    labels = subject_labels(first)
    rest = tuple(_onto(part, labels) for part in kept[1:])
    return AllOf((kept[0], *rest)) if rest else kept[0]


def _any(kept: list[Expr]) -> Expr:
    return AnyOf(tuple(kept)) if len(kept) > 1 else kept[0]


def _onto(part: Expr, labels: tuple[str, ...]) -> Expr:
    """A part by those labels alone: where a term is left out its neighbour may have more than both had."""
    own = subject_labels(part)
    by = common(labels, own)
    return part if len(by) == len(own) else Aggregate("max", part, by)
