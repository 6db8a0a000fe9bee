"""Formulas: written once as text, checked when written, shown as they stand, and computed from real figures.

The text is Python's arithmetic and nothing else: numbers, ``table.column``, names of earlier steps,
``page`` (bytes of a page) and ``cpus``; ``+ - * / // **``, comparisons that give 1 or 0, ``a if b else c``,
``a or b`` (the first this kernel has), and the functions below. ``ast`` reads it and it is evaluated here,
never by Python. Values are vectors by labels, as in rules: a table of one row gives a plain number, whose
labels are empty.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from jinmaek.catalog import UnknownColumn
from jinmaek.explain.vocabulary import known
from jinmaek.model import Gap, Labels

Vector = Mapping[Labels, float]
CONSTANTS = ("page", "cpus")


class Unknown(Exception):
    """A figure that cannot be had here, and why."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.source)
        self.gap = gap


class Source(Protocol):
    """Where figures come from."""

    def column(self, name: str) -> Vector:
        """The values of a column; raises ``Unknown``."""

    def constant(self, name: str) -> float:
        """One of ``CONSTANTS``; raises ``Unknown``."""

    def rate(self, of: Callable[[Source], Vector]) -> Vector:
        """What ``of`` grew by in a second; raises ``Unknown``."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that is known to use only what there is. ``columns`` are in the order they appear."""

    text: str
    tree: ast.expr
    columns: tuple[str, ...]


@cache
def formula(text: str, names: tuple[str, ...] = ()) -> Formula:
    """Read a formula; ``names`` are earlier steps. Raises ``UnknownColumn`` and ``ValueError``."""
    tree = ast.parse(text, mode="eval").body
    return Formula(text, tree, tuple(dict.fromkeys(_columns(tree, names))))


def _columns(node: ast.expr, names: Collection[str]) -> Iterator[str]:  # noqa: C901 - one match
    """The columns a node uses; checks it on the way."""
    match node:
        case ast.Constant(value=int() | float()):
            return
        case ast.Name(id=name) if name in names or name in CONSTANTS:
            return
        case ast.Attribute(value=ast.Name(id=table), attr=column):
            if f"{table}.{column}" not in known():
                raise UnknownColumn(f"{table}.{column}")
            yield f"{table}.{column}"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            yield from _columns(left, names)
            yield from _columns(right, names)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _columns(operand, names)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            yield from _columns(left, names)
            yield from _columns(right, names)
        case ast.BoolOp(op=ast.Or(), values=parts):
            for part in parts:
                yield from _columns(part, names)
        case ast.IfExp(test=test, body=body, orelse=other):
            for part in (test, body, other):
                yield from _columns(part, names)
        case ast.Call(func=ast.Name(id=name), args=[first, *rest], keywords=options) if name in FUNCTIONS:
            for part in [first] if name in ("sum", "label") else [first, *rest]:
                yield from _columns(part, names)
            if options and name != "only":
                raise ValueError(f"{name} takes no {options[0].arg}")
        case _:
            raise ValueError(f"no part of a formula: {ast.unparse(node)}")


def evaluate(of: Formula, source: Source, steps: Mapping[str, Vector]) -> Vector:
    """The values; none for labels whose value cannot be computed. Raises ``Unknown``, and ``KeyError`` for a
    step that is missing."""
    return _value(of.tree, source, steps)


def _value(node: ast.expr, source: Source, steps: Mapping[str, Vector]) -> Vector:  # noqa: C901 - one match
    def part(inner: ast.expr) -> Vector:
        return _value(inner, source, steps)

    match node:
        case ast.Constant(value=number):
            return {(): number}  # type: ignore[dict-item]
        case ast.Name(id=name):
            return {(): source.constant(name)} if name in CONSTANTS else steps[name]
        case ast.Attribute(value=ast.Name(id=table), attr=column):
            return source.column(f"{table}.{column}")
        case ast.BinOp(left=left, op=op, right=right):
            return _pairs(ARITHMETIC[type(op)], part(left), part(right))
        case ast.UnaryOp(operand=operand):
            return {labels: -value for labels, value in part(operand).items()}
        case ast.Compare(left=left, ops=[op, *_], comparators=[right, *_]):
            return _pairs(COMPARISONS[type(op)], part(left), part(right))
        case ast.BoolOp(values=parts):
            return _first(parts, part)
        case ast.IfExp(test=test, body=body, orelse=other):
            held = part(test)
            # What is not chosen need not be known.
            yes = part(body) if any(held.values()) else {}
            no = part(other) if not all(held.values()) else {}
            if () in held:
                return yes if held[()] else no
            return {
                labels: chosen
                for labels, holds in held.items()
                if (chosen := _at(yes if holds else no, labels)) is not None
            }
        case ast.Call(func=ast.Name(id="rate"), args=[inner]):
            return source.rate(lambda then: _value(inner, then, steps))
        case ast.Call(func=ast.Name(id=name), args=[first, *rest], keywords=options):
            return _call(name, part(first), rest, options, part)
    raise AssertionError(ast.unparse(node))


def _call(
    name: str,
    first: Vector,
    rest: list[ast.expr],
    options: list[ast.keyword],
    part: Callable[[ast.expr], Vector],
) -> Vector:
    match name:
        case "sum":
            return _sum(first, [word.id for word in rest if isinstance(word, ast.Name)])
        case "label":
            wanted = rest[0].id if isinstance(rest[0], ast.Name) else ""
            return {labels: float(dict(labels)[wanted]) for labels in first}
        case "only":
            chosen = {one.arg: str(one.value.value) for one in options if isinstance(one.value, ast.Constant)}
            return {
                tuple(pair for pair in labels if pair[0] not in chosen): value
                for labels, value in first.items()
                if chosen.items() <= dict(labels).items()
            }
        case "min" | "max":
            pick: Callable[..., float] = min if name == "min" else max
            for other in rest:
                first = _pairs(pick, first, part(other))
            return first
    raise AssertionError(name)


def _pairs(op: Callable[[float, float], float], left: Vector, right: Vector) -> Vector:
    """Label by label; a plain number goes with every label of the other side."""
    found: dict[Labels, float] = {}
    for labels in left if () not in left else right:
        a, b = _at(left, labels), _at(right, labels)
        if a is not None and b is not None:
            try:
                found[labels] = op(a, b)
            except ZeroDivisionError:
                continue  # nothing happened that could be divided: not known, and not 0
    return found


def _at(of: Vector, labels: Labels) -> float | None:
    return of.get(labels, of.get(()))


def _first(parts: list[ast.expr], part: Callable[[ast.expr], Vector]) -> Vector:
    for last, inner in enumerate(parts, 1):
        try:
            return part(inner)
        except Unknown:
            if last == len(parts):
                raise
    raise AssertionError


def _sum(of: Vector, by: list[str]) -> Vector:
    # A table without rows is a sum of nothing: 0, and known.
    sums: dict[Labels, float] = {} if by else {(): 0}
    for labels, value in of.items():
        key = tuple(pair for pair in labels if pair[0] in by)
        sums[key] = sums.get(key, 0) + value
    return sums


ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], float]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
}
FUNCTIONS = ("sum", "label", "only", "min", "max", "rate")
"""sum(x, label, …) over rows that share the labels, label(x, name) the number in a label,
only(x, label="value") rows, min and max of values, rate(x) per second since boot or an earlier reading."""
