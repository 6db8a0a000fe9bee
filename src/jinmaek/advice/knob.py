"""What a knob of the memory management is, and what can be answered about it on one host.

The knobs themselves are in ``knobs``: data and pure functions over ``Seen``, one file per family.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jinmaek.advice.said import Said
from jinmaek.advice.seen import Fact, Seen
from jinmaek.model import Gap

Value = int | str
"""A number as its file holds it, or one of the knob's words."""

Kind = Literal["misfit", "irrelevant", "fits", "unknown"]
KINDS: tuple[Kind, ...] = ("misfit", "irrelevant", "fits", "unknown")


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a knob's value suits this host, on what evidence, and what to try instead."""

    kind: Kind
    sentence: Said
    evidence: tuple[Fact, ...] = ()
    attempt: tuple[str, Value] | None = None
    """Knob and value: the knob may be another one, where that is the way."""
    gap: Gap | None = None


def misfit(sentence: Said, evidence: tuple[Fact, ...], attempt: tuple[str, Value]) -> Answer:
    """It hurts here, as at least two counters show."""
    return Answer("misfit", sentence, evidence, attempt)


def irrelevant(sentence: Said, evidence: tuple[Fact, ...] = ()) -> Answer:
    """It decided nothing here."""
    return Answer("irrelevant", sentence, evidence)


def fits(sentence: Said, evidence: tuple[Fact, ...] = ()) -> Answer:
    """It was at work, and nothing speaks against its value."""
    return Answer("fits", sentence, evidence)


@dataclass(frozen=True, slots=True)
class Effect:
    """What another value would change here."""

    kind: Literal["nothing", "shifts", "unknown"]
    sentence: Said
    evidence: tuple[Fact, ...] = ()
    risk: Said | None = None
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that follows from a value of the knob, by the kernel's own formula."""

    name: Said
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """What ``--measure`` compares: a level, its highest, a rate, or one growth as a share of another."""

    name: Said
    how: Literal["level", "highest", "rate", "share"]
    columns: tuple[str, ...]
    of: tuple[str, ...] = ()


def nothing_unsafe(_: Seen, __: Value) -> Said | None:
    """Every value the kernel takes may be tried."""
    return None


def no_notes(_: Seen) -> tuple[Said, ...]:
    """Nothing about this host changes what the knob means."""
    return ()


def no_figures(_: Seen, __: Value) -> tuple[Figure, ...]:
    """No formula of the kernel turns this value into others."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One setting. Numbers are in the unit of its file."""

    name: str
    """As sysctl spells it, without ``vm.``."""
    path: str
    least: int = 0
    most: int | None = None
    words: tuple[str, ...] = ()
    """What may be written where it is not a number, from the weakest to the strongest."""
    unit: str = ""
    default: Callable[[Seen], Value | None]
    """What the kernel itself chooses; None where that cannot be told. May raise ``Missing``."""
    does: Said
    formula: Said
    does_not: tuple[Said, ...]
    sources: tuple[str, ...]
    judge: Callable[[Seen], Answer]
    """May raise ``Missing``, as the functions below may."""
    what_if: Callable[[Seen, Value], Effect]
    figures: Callable[[Seen, Value], tuple[Figure, ...]] = no_figures
    notes: Callable[[Seen], tuple[Said, ...]] = no_notes
    """What of this host changes the meaning of the knob."""
    unsafe: Callable[[Seen, Value], Said | None] = nothing_unsafe
    """Why a value would endanger this host now."""
    partner: str | None = None
    """The knob the kernel sets to 0 when this one is written, and the other way round."""
    watch: tuple[Quantity, ...] = ()
    """What decides whether it had an effect, the predicted one first."""
    watch_cgroup: tuple[Quantity, ...] = ()
    """The same inside one cgroup."""
    direction: Literal[-1, 0, 1] = 0
    """Whether the first quantity rises (1) or falls with the value; 0 where none is predicted."""
    needs: tuple[str, ...] = ()
    """Counters that must move in both windows, or nothing can be told. None: the effect is immediate."""
    needs_cgroup: tuple[str, ...] = ()
    per_cgroup: str | None = None
    """The file of a version 1 cgroup that overrides this knob there."""


def known(value: int) -> Callable[[Seen], Value | None]:
    """A default that is the same on every host."""
    return lambda _: value
