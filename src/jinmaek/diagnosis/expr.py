"""What a rule may say: a closed union of frozen nodes with Python's operators.

Column names are checked here, when a rule is imported. A node's meaning is given elsewhere,
one ``match`` each: ``evaluate`` in numbers, ``promql`` in PromQL, ``words`` in sentences.

Expressions are vectors keyed by labels, as in PromQL: a comparison keeps the subjects for
which it holds. Where ``over`` is None the window is that of the look (5 s live, 5 m in an
exported rule), which keeps one rule true on any source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jinmaek.catalog import Ref, ref

Match = tuple[str, Literal["=", "!=", "=~", "!~"], str]
"""A label, how it is compared, and the value or the anchored regular expression."""


class Operators:
    """Python's arithmetic and order on expressions. Equality stays that of the node."""

    __slots__ = ()

    def __add__(self, other: Expr | float) -> Arithmetic:
        return Arithmetic("+", _node(self), _node(other))

    def __sub__(self, other: Expr | float) -> Arithmetic:
        return Arithmetic("-", _node(self), _node(other))

    def __mul__(self, other: Expr | float) -> Arithmetic:
        return Arithmetic("*", _node(self), _node(other))

    def __truediv__(self, other: Expr | float) -> Arithmetic:
        return Arithmetic("/", _node(self), _node(other))

    def __radd__(self, other: float) -> Arithmetic:
        return Arithmetic("+", _node(other), _node(self))

    def __rsub__(self, other: float) -> Arithmetic:
        return Arithmetic("-", _node(other), _node(self))

    def __rmul__(self, other: float) -> Arithmetic:
        return Arithmetic("*", _node(other), _node(self))

    def __rtruediv__(self, other: float) -> Arithmetic:
        return Arithmetic("/", _node(other), _node(self))

    def __gt__(self, other: Expr | float) -> Compare:
        return Compare(">", _node(self), _node(other))

    def __ge__(self, other: Expr | float) -> Compare:
        return Compare(">=", _node(self), _node(other))

    def __lt__(self, other: Expr | float) -> Compare:
        return Compare("<", _node(self), _node(other))

    def __le__(self, other: Expr | float) -> Compare:
        return Compare("<=", _node(self), _node(other))

    def equals(self, other: Expr | float) -> Compare:
        return Compare("==", _node(self), _node(other))


@dataclass(frozen=True, slots=True)
class Const(Operators):
    """A plain number; one with a name is a limit, which a user may set otherwise."""

    value: float
    name: str = ""
    source: str = ""
    """Of a limit: who published it, or ``proposed``."""


@dataclass(frozen=True, slots=True)
class Now(Operators):
    """The last reading as of some time ago, not older than five minutes then."""

    ref: Ref
    where: tuple[Match, ...] = ()
    ago: Length = 0.0


@dataclass(frozen=True, slots=True)
class Range(Operators):
    """A function of the readings inside a window of ``over`` seconds that ended some time ago."""

    fn: Literal["rate", "increase", "slope", "mean", "highest", "lowest"]
    ref: Ref
    over: Length | None = None
    where: tuple[Match, ...] = ()
    ago: Length = 0.0


@dataclass(frozen=True, slots=True)
class Arithmetic(Operators):
    """``left op right`` for the subjects both sides have; the side with fewer labels is spread."""

    op: Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare(Operators):
    """The subjects of ``left`` for which the comparison holds, with their value on the left."""

    op: Literal[">", ">=", "<", "<=", "=="]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class AllOf(Operators):
    """The first term's subjects for which every other term holds, joined on the labels both have."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Operators):
    """The subjects for which at least one term holds."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Unless(Operators):
    """The subjects of ``term`` for which no veto holds."""

    term: Expr
    vetoes: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Operators):
    """One value for all subjects that share the labels in ``by``."""

    fn: Literal["sum", "max", "min", "avg", "count"]
    term: Expr
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named(Operators):
    """A term with a name for people: how it is shown, and nothing else."""

    name: str
    term: Expr
    unit: str = ""
    """Of the value, where the formula has another: seconds a second at a disk are requests there."""


Expr = Const | Now | Range | Arithmetic | Compare | AllOf | AnyOf | Unless | Aggregate | Named

Length = float | Const | Arithmetic
"""Seconds: a number, a limit that a user may set otherwise, or plain arithmetic with it."""


def _node(value: object) -> Expr:
    match value:
        case (
            Const()
            | Now()
            | Range()
            | Arithmetic()
            | Compare()
            | AllOf()
            | AnyOf()
            | Unless()
            | Aggregate()
            | Named()
        ):
            return value
        case int() | float():
            return Const(float(value))
    raise TypeError(f"not an expression: {value!r}")


def limit(name: str, value: float, source: str = "proposed") -> Const:
    """A limit of a rule: ``jinmaek diagnose --set RULE.NAME=VALUE`` sets it otherwise.

    ``name`` is the rule's own, in lower case with hyphens; ``value`` is in the base unit of what it is held
    against; ``source`` is who published it, ``proposed`` where nobody did.
    """
    return Const(float(value), name, source)


def now(column: str, *where: Match, ago: Length = 0.0) -> Now:
    """The latest value of a column."""
    return Now(_checked(column, where), where, ago)


def rate(column: str, *where: Match, over: Length | None = None, ago: Length = 0.0) -> Range:
    """Growth of a counter per second, extrapolated to the window as Prometheus does."""
    return Range("rate", _checked(column, where), over, where, ago)


def increase(column: str, *where: Match, over: Length | None = None, ago: Length = 0.0) -> Range:
    """Growth of a counter over the window."""
    return Range("increase", _checked(column, where), over, where, ago)


def slope(column: str, *where: Match, over: Length | None = None, ago: Length = 0.0) -> Range:
    """Least-squares slope of a gauge per second."""
    return Range("slope", _checked(column, where), over, where, ago)


def mean(column: str, *where: Match, over: Length | None = None, ago: Length = 0.0) -> Range:
    """Mean of the readings in the window."""
    return Range("mean", _checked(column, where), over, where, ago)


def highest(column: str, *where: Match, over: Length | None = None, ago: Length = 0.0) -> Range:
    """Largest reading in the window."""
    return Range("highest", _checked(column, where), over, where, ago)


def lowest(column: str, *where: Match, over: Length | None = None, ago: Length = 0.0) -> Range:
    """Smallest reading in the window: what held all the time."""
    return Range("lowest", _checked(column, where), over, where, ago)


def total(term: Expr, *, by: tuple[str, ...] = ()) -> Aggregate:
    return Aggregate("sum", term, by)


def largest(term: Expr, *, by: tuple[str, ...] = ()) -> Aggregate:
    return Aggregate("max", term, by)


def smallest(term: Expr, *, by: tuple[str, ...] = ()) -> Aggregate:
    return Aggregate("min", term, by)


def average(term: Expr, *, by: tuple[str, ...] = ()) -> Aggregate:
    return Aggregate("avg", term, by)


def number(term: Expr, *, by: tuple[str, ...] = ()) -> Aggregate:
    """How many subjects there are."""
    return Aggregate("count", term, by)


def named(name: str, term: Expr, unit: str = "") -> Named:
    """``term`` under a name that is shown in its place; the name is translated."""
    return Named(name, term, unit)


def all_of(*terms: Expr) -> AllOf:
    return AllOf(terms)


def any_of(*terms: Expr) -> AnyOf:
    return AnyOf(terms)


def unless(term: Expr, *vetoes: Expr) -> Unless:
    return Unless(term, vetoes)


def _checked(column: str, where: tuple[Match, ...]) -> Ref:
    found = ref(column)
    for label, _, _ in where:
        if label not in found.labels:
            raise ValueError(f"{column} has no label {label}, only {', '.join(found.labels)}")
    return found
