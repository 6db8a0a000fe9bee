"""What a subject means on this host: its formula computed step by step, and the figures it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jinmaek.explain.entry import Step
from jinmaek.explain.find import Subject
from jinmaek.explain.formula import Unknown, Vector, evaluate
from jinmaek.explain.here import Here
from jinmaek.explain.vocabulary import known
from jinmaek.model import Gap

if TYPE_CHECKING:
    from jinmaek.diagnosis.rule import Rule


@dataclass(frozen=True, slots=True)
class Figure:
    """The values of one column by labels, or why there are none."""

    column: str
    unit: str
    values: Vector | Gap


@dataclass(frozen=True, slots=True)
class Computed:
    """One step of a formula and what it came to."""

    step: Step
    values: Vector | Gap


@dataclass(frozen=True, slots=True)
class Page:
    """``own`` is the subject's column, ``kernels`` the same where the formula is to reproduce it."""

    subject: Subject
    own: Figure | None
    inputs: tuple[Figure, ...]
    """The columns of the formula and of the sentence; the subject's own first, if it is a column."""
    steps: tuple[Computed, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that look at it, or at what it is made of where it is no column itself."""
        return judged_by([self.own.column] if self.own else [one.column for one in self.inputs])

    @property
    def rated(self) -> bool:
        """Whether a step is a rate: an average since boot unless two readings were given."""
        return any("rate(" in one.step.text for one in self.steps)

    @property
    def result(self) -> tuple[float, str] | None:
        """What the formula comes to, or the column itself, with its unit; None where it is not one number."""
        last = self.steps[-1].values if self.steps else self.own.values if self.own else {}
        unit = self.steps[-1].step.unit if self.steps else self.own.unit if self.own else ""
        return (last[()], unit) if not isinstance(last, Gap) and () in last else None

    @property
    def difference(self) -> tuple[float, str] | None:
        """By how much the kernel's own figure is above what the formula gives for it, where it should."""
        entry = self.subject.entry
        if entry is None or not entry.exact or entry.names[0] != self.subject.name or self.own is None:
            return None
        theirs, ours = self.own.values, self.steps[-1].values
        if isinstance(theirs, Gap) or isinstance(ours, Gap) or not ours:
            return None
        apart = [theirs[labels] - value for labels, value in ours.items() if labels in theirs]
        return (max(apart, key=abs), self.own.unit) if apart else None


def page(subject: Subject, here: Here) -> Page:
    """Read what the subject needs, and compute it."""
    formulas = subject.entry.formulas() if subject.entry else ()
    wanted = [subject.name] if subject.column else []
    wanted += [column for _, formula in formulas for column in formula.columns]
    wanted += [blank for blank in (subject.entry.blanks() if subject.entry else ()) if blank in known()]
    needs = tuple(dict.fromkeys(wanted))
    here.read([*needs, *(["uptime."] if any("rate(" in step.text for step, _ in formulas) else [])])
    steps: dict[str, Vector] = {}
    computed: list[Computed] = []
    for step, formula in formulas:
        try:
            values: Vector | Gap = evaluate(formula, here, steps)
        except Unknown as missing:
            values = missing.gap
        except KeyError:
            values = Gap("absent", step.name, "a step before it is not known")
        if not isinstance(values, Gap):
            steps[step.name] = values
        computed.append(Computed(step, values))
    inputs = figures(needs, here)
    return Page(
        subject=subject,
        own=inputs[0] if subject.column else None,
        inputs=inputs,
        steps=tuple(computed),
    )


def figures(names: Iterable[str], here: Here) -> tuple[Figure, ...]:
    """The values of these columns now."""
    found = []
    for name in names:
        try:
            values: Vector | Gap = here.column(name)
        except Unknown as missing:
            values = missing.gap
        found.append(Figure(name, known()[name].column.unit, values))
    return tuple(found)


def rule_of(word: str) -> Rule | None:
    """The rule of this id."""
    from jinmaek.rules import rules

    return next((rule for rule in rules() if rule.id == word), None)


def rule_inputs(rule: Rule, here: Here) -> tuple[Figure, ...]:
    """What a rule looks at, as it is now."""
    from jinmaek.diagnosis.shape import columns

    names = tuple(dict.fromkeys(ref.name for ref in columns(rule.condition())))
    here.read(names)
    return figures(names, here)


def judged_by(names: Iterable[str]) -> tuple[str, ...]:
    """The rules that look at any of these columns."""
    return tuple(dict.fromkeys(rule for name in names for rule in _judges().get(name, ())))


@cache
def _judges() -> Mapping[str, tuple[str, ...]]:
    # The classic views explain their columns without the rules.
    from jinmaek.diagnosis.shape import columns
    from jinmaek.rules import rules

    found: dict[str, dict[str, None]] = {}
    for rule in rules():
        for expr in (rule.condition(), *(worse for _, worse in rule.worse)):
            for ref in columns(expr):
                found.setdefault(ref.name, {})[rule.id] = None
    return {name: tuple(ids) for name, ids in found.items()}
