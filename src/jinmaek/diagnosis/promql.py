"""Expressions as PromQL, for promtool 2.42 and later.

Every join is on the instance and the labels both sides have, every aggregation keeps the instance:
what is true of one host here is an alert for each host there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    Length,
    Match,
    Named,
    Now,
    Range,
    Unless,
)
from jinmaek.diagnosis.shape import Unjoinable, columns, common, scalar, seconds, subject_labels
from jinmaek.history.prometheus.selector import selector

FUNCTIONS = {
    "rate": "rate",
    "increase": "increase",
    "slope": "deriv",
    "mean": "avg_over_time",
    "highest": "max_over_time",
    "lowest": "min_over_time",
}
OR, AND, COMPARE, SUM, PRODUCT, WHOLE = range(6)
"""How tightly an operator binds."""


def promql(
    expr: Expr,
    window: str = "5m",
    instance: str = "instance",
    *,
    lines: bool = False,
    only: tuple[Match, ...] = (),
) -> str:
    """An expression as PromQL, with ``lines`` one for each condition.

    ``window`` is that of ranges without their own. ``instance`` is the label that tells hosts apart, or
    several with commas between them; ``only`` is asked of every series.
    """
    text, _ = _Dialect(window, instance, exported_labels(expr), "\n" if lines else " ", only).of(expr)
    return text


def exported_labels(expr: Expr) -> Mapping[str, str]:
    """What the exporter calls our labels; raises ``Unjoinable`` where columns disagree on a shared label."""
    names: dict[str, str] = {}
    for ref in columns(expr):
        for label in ref.labels:
            theirs = ref.metric.rename.get(label, label)
            if names.setdefault(label, theirs) != theirs:
                raise Unjoinable(f"{ref.name}: {label} is exported as {theirs}, elsewhere as {names[label]}")
    return names


def duration(length: float) -> str:
    """Seconds as Prometheus writes them: 300 is ``5m``."""
    for size, letter in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        if length >= size and length % size == 0:
            return f"{int(length // size)}{letter}"
    return f"{round(length * 1000)}ms"


@dataclass(frozen=True, slots=True)
class _Dialect:
    window: str
    instance: str
    names: Mapping[str, str]
    gap: str
    """What stands before a set operator."""
    only: tuple[Match, ...] = ()
    """Asked of every series, by the exporter's labels."""

    def of(self, expr: Expr) -> tuple[str, int]:  # noqa: C901 - one match over all nodes
        """The text and how tightly its outermost operator binds."""
        match expr:
            case Const(value):
                return number(value), WHOLE
            case Now(ref, where, ago):
                return _scaled(self._selector(ref, where) + _offset(ago), ref)
            case Range(fn, ref, over, where, ago):
                span = self.window if over is None else duration(seconds(over))
                window = f"{self._selector(ref, where)}[{span}]{_offset(ago)}"
                return _scaled(f"{FUNCTIONS[fn]}({window})", ref)
            case Arithmetic(op, left, right):
                level = SUM if op in "+-" else PRODUCT
                return self._joined(expr, op, left, right, level), level
            case Compare(op, left, right):
                if scalar(left) and scalar(right):
                    raise Unjoinable("a comparison of two plain numbers has no subjects")
                return self._joined(expr, op, left, right, COMPARE), COMPARE
            case AllOf(terms):
                mine = subject_labels(expr)
                text = self._at(terms[0], COMPARE)
                for term in terms[1:]:
                    on = self._on(common(mine, subject_labels(term)))
                    text += f"{self.gap}and {on} {self._at(term, COMPARE)}"
                return text, AND if len(terms) > 1 else COMPARE
            case AnyOf(terms):
                mine = subject_labels(terms[0])
                text = self._at(terms[0], COMPARE)
                for term in terms[1:]:
                    mine = common(mine, subject_labels(term))
                    text += f"{self.gap}or {self._on(mine)} {self._at(term, COMPARE)}"
                return text, OR if len(terms) > 1 else COMPARE
            case Unless(term, vetoes):
                mine = subject_labels(expr)
                text = self._at(term, COMPARE)
                for veto in vetoes:
                    on = self._on(common(mine, subject_labels(veto)))
                    text += f"{self.gap}unless {on} {self._at(veto, COMPARE)}"
                return text, AND if vetoes else COMPARE
            case Named(_, term):
                return self.of(term)
            case Aggregate(fn, term, by):
                subject_labels(expr)
                return f"{fn} by ({self._labels(by)}) ({self.of(term)[0]})", WHOLE
            case _:
                assert_never(expr)

    def _joined(self, expr: Expr, op: str, left: Expr, right: Expr, level: int) -> str:
        subject_labels(expr)
        how = ""
        if not scalar(left) and not scalar(right):
            mine, other = subject_labels(left), subject_labels(right)
            how = " " + self._on(common(mine, other))
            if len(mine) != len(other):
                # With nothing in its parentheses it would take those of the next operand.
                how += " group_left ()" if len(mine) > len(other) else " group_right ()"
        return f"{self._at(left, level)} {op}{how} {self._at(right, level + 1)}"

    def _at(self, expr: Expr, least: int) -> str:
        text, level = self.of(expr)
        return text if level >= least else f"({text})"

    def _on(self, labels: Iterable[str]) -> str:
        return f"on ({self._labels(labels)})"

    def _labels(self, labels: Iterable[str]) -> str:
        return ", ".join((self.instance, *(self.names[label] for label in labels)))

    def _selector(self, ref: Ref, where: tuple[Match, ...]) -> str:
        fixed: list[Match] = [(label, "=", text) for label, text in ref.metric.labels.items()]
        asked: list[Match] = [(self.names[label], how, text) for label, how, text in where]
        return selector(ref.metric.name, (*fixed, *asked, *self.only))


def _offset(ago: Length) -> str:
    return f" offset {duration(seconds(ago))}" if seconds(ago) else ""


def _scaled(text: str, ref: Ref) -> tuple[str, int]:
    return (text, WHOLE) if ref.metric.factor == 1 else (f"{text} * {number(ref.metric.factor)}", PRODUCT)


def number(value: float) -> str:
    """A number of PromQL, exactly the one given."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
