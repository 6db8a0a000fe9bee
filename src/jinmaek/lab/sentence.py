"""Sentences that are said later, in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jinmaek.i18n import tr
from jinmaek.views.units import amount

Quantity = tuple[float, str]
"""A number and its unit, shown as ``views.units.amount`` shows it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """English text with blanks for ``values``; a quantity or a sentence among them is put in words first."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def told(self, lang: str) -> str:
        """The sentence in a language."""
        return tr(lang, self.text).format(**{name: _told(value, lang) for name, value in self.values.items()})


def _told(value: object, lang: str) -> object:
    match value:
        case Sentence():
            return value.told(lang)
        case (int() | float() as number, str() as unit):
            return amount(number, unit)
        case _:
            return value


def say(text: str, **values: object) -> Sentence:
    return Sentence(text, values)


class CannotMake(Exception):
    """A condition cannot be made here, and why."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self.why = Sentence(text, values)
