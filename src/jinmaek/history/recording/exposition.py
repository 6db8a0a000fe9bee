"""Lines of metrics as exporters and promtool print them: the text format of Prometheus, and OpenMetrics.

https://prometheus.io/docs/instrumenting/exposition_formats/ . Times are milliseconds in the one and seconds
in the other; a number of this century tells which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

LABEL = re.compile(r'\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?')
INSIDE = r'\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}'
LINE = re.compile(rf"([a-zA-Z_:][\w:]*(?:{INSIDE})?|{INSIDE})\s+(\S+)(?:\s+(\S+))?\s*(?:#.*)?$")
"""A series, its value, its time; an exemplar may stand behind. ``promtool tsdb dump`` has the name as a
label."""
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
ESCAPED: Mapping[str, str] = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
MILLISECONDS = 1e11
"""From here on a time is milliseconds since 1973, below it seconds up to the year 5138."""
TIME = re.compile(r"#\s*time[:=]?\s+(.+)", re.IGNORECASE)
LONGEST = 1 << 20
"""Characters of a line: a longer one is none."""


class NotMetrics(ValueError):
    """A line is not what exporters print: its number and its beginning."""


class Line(NamedTuple):
    """One value. ``series`` is its text before the value, the same for all values of a series."""

    series: str
    value: float
    time: float | None
    """Seconds since the epoch, where the line says so."""


def read(lines: Iterable[str]) -> Iterator[Line | str]:
    """Values, and what a ``# time`` comment says as text. Raises ``NotMetrics``."""
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            told = TIME.match(line)
            if told is not None:
                yield told[1].strip()
        elif not line.isspace() and line:
            yield _line(number, line)


def _line(number: int, line: str) -> Line:
    found = LINE.match(line) if len(line) <= LONGEST else None
    try:
        if found is None:
            raise ValueError
        series, value, told = found.groups()
        time = None if told is None else float(told)
        return Line(series, float(value), time if time is None or time < MILLISECONDS else time / 1000)
    except ValueError:
        raise NotMetrics(f"line {number} is no metric: {line[:60].strip()!r}") from None


def named(series: str) -> tuple[str, dict[str, str]]:
    """The name of a series and its labels. Raises ``NotMetrics``."""
    name, brace, inside = series.partition("{")
    labels: dict[str, str] = {}
    at, end = 0, len(inside) - 1
    while brace and at < end:
        found = LABEL.match(inside, at)
        if found is None:
            raise NotMetrics(f"these are no labels: {series[:60]!r}")
        labels[found[1]] = ESCAPE.sub(_unescaped, found[2]) if "\\" in found[2] else found[2]
        at = found.end()
    told = name.strip() or labels.pop("__name__", "")
    if not told:
        raise NotMetrics(f"it has no name: {series[:60]!r}")
    return told, labels


def _unescaped(found: re.Match[str]) -> str:
    word = found[1]
    return chr(int(word[1:], 16)) if len(word) > 1 else ESCAPED.get(word, word)
