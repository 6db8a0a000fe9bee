"""A sentence before it has a language: the English text with its blanks, and what fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Quantity = tuple[float, str]
"""A number and its unit: bytes, bytes/s, ratio, seconds, count."""


@dataclass(frozen=True, slots=True)
class Said:
    """``text`` is the key of the catalogue. A string among the values is from outside: a name, a path."""

    text: str
    values: Mapping[str, Value]


Value = str | Quantity | Said


def say(text: str, **values: Value) -> Said:
    return Said(text, values)
