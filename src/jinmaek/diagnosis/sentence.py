"""A sentence as data: which one, and what fills its blanks. A view says it in a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` is English and the key of the translation.

    A value whose name ends in ``bytes`` is an amount, ``share`` a ratio, one that ends in ``rate`` pages
    per second; those called ``first`` and ``second`` are buckets of the memory ledger. Anything else is said
    as it is.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
