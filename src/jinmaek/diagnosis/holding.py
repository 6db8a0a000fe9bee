"""Since when a rule holds for a subject, and how long it counts on after the level has fallen.

The memory of a verdict is the history itself: whoever judges the same readings says the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace

from jinmaek.diagnosis.evaluate import Missing, Vector, evaluate
from jinmaek.diagnosis.expr import AllOf, AnyOf, Arithmetic, Compare, Const, Expr, Unless
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.model import Labels

STEPS = 12
"""At how many moments of ``held`` a condition is checked again."""
MEMORY = 4
"""How many times ``clear_for`` a finding is remembered whose level stays near its limit."""
EARLIER = 48
"""At how many moments of that."""


MOST = 1000
_NEAR: dict[int, tuple[Rule, Expr]] = {}
"""What ``near_limit`` made of a rule, by its identity: it is asked for at every moment of a recording."""


@dataclass(frozen=True, slots=True)
class Span:
    """How long a condition counts, in seconds since boot."""

    since: float
    fell: float | None = None
    """When it last held, where it does not any more but is not clear yet."""


@dataclass(slots=True)
class Course:
    """One subject over the moments so far."""

    began: float | None = None
    """Since when it has held without a break."""
    raised: float | None = None
    """Since when it has held, if it was held long enough once and has not been clear since."""
    held: float = 0.0
    """When it last held."""
    near: float = 0.0
    """When it was last not clear."""


def window(look: Look) -> float:
    """The window of ranges without their own."""
    return min(look.window, look.longest)


def holding(rule: Rule, look: Look) -> Mapping[Labels, Span] | Missing:
    """The subjects for which a rule counts at the end of a look.

    A look shorter than ``held`` asks for the whole of the look, and the confidence says so; only what was
    held for all of ``held`` is remembered after it fell.
    """
    at = look.history.times[-1]
    condition = rule.condition()
    now = evaluate(condition, look.history, at, window(look))
    if isinstance(now, Missing):
        return now
    begin = look.history.times[0] + window(look)
    asked = max(begin, at - rule.held)
    keeps = rule.severity != "benign" and rule.clear_for > 0
    earlier = _moments(look, max(begin, asked - MEMORY * rule.clear_for), asked, EARLIER) if keeps else []
    lately = _moments(look, asked, at, STEPS)
    courses: dict[Labels, Course] = {}
    for moment in (*earlier, *lately):
        step(rule, look, courses, moment, holds(condition, look, moment))
    spans: dict[Labels, Span] = {}
    for subject in now:
        course = courses.get(subject, Course())
        if not lately or (course.began is not None and course.began <= lately[0]):
            spans[subject] = Span((asked if course.began is None else course.began) - window(look))
    step(rule, look, courses, at, now)
    for subject, course in courses.items():
        if keeps and course.raised is not None and subject not in spans:
            spans[subject] = Span(course.raised - window(look), None if subject in now else course.held)
    return spans


def _moments(look: Look, start: float, end: float, most: int) -> list[float]:
    """Moments of readings from ``start`` to before ``end``, evenly thinned to about ``most``."""
    times = look.history.times
    found = times[bisect_left(times, start) : bisect_left(times, end)]
    return list(found[:: max(1, len(found) // most)])


def holds(expr: Expr, look: Look, at: float) -> Vector:
    """The subjects of a condition at one moment of a look; none where that is not known."""
    vector = evaluate(expr, look.history, at, window(look))
    return {} if isinstance(vector, Missing) else vector


def step(rule: Rule, look: Look, courses: dict[Labels, Course], at: float, now: Vector) -> None:
    """One moment more."""
    for subject in now:
        course = courses.setdefault(subject, Course())
        course.began = at if course.began is None else course.began
        course.held = course.near = at
        if course.raised is None and at - course.began >= rule.held:
            course.raised = course.began
    fallen = [(subject, course) for subject, course in courses.items() if subject not in now]
    near = holds(near_limit(rule), look, at) if any(course.raised is not None for _, course in fallen) else {}
    for subject, course in fallen:
        course.began = None
        if subject in near:
            course.near = at
        elif at - course.near >= rule.clear_for:
            course.raised = None


def near_limit(rule: Rule) -> Expr:
    """What must not hold for a finding to be over: the level with its limits at ``clear``, without a veto."""
    known = _NEAR.get(id(rule))
    if known is None or known[0] is not rule:
        if len(_NEAR) >= MOST:
            _NEAR.clear()
        level = _eased(rule.when, rule.clear)
        near = Unless(level, tuple(sign.expr for sign in rule.unless)) if rule.unless else level
        known = _NEAR[id(rule)] = rule, near
    return known[1]


def _eased(expr: Expr, share: float) -> Expr:
    """A level that is reached earlier. Limits that are formulas are taken to be above 0."""
    match expr:
        case AllOf(terms) | AnyOf(terms):
            return replace(expr, terms=tuple(_eased(term, share) for term in terms))
        case Unless(term, vetoes):
            return Unless(_eased(term, share), vetoes)
        case Compare(">" | ">=", _, right):
            return replace(expr, right=_times(right, share))
        case Compare("<" | "<=", _, right):
            return replace(expr, right=_times(right, 1 / share))
        case _:
            return expr


def _times(side: Expr, factor: float) -> Expr:
    match side:
        case Const(value):
            return replace(side, value=value * (factor if value > 0 else 1 / factor))
        case _:
            return Arithmetic("*", side, Const(factor))
