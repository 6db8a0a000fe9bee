"""A rule on all hosts at once: the level first, and the rest of the rule only about those that reach it.

Four queries at the most for each rule and set of missing columns: which hosts reach the level
(``possible``), for which of them the rule surely holds all the time it must (``sure``), for which it cannot
be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jinmaek.diagnosis.alerts import kept_for
from jinmaek.diagnosis.expr import Expr
from jinmaek.diagnosis.fleet.cases import Case
from jinmaek.diagnosis.fleet.course import Episode, Moments, episodes, lately, throughout
from jinmaek.diagnosis.fleet.possible import possible, sure
from jinmaek.diagnosis.fleet.scope import FEW, Scope, Target, labels_of, subject
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.prometheus.answer import Answer, NoAnswer, Series
from jinmaek.history.prometheus.http import Instant, Over, Query
from jinmaek.history.prometheus.many import Asked, Progress, ask_all
from jinmaek.model import Labels


@dataclass(frozen=True, slots=True)
class Held:
    """A subject of a rule for which it holds, or held in the time that was asked about."""

    rule: Rule
    target: Target
    subject: Labels
    episodes: tuple[Episode, ...]
    """When, oldest first; one that ends with the look goes on."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of a case: the rest of its targets are quiet."""

    case: Case
    held: tuple[Held, ...] = ()
    undecided: frozenset[Target] = frozenset()
    """Where a column is missing and what is there does not decide."""
    fault: NoAnswer | None = None
    """Why none of the targets could be judged."""
    partial: str | None = None


@dataclass(slots=True)
class _Open:
    """A case while it is being asked about."""

    case: Case
    suspects: frozenset[Target]
    """On which the level may be reached."""
    holding: frozenset[Target] | None = None
    """Of those, where the rule holds now; None where that was not asked."""
    fault: NoAnswer | None = None
    partial: str | None = None
    held: list[Held] = field(default_factory=list)
    undecided: frozenset[Target] = frozenset()

    def heard(self, answer: Answer | NoAnswer) -> Sequence[Series]:
        """The series of an answer; a fault is remembered, and so is that it is only a part."""
        if isinstance(answer, NoAnswer):
            self.fault = self.fault or answer
            return ()
        self.partial = self.partial or answer.partial
        return answer.series


@dataclass(frozen=True, slots=True)
class When:
    """The moment that is judged, or all since ``since``."""

    at: float
    since: Moments | None = None

    def moments(self, rule: Rule) -> Moments:
        return self.since if self.since is not None else lately(self.at, rule.held)

    def ask(self, text: str, rule: Rule) -> Query:
        """The query at each of the moments of a rule."""
        moments = self.moments(rule)
        if moments.count == 1:
            return Instant(text, self.at)
        return Over(text, moments.start, moments.end, moments.step)


def judge(
    engine: Asked, scope: Scope, cases: Iterable[Case], when: When, progress: Progress | None = None
) -> tuple[Verdicts, ...]:
    """The verdict on every case."""
    opened = [_Open(case, case.targets) for case in cases]
    _levels(engine, scope, opened, when, progress)
    _once(engine, scope, opened, when, progress)
    queries: dict[tuple[int, str], Query] = {}
    for number, one in enumerate(opened):
        queries.update({(number, kind): query for kind, query in _rest(scope, one, when).items()})
    answers = ask_all(engine, queries, progress)
    for number, one in enumerate(opened):
        _close(scope, one, when, {kind: a for (n, kind), a in answers.items() if n == number})
    return tuple(Verdicts(one.case, tuple(one.held), one.undecided, one.fault, one.partial) for one in opened)


def _levels(
    engine: Asked, scope: Scope, opened: Sequence[_Open], when: When, progress: Progress | None
) -> None:
    queries: dict[int, Query] = {}
    for number, one in enumerate(opened):
        level = possible(one.case.rule.when, one.case.missing)
        if level == "always":
            continue
        text = f"group by ({scope.by}) ({scope.promql(level, one.case.targets)})"
        at_once = Instant(text, when.at)
        queries[number] = at_once if when.since is None else when.ask(text, one.case.rule)
    for number, answer in ask_all(engine, queries, progress).items():
        one = opened[number]
        one.suspects = frozenset(scope.target(series) for series in one.heard(answer)) & one.case.targets


def _once(
    engine: Asked, scope: Scope, opened: Sequence[_Open], when: When, progress: Progress | None
) -> None:
    """Where the level leaves many, the rule must hold at this moment before it is asked since when."""
    if when.since is not None:
        return
    queries: dict[int, Query] = {}
    for number, one in enumerate(opened):
        if len(one.suspects) > FEW and one.fault is None and when.moments(one.case.rule).count > 1:
            holds = sure(one.case.rule.condition(), one.case.missing)
            if holds != "never":
                text = f"group by ({scope.by}) ({scope.promql(holds, one.suspects)})"
                queries[number] = Instant(text, when.at)
    for number, answer in ask_all(engine, queries, progress).items():
        one = opened[number]
        one.holding = frozenset(scope.target(series) for series in one.heard(answer)) & one.suspects


def _rest(scope: Scope, one: _Open, when: When) -> dict[str, Query]:
    rule, missing = one.case.rule, one.case.missing
    if not one.suspects or one.fault is not None:
        return {}
    found: dict[str, Query] = {}
    holds = sure(rule.condition(), missing)
    holding = one.suspects if one.holding is None else one.holding
    if holds != "never" and holding:
        found["sure"] = when.ask(scope.promql(holds, holding), rule)
    may = possible(rule.condition(), missing)
    if missing and may != "always":
        text = f"group by ({scope.by}) ({scope.promql(may, one.suspects)})"
        found["may"] = Instant(text, when.at) if when.since is None else when.ask(text, rule)
    return found


def _close(scope: Scope, one: _Open, when: When, answers: Mapping[str, Answer | NoAnswer]) -> None:
    rule = one.case.rule
    moments = when.moments(rule)
    if "sure" in answers:
        holds = sure(rule.condition(), one.case.missing)
        assert holds != "never"
        one.held += _held(scope, rule, holds, one.heard(answers["sure"]), moments, when, one.suspects)
    if not one.case.missing:
        return
    found = {held.target for held in one.held}
    if "may" in answers:
        may = {scope.target(series) for series in one.heard(answers["may"])} & one.suspects
    elif possible(rule.condition(), one.case.missing) == "always":
        may = set(one.suspects)
    else:
        may = set()
    one.undecided = frozenset(may - found)


def _held(
    scope: Scope,
    rule: Rule,
    holds: Expr,
    series: Iterable[Series],
    moments: Moments,
    when: When,
    among: frozenset[Target],
) -> list[Held]:
    names = subject(holds)
    times: dict[tuple[Target, Labels], list[float]] = {}
    for one in series:
        target = scope.target(one)
        if target in among:
            key = target, labels_of(one, names)
            times.setdefault(key, []).extend(time for time, _ in one.points)
    found = []
    for (target, labels), held_at in times.items():
        if when.since is not None:
            told = episodes(moments, held_at, rule.held, kept_for(rule))
        elif throughout(moments, held_at):
            told = (Episode(moments.start, moments.end),)
        else:
            told = ()
        if told:
            found.append(Held(rule, target, labels, told))
    return found
