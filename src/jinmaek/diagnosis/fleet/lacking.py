"""What a host does not export, and which parts of an expression cannot be known without it.

A value that a rule gives several ways, ``any_of(a, b)`` of plain columns, is known where one of them is:
rules say so for what not every kernel has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from jinmaek.catalog import Ref
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
)
from jinmaek.diagnosis.shape import leaves, seconds


@dataclass(frozen=True, slots=True)
class Lacking:
    """``refs``: columns nobody exports; ``young``: nothing is known of the time that trends look back to."""

    refs: frozenset[Ref] = field(default_factory=frozenset)
    young: bool = False

    def __bool__(self) -> bool:
        return bool(self.refs) or self.young

    def of(self, leaf: Now | Range) -> bool:
        """Whether a reading is not there."""
        return leaf.ref in self.refs or (self.young and seconds(leaf.ago) > 0)


def lacks(expr: Expr, lacking: Lacking) -> bool:
    """Whether an expression that is known as a whole or not at all is not."""
    return any(True for _ in wanting(expr, lacking))


def relevant(expr: Expr, lacking: Lacking) -> Lacking:
    """What of it makes a difference to an expression."""
    missing = tuple(wanting(expr, lacking))
    return Lacking(
        frozenset(leaf.ref for leaf in missing if leaf.ref in lacking.refs),
        lacking.young and any(leaf.ref not in lacking.refs for leaf in missing),
    )


def wanting(  # noqa: C901 - one match over all nodes
    expr: Expr, lacking: Lacking
) -> Iterator[Now | Range]:
    """The readings that are not there and for which nothing else stands."""
    match expr:
        case Const():
            return
        case Now() | Range():
            if lacking.of(expr):
                yield expr
        case Arithmetic(_, left, right) | Compare(_, left, right):
            yield from wanting(left, lacking)
            yield from wanting(right, lacking)
        case AnyOf(terms) if all(_value(term) for term in terms):
            each = [tuple(wanting(term, lacking)) for term in terms]
            if all(each):
                yield from (leaf for missing in each for leaf in missing)
        case AllOf(terms) | AnyOf(terms):
            for term in terms:
                yield from wanting(term, lacking)
        case Unless(term, vetoes):
            for part in (term, *vetoes):
                yield from wanting(part, lacking)
        case Named(_, term) | Aggregate(_, term):
            yield from wanting(term, lacking)
        case _:
            assert_never(expr)


def reach(expr: Expr) -> float:
    """How far back, in seconds, a trend in an expression looks; 0 where there is none."""
    return max((_back(leaf) for leaf in leaves(expr)), default=0.0)


def span(expr: Expr) -> float:
    """How long, in seconds, the past is that an expression is about, windows without their own left out."""
    return max((_back(leaf) + _over(leaf) for leaf in leaves(expr)), default=0.0)


def _back(leaf: Now | Range) -> float:
    return seconds(leaf.ago)


def _over(leaf: Now | Range) -> float:
    return seconds(leaf.over) if isinstance(leaf, Range) and leaf.over is not None else 0.0


def _value(expr: Expr) -> bool:
    """Whether an expression has a value wherever its columns have."""
    match expr:
        case Const() | Now() | Range():
            return True
        case Arithmetic(_, left, right):
            return _value(left) and _value(right)
        case Named(_, term) | Aggregate(_, term):
            return _value(term)
        case AnyOf(terms):
            return all(_value(term) for term in terms)
        case Compare() | AllOf() | Unless():
            return False
        case _:
            assert_never(expr)
