"""What an expression is about, told without evaluating it: its columns and the labels of its subjects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import assert_never

from jinmaek.catalog import Ref
from jinmaek.diagnosis.arithmetic import ARITHMETIC
from jinmaek.diagnosis.expr import (
    Aggregate,
    AllOf,
    AnyOf,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Length,
    Named,
    Now,
    Range,
    Unless,
)


class Unjoinable(ValueError):
    """Two sides of an expression have labels that do not fit together."""


def columns(expr: Expr) -> tuple[Ref, ...]:
    """Every column an expression reads, once each, in the order they are named."""
    return tuple(dict.fromkeys(leaf.ref for leaf in leaves(expr)))


def leaves(expr: Expr) -> Iterator[Now | Range]:
    """Every place where an expression reads a column."""
    match expr:
        case Const():
            return
        case Now() | Range():
            yield expr
        case Arithmetic(_, left, right) | Compare(_, left, right):
            yield from leaves(left)
            yield from leaves(right)
        case AllOf(terms) | AnyOf(terms):
            for term in terms:
                yield from leaves(term)
        case Unless(term, vetoes):
            yield from leaves(term)
            for veto in vetoes:
                yield from leaves(veto)
        case Named(_, term):
            yield from leaves(term)
        case Aggregate(_, term):
            yield from leaves(term)
        case _:
            assert_never(expr)


def scalar(expr: Expr) -> bool:
    """Whether an expression is a plain number, without subjects."""
    match expr:
        case Const():
            return True
        case Arithmetic(_, left, right):
            return scalar(left) and scalar(right)
        case Named(_, term):
            return scalar(term)
        case _:
            return False


def seconds(length: Length) -> float:
    """How long a length of time is. Raises ``Unjoinable`` where it is not plain numbers."""
    match length:
        case Const(value):
            return value
        case Arithmetic(op, Const() | Arithmetic() as left, Const() | Arithmetic() as right):
            return ARITHMETIC[op](seconds(left), seconds(right))
        case Arithmetic():
            raise Unjoinable("a length of time has no subjects")
        case _:
            return length


MOST = 20_000
"""Nodes whose labels are remembered at most."""
_LABELS: dict[int, tuple[Expr, tuple[str, ...]]] = {}
"""By the identity of the node: to hash a node takes longer than to ask again."""


def subject_labels(expr: Expr) -> tuple[str, ...]:
    """The names of the labels that every subject of an expression has; raises ``Unjoinable``.

    It is asked for at every evaluation of a node: the answer is kept with the node.
    """
    known = _LABELS.get(id(expr))
    if known is not None and known[0] is expr:
        return known[1]
    labels = _subject_labels(expr)
    if len(_LABELS) >= MOST:
        _LABELS.clear()
    _LABELS[id(expr)] = expr, labels
    return labels


def _subject_labels(expr: Expr) -> tuple[str, ...]:  # noqa: C901 - one match over all nodes
    match expr:
        case Const():
            return ()
        case Now(ref) | Range(_, ref):
            return ref.labels
        case Arithmetic(_, left, right) | Compare(_, left, right):
            ours, theirs = subject_labels(left), subject_labels(right)
            if not set(ours) <= set(theirs) and not set(theirs) <= set(ours):
                raise Unjoinable(f"by {', '.join(ours)} and by {', '.join(theirs)}: aggregate one side")
            return ours if len(ours) >= len(theirs) else theirs
        case AllOf(terms):
            first, *_ = [subject_labels(term) for term in terms]
            return first
        case AnyOf(terms):
            return reduce(common, (subject_labels(term) for term in terms))
        case Unless(term, vetoes):
            first, *_ = [subject_labels(part) for part in (term, *vetoes)]
            return first
        case Named(_, term):
            return subject_labels(term)
        case Aggregate(_, term, by):
            if not set(by) <= set(subject_labels(term)):
                raise Unjoinable(f"no label {', '.join(set(by) - set(subject_labels(term)))} to aggregate by")
            return by
        case _:
            assert_never(expr)


def common(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    """The labels on which two sides are joined."""
    return tuple(name for name in ours if name in theirs)
