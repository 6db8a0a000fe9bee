"""A rule: data only. Detection is an expression and runs anywhere; culprits are Python and local."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinmaek.diagnosis.expr import AllOf, AnyOf, Expr, Unless
from jinmaek.model import Culprit, Severity

if TYPE_CHECKING:
    from jinmaek.diagnosis.look import Look

Rank = Callable[["Look"], tuple[Culprit, ...]]


@dataclass(frozen=True, slots=True)
class Sign:
    """A named condition: an indicator that must agree, or a veto that must not hold."""

    name: str
    expr: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One bad state (or, with severity ``benign``, one state that only looks bad).

    Fires when ``when`` holds, at least one of ``agree`` holds too (where there are any), and no ``unless``
    does, for ``held`` seconds. ``worse`` raises the severity where its expression holds as well.
    It stays until ``when``, with its limits at ``clear`` of what they are, has not held for ``clear_for``
    seconds, or has been vetoed that long: a level that swings about its limit is one finding.
    Texts are English and are the keys of the translations; ``{label}`` stands for a subject's label.
    """

    id: str
    title: str
    when: Expr
    agree: tuple[Sign, ...] = ()
    unless: tuple[Sign, ...] = ()
    held: float
    clear: float = 0.85
    clear_for: float = 900.0
    severity: Severity
    worse: tuple[tuple[Severity, Expr], ...] = ()
    why: str
    helps: tuple[str, ...]
    does_not_help: tuple[str, ...]
    culprits: Rank | None = None
    tables: tuple[str, ...] = ()
    """What the culprits read besides the tables of the expressions and the tasks."""
    sources: tuple[str, ...] = ()
    """What else a rule rests on; its limits name their sources themselves."""
    defaults: tuple[tuple[str, float], ...] = ()
    """The limits as the rule has them, where a user set some of them otherwise."""

    def condition(self, worse: Expr | None = None) -> Expr:
        """The whole of the rule as one expression: what an alert on it says."""
        # Vetoed first: a veto that holds decides also where the signs that should agree are not known.
        level = Unless(self.when, tuple(sign.expr for sign in self.unless)) if self.unless else self.when
        terms = [level]
        if self.agree:
            terms.append(AnyOf(tuple(sign.expr for sign in self.agree)))
        if worse is not None:
            terms.append(worse)
        return AllOf(tuple(terms)) if len(terms) > 1 else level
