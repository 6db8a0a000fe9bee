"""The limits of rules by name: what each is, where it comes from, and what a user sets it to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

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
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.words import unit
from jinmaek.model import ChangedLimit

HELD, CLEAR, CLEAR_FOR = "held", "clear", "clear-for"
"""Names of what every rule has: how long it must hold, and when it is over."""
EVERY = {
    HELD: ("held", "seconds", "proposed"),
    CLEAR: ("clear", "ratio", "netdata"),
    CLEAR_FOR: ("clear_for", "seconds", "netdata"),
}
"""By name: the field of ``Rule``, its unit, and where its default comes from."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One number of a rule that decides. ``default`` is what the rule itself says."""

    name: str
    value: float
    default: float
    unit: str
    """Of what is held against it; empty where it is a factor of something else."""
    source: str


class UnknownLimit(LookupError):
    """No rule has a limit of this name; ``known`` are those there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name)
        self.known = known


def limits(rule: Rule) -> tuple[Limit, ...]:
    """The named limits of a rule in the order it states them, those that every rule has last."""
    before = dict(rule.defaults)
    found: dict[str, Limit] = {}
    for expr in expressions(rule):
        for const, shown in _constants(expr, ""):
            if const.name not in found:
                default = before.get(const.name, const.value)
                found[const.name] = Limit(const.name, const.value, default, shown, const.source)
    for name, (field, shown, source) in EVERY.items():
        value: float = getattr(rule, field)
        found[name] = Limit(name, value, before.get(name, value), shown, source)
    return tuple(found.values())


def changed(rules: Sequence[Rule]) -> tuple[ChangedLimit, ...]:
    """The limits that are not what their rules say."""
    return tuple(
        ChangedLimit(rule.id, one.name, one.value, one.default, one.unit)
        for rule in rules
        if rule.defaults
        for one in limits(rule)
        if one.value != one.default
    )


def with_limits(rules: Sequence[Rule], values: Mapping[str, float]) -> tuple[Rule, ...]:
    """The rules with these limits, by ``rule.name``. Raises ``UnknownLimit``."""
    if not values:
        return tuple(rules)
    known = [f"{rule.id}.{one.name}" for rule in rules for one in limits(rule)]
    for name in values:
        if name not in known:
            raise UnknownLimit(name, known)
    return tuple(_with(rule, values) for rule in rules)


def _with(rule: Rule, values: Mapping[str, float]) -> Rule:
    own = {
        one.name: values[f"{rule.id}.{one.name}"] for one in limits(rule) if f"{rule.id}.{one.name}" in values
    }
    if not own:
        return rule
    return replace(
        rule,
        when=_replaced(rule.when, own),
        agree=tuple(replace(sign, expr=_replaced(sign.expr, own)) for sign in rule.agree),
        unless=tuple(replace(sign, expr=_replaced(sign.expr, own)) for sign in rule.unless),
        worse=tuple((level, _replaced(expr, own)) for level, expr in rule.worse),
        held=own.get(HELD, rule.held),
        clear=own.get(CLEAR, rule.clear),
        clear_for=own.get(CLEAR_FOR, rule.clear_for),
        defaults=tuple((one.name, one.default) for one in limits(rule)),
    )


def expressions(rule: Rule) -> Iterator[Expr]:
    """Every expression a rule is made of."""
    yield rule.when
    yield from (sign.expr for sign in (*rule.agree, *rule.unless))
    yield from (expr for _, expr in rule.worse)


def _constants(expr: Expr, shown: str) -> Iterator[tuple[Const, str]]:  # noqa: C901 - all nodes
    """The limits in an expression, each with the unit of what it is held against."""
    match expr:
        case Const(_, name):
            if name:
                yield expr, shown
        case Now(_, _, ago):
            yield from _of_length(ago)
        case Range(_, _, over, _, ago):
            yield from _of_length(over)
            yield from _of_length(ago)
        case Compare(_, left, right):
            yield from _constants(left, unit(right) if isinstance(left, Const) else "")
            yield from _constants(right, unit(left) if isinstance(right, Const) else "")
        case Arithmetic(_, left, right):
            yield from _constants(left, "")
            yield from _constants(right, "")
        case AllOf(terms) | AnyOf(terms):
            for term in terms:
                yield from _constants(term, "")
        case Unless(term, vetoes):
            for part in (term, *vetoes):
                yield from _constants(part, "")
        case Named(_, term) | Aggregate(_, term):
            yield from _constants(term, "")
        case _:
            assert_never(expr)


def _of_length(length: Length | None) -> Iterator[tuple[Const, str]]:
    match length:
        case Const() | Arithmetic():
            yield from _constants(length, "seconds" if isinstance(length, Const) else "")


def _replaced(expr: Expr, values: Mapping[str, float]) -> Expr:
    """The expression with other values of these limits."""
    match expr:
        case Const(_, name):
            return replace(expr, value=values[name]) if name in values else expr
        case Now(_, _, ago):
            return replace(expr, ago=_replaced_length(ago, values))
        case Range(_, _, over, _, ago):
            wide = None if over is None else _replaced_length(over, values)
            return replace(expr, over=wide, ago=_replaced_length(ago, values))
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return replace(expr, left=_replaced(left, values), right=_replaced(right, values))
        case AllOf(terms) | AnyOf(terms):
            return replace(expr, terms=tuple(_replaced(term, values) for term in terms))
        case Unless(term, vetoes):
            return Unless(_replaced(term, values), tuple(_replaced(veto, values) for veto in vetoes))
        case Named(_, term) | Aggregate(_, term):
            return replace(expr, term=_replaced(term, values))
        case _:
            assert_never(expr)


def _replaced_length(length: Length, values: Mapping[str, float]) -> Length:
    match length:
        case Const() | Arithmetic():
            changed = _replaced(length, values)
            assert isinstance(changed, Const | Arithmetic)
            return changed
        case _:
            return length
