"""A sentence with its figures, before anybody chose a language: views translate and format it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure in the unit of its column (``bytes``, ``ratio``, ``pages/s`` …)."""

    value: float
    unit: str


Blank = Union[str, int, Amount, "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """``template`` is the English sentence and the key of its translation."""

    template: str
    blanks: tuple[tuple[str, Blank], ...] = ()


def say(template: str, **blanks: Blank) -> Said:
    """A sentence; ``blanks`` fill the names in braces."""
    return Said(template, tuple(blanks.items()))
