"""Filters of ``top``: ``!FIELD=text``, ``FIELD<value``, ``FIELD>value`` over what a column shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FORM = re.compile(r"(!?)([^=<>!]+)([=<>])(.+)")
UNITS = {"": 1, "m": 1024, "g": 1024**2, "t": 1024**3, "p": 1024**4}
"""What a size in KiB may end with."""


@dataclass(frozen=True, slots=True)
class Filter:
    """``=`` is part of what is shown, ``<`` and ``>`` compare numbers, or text where either is none."""

    field: str
    sign: Literal["=", "<", ">"]
    value: str
    inverted: bool = False
    exact: bool = False
    """Upper and lower case differ."""


def parse(text: str, fields: Iterable[str], *, exact: bool) -> Filter | None:
    """The filter meant by a person; None where it is none, or of no field shown."""
    match = FORM.fullmatch(text.strip())
    if match is None:
        return None
    inverted, name, sign, value = match.groups()
    field = next((field for field in fields if field.lower() == name.strip().lower()), None)
    if field is None:
        return None
    which: Literal["=", "<", ">"] = "=" if sign == "=" else "<" if sign == "<" else ">"
    return Filter(field, which, value, inverted == "!", exact)


def passes(wanted: Filter, shown: str) -> bool:
    """Whether a line with this text in the filter's column is shown."""
    value = wanted.value
    if not wanted.exact:
        shown, value = shown.lower(), value.lower()
    if wanted.sign == "=":
        return (value in shown) != wanted.inverted
    a, b = _number(shown), _number(value)
    if a is None or b is None:
        smaller, larger = shown < value, shown > value
    else:
        smaller, larger = a < b, a > b
    return (smaller if wanted.sign == "<" else larger) != wanted.inverted


def _number(text: str) -> float | None:
    text = text.strip().lower()
    minutes, colon, seconds = text.partition(":")
    if colon:
        a, b = _number(minutes), _number(seconds)
        return None if a is None or b is None else a * 60 + b
    unit = text[-1:] if text[-1:] in UNITS else ""
    digits = text.removesuffix(unit)
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", digits):
        return None
    return float(digits) * UNITS[unit]
