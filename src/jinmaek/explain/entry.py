"""An entry: what is told about a word, or about several columns that are one idea. Data only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from jinmaek.explain.formula import Formula, formula
from jinmaek.explain.vocabulary import known

BLANK = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a computation: a name for what follows, a unit, and a formula."""

    name: str
    """Empty: the figure of the entry itself."""
    unit: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Texts are English and are the keys of their translations."""

    names: tuple[str, ...]
    """What it explains, by full name: columns (``*`` at the end stands for any rest), columns of views
    (``free.used``), state letters (``state.D``), ideas (``idea.reclaim``)."""
    shown: tuple[str, ...] = ()
    """Columns of views that show the first of ``names`` and nothing else."""
    words: tuple[str, ...] = ()
    """Other words it answers to."""
    meaning: str = ""
    """One line. Of a column it is the column's own help, and this stays empty."""
    text: str = ""
    """What it really says, and what people get wrong."""
    here: str = ""
    """A sentence with blanks: ``{meminfo.MemFree}``, ``{step}``, ``{value}`` of the last step or column."""
    steps: tuple[Step, ...] = ()
    exact: bool = False
    """The last step is how the kernel itself makes the first of ``names``."""
    source: str = ""
    """Where the kernel (or the tool) makes it; empty: as the rest of its table."""
    since: str = ""
    """The first kernel that has it, where the help of the column does not say."""
    see: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names: tuple[str, ...] = ()
        for step in self.steps:
            formula(step.text, names)
            names += (step.name,)

    def blanks(self) -> tuple[str, ...]:
        """What the sentence of this host leaves open."""
        return tuple(dict.fromkeys(BLANK.findall(self.here)))

    def columns(self) -> tuple[str, ...]:
        """The columns among ``names``, patterns filled in."""
        return _columns(self.names)

    def formulas(self) -> tuple[tuple[Step, Formula], ...]:
        """Every step with its formula."""
        names: tuple[str, ...] = ()
        found = []
        for step in self.steps:
            found.append((step, formula(step.text, names)))
            names += (step.name,)
        return tuple(found)


@cache
def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        column
        for name in names
        for column in ([one for one in known() if one.startswith(name[:-1])] if name[-1] == "*" else [name])
        if column in known()
    )
