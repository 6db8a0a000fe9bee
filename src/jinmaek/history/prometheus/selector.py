"""Which series: a metric and its labels in PromQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Match = tuple[str, Literal["=", "!=", "=~", "!~"], str]
"""A label, how it is compared, and the value or the anchored regular expression (RE2)."""


def selector(metric: str, where: Iterable[Match] = ()) -> str:
    """The series of a metric; of every metric where it has no name."""
    matchers = ",".join(f"{label}{how}{quoted(text)}" for label, how, text in where)
    return f"{metric}{{{matchers}}}" if matchers else metric


def quoted(text: str) -> str:
    """A string of PromQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
