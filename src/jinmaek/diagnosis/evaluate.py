"""The meaning of expressions in numbers, in three-valued logic.

The same as Prometheus' (promql/engine.go of 2.42), in the same order of operations, so that a verdict
here and an alert there agree to the last bit: ranges are closed on both sides, an instant reading may be
300 s old, a series that was marked as ended is not seen. What cannot be read is ``Missing``, which
Prometheus cannot tell from nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import assert_never

from jinmaek.catalog import Ref
from jinmaek.diagnosis.arithmetic import AGGREGATE, ARITHMETIC, COMPARISON
from jinmaek.diagnosis.expr import (
    Aggregate,
    AllOf,
    AnyOf,
    Arithmetic,
    Compare,
    Const,
    Expr,
    Match,
    Named,
    Now,
    Range,
    Unless,
)
from jinmaek.diagnosis.ranges import NEEDED, over_range
from jinmaek.diagnosis.shape import Unjoinable, common, scalar, seconds, subject_labels
from jinmaek.history.protocol import History
from jinmaek.model import Gap, Labels, Points

LOOKBACK = 300.0
"""How old, in seconds, the last reading of a series may be."""
HALF_MS = 0.0005
"""Prometheus counts milliseconds: a reading at the edge of a window is inside, whatever float sums say."""

Vector = Mapping[Labels, float]


@dataclass(frozen=True, slots=True)
class Missing:
    """Not known: the column that was needed and the gap in its place."""

    column: str
    gap: Gap


def evaluate(  # noqa: C901 - one match over all nodes
    expr: Expr, history: History, at: float, window: float
) -> Vector | Missing:
    """The subjects of an expression and their values at one moment.

    ``window`` is that of ranges without their own. Raises ``Unjoinable``.
    """

    def value(part: Expr) -> Vector | Missing:
        return evaluate(part, history, at, window)

    match expr:
        case Const(number):
            return {(): number}
        case Now(_, _, ago):
            then = at - seconds(ago)
            lines = _reaching(history, expr, then - LOOKBACK, then, at)
            if isinstance(lines, Missing):
                return lines
            latest = ((labels, points[-1][1]) for labels, points in lines.items())
            return {labels: float(last) for labels, last in latest if last is not None}
        case Range():
            return _range(expr, history, at, window if expr.over is None else seconds(expr.over))
        case Arithmetic(op, left, right):
            subject_labels(expr)
            calculate = ARITHMETIC[op]
            pairs = _pairs(left, right, value)
            return pairs if isinstance(pairs, Missing) else {s: calculate(a, b) for s, a, b in pairs}
        case Compare(op, left, right):
            if scalar(left) and scalar(right):
                raise Unjoinable("a comparison of two plain numbers has no subjects")
            subject_labels(expr)
            holds = COMPARISON[op]
            pairs = _pairs(left, right, value)
            if isinstance(pairs, Missing):
                return pairs
            # A plain number on the left is no subject's value.
            return {s: b if scalar(left) else a for s, a, b in pairs if holds(a, b)}
        case AllOf(terms):
            return _all_of(terms, value)
        case AnyOf(terms):
            return _any_of(terms, value)
        case Unless(term, vetoes):
            kept = value(term)
            for veto in vetoes:
                if not isinstance(kept, Missing) and not kept:
                    break
                held = value(veto)
                if isinstance(held, Missing):
                    continue
                on = common(subject_labels(term), subject_labels(veto))
                if not isinstance(kept, Missing):
                    kept = _where(kept, held, on, present=False)
                elif held and not on:
                    # What holds for the host takes every subject away, known or not.
                    kept = {}
            return kept
        case Named(_, term):
            return value(term)
        case Aggregate(fn, term, by):
            whole = value(term)
            if isinstance(whole, Missing):
                return whole
            subject_labels(expr)
            groups: dict[Labels, list[float]] = {}
            for labels, number in whole.items():
                groups.setdefault(_project(labels, by), []).append(number)
            return {labels: AGGREGATE[fn](numbers) for labels, numbers in groups.items()}
        case _:
            assert_never(expr)


def _lines(
    history: History, ref: Ref, where: tuple[Match, ...], start: float, end: float
) -> Mapping[Labels, Points] | Missing:
    lines = history.series(ref, start - HALF_MS, end)
    if isinstance(lines, Gap):
        return Missing(ref.name, lines)
    return {labels: points for labels, points in lines.items() if points and _matches(labels, where)}


def _reaching(
    history: History, expr: Now | Range, start: float, end: float, at: float
) -> Mapping[Labels, Points] | Missing:
    """Readings of a window that may have ended before ``at``; too short where they all began after it."""
    lines = _lines(history, expr.ref, expr.where, start, end)
    if lines or end >= at:
        return lines
    later = _lines(history, expr.ref, expr.where, end, at)
    if isinstance(later, Missing) or not later:
        return later
    needed = at - (start if isinstance(expr, Range) else end)
    there = at - min(points[0][0] for points in later.values())
    said = f"{needed:.0f} s of readings are needed, there are {there:.0f} s"
    return Missing(expr.ref.name, Gap("too short", expr.ref.name, said, needed))


def _matches(labels: Labels, where: tuple[Match, ...]) -> bool:
    if not where:
        return True
    texts = dict(labels)
    for label, how, wanted in where:
        text = texts.get(label, "")
        same = text == wanted if how in ("=", "!=") else _pattern(wanted).fullmatch(text) is not None
        if same == how.startswith("!"):
            return False
    return True


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _range(expr: Range, history: History, at: float, over: float) -> Vector | Missing:
    end = at - seconds(expr.ago)
    lines = _reaching(history, expr, end - over, end, at)
    if isinstance(lines, Missing):
        return lines
    live = {
        labels: [(time, float(number)) for time, number in points if number is not None]
        for labels, points in lines.items()
    }
    needed = NEEDED[expr.fn]
    most = max((len(points) for points in live.values()), default=0)
    if 0 < most < needed:
        return Missing(expr.ref.name, Gap("too short", expr.ref.name, "one reading in the window"))
    return {
        labels: over_range(expr.fn, points, end, over)
        for labels, points in live.items()
        if len(points) >= needed
    }


def _pairs(
    left: Expr, right: Expr, value: Callable[[Expr], Vector | Missing]
) -> list[tuple[Labels, float, float]] | Missing:
    """The values of both sides for the subjects both have; the labels are those of the side with more."""
    ours, theirs = value(left), value(right)
    if {} in (ours, theirs):
        return []
    if isinstance(ours, Missing):
        return ours
    if isinstance(theirs, Missing):
        return theirs
    if scalar(left):
        return [(labels, ours[()], number) for labels, number in theirs.items()]
    if scalar(right):
        return [(labels, number, theirs[()]) for labels, number in ours.items()]
    mine, other = subject_labels(left), subject_labels(right)
    on = common(mine, other)
    if len(mine) == len(other):
        ours = _unique(ours, on)
    if len(mine) >= len(other):
        one = _unique(theirs, on)
        keyed = ((labels, _project(labels, on)) for labels in ours)
        return [(labels, ours[labels], one[key]) for labels, key in keyed if key in one]
    one = _unique(ours, on)
    keyed = ((labels, _project(labels, on)) for labels in theirs)
    return [(labels, one[key], theirs[labels]) for labels, key in keyed if key in one]


def _unique(vector: Vector, on: tuple[str, ...]) -> dict[Labels, float]:
    projected = {_project(labels, on): number for labels, number in vector.items()}
    if len(projected) < len(vector):
        raise Unjoinable(f"several subjects share {', '.join(on) or 'no label'} where one was due")
    return projected


def _all_of(terms: tuple[Expr, ...], value: Callable[[Expr], Vector | Missing]) -> Vector | Missing:
    """A term that surely holds for nothing decides, even where another is not known."""
    first = value(terms[0])
    kept = first
    unknown = first if isinstance(first, Missing) else None
    for term in terms[1:]:
        if not isinstance(kept, Missing) and not kept:
            return {}
        held = value(term)
        if isinstance(held, Missing):
            unknown = unknown or held
        elif not held:
            return {}
        elif not isinstance(kept, Missing):
            kept = _where(kept, held, common(subject_labels(terms[0]), subject_labels(term)), present=True)
    return unknown if unknown and kept else kept


def _any_of(terms: tuple[Expr, ...], value: Callable[[Expr], Vector | Missing]) -> Vector | Missing:
    found: dict[Labels, float] = {}
    unknown: Missing | None = None
    shared = subject_labels(terms[0])
    for index, term in enumerate(terms):
        on = common(shared, subject_labels(term))
        held = value(term)
        if isinstance(held, Missing):
            unknown = unknown or held
        else:
            found.update(_where(held, found, on, present=False) if index else held)
        shared = on
    return unknown if unknown and not found else found


def _where(vector: Vector, other: Vector, on: tuple[str, ...], *, present: bool) -> Vector:
    seen = {_project(labels, on) for labels in other}
    return {labels: number for labels, number in vector.items() if (_project(labels, on) in seen) is present}


def _project(labels: Labels, names: Iterable[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] in names)
