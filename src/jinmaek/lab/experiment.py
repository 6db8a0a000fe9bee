"""What an experiment is: a claim, what is made, what must be there for it, and what a diagnosis must say.

Texts are English and are the keys of the translations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jinmaek.lab.sentence import Sentence

if TYPE_CHECKING:
    from jinmaek.lab.bench import Bench
    from jinmaek.lab.make.cgroups import Controller
    from jinmaek.lab.readings import Readings

MIB = 1024 * 1024
Chapter = Literal[2, 3, 4, 5]
Says = Literal["holds", "does not hold", "could not tell"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a claim, and the numbers that say so."""

    says: Says
    why: Sentence


def answer(holds: bool | None, text: str, **values: object) -> Answer:
    """The claim holds or does not; None where the numbers do not tell."""
    says: Says = "could not tell" if holds is None else "holds" if holds else "does not hold"
    return Answer(says, Sentence(text, values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Without what an experiment is refused, with the reason."""

    root: bool = False
    memory: int = 64 * MIB
    """Bytes that must be available, and no more than which it uses."""
    disk: int = 0
    """Bytes that must be free where labs keep their files."""
    cgroups: tuple[Controller, ...] = ()
    tools: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Kernel files that must be there."""
    cpus: int = 1


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding that must come, and whom it must name first: a process by its name, or a part of it."""

    rule: str
    culprit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One experiment. ``run`` makes the condition, reads, and answers; the bench undoes."""

    name: str
    """``folder.file`` of its module, with dashes."""
    chapter: Chapter | None = None
    """Of the notes its claim is from; None where it is made for a rule, or to look bad and be fine."""
    claim: str
    how: str
    run: Callable[[Bench, Readings], Answer]
    needs: Needs = Needs()
    seconds: float = 30.0
    """The longest it may take, a diagnosis of 5 s included."""
    shows: tuple[str, ...] = ()
    """Columns read before, during and after: ``table.column`` or ``table.column{label=value}``."""
    usual: Says = "holds"
    """What came of the claim wherever it was tried."""
    expects: tuple[Expected, ...] = ()
    explains: tuple[str, ...] = ()
    """Benign rules that must say why this looks bad and is fine."""
    allows: tuple[str, ...] = ()
    """Other rules that are right to speak up beside those expected."""
    healthy: bool = False
    """Nothing is wrong, however it looks: every warning is a false alarm."""
    span: float = 5.0
    """Seconds of one look."""
    limits: Callable[[], Mapping[str, float]] | None = None
    """Limits of rules for this size of condition, as ``--set`` takes them, told when the look begins.

    For levels that are shares of a host's memory, and trends of half an hour, of which an experiment may make
    a small part only.
    """
