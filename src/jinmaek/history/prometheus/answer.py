"""What an engine answers, read with distrust: JSON of the query API to series, or why there are none.

https://prometheus.io/docs/prometheus/latest/querying/api/ . A part of an answer is no answer: Thanos says so
in ``warnings``, the cluster version of VictoriaMetrics in ``isPartial``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from jinmaek.model import Gap, GapKind

Why = Literal["unreachable", "timed out", "denied", "refused", "unavailable", "malformed", "too large"]

GAPS: Mapping[Why, GapKind] = {
    "unreachable": "unanswered",
    "timed out": "timed out",
    "denied": "denied",
    "refused": "unanswered",
    "unavailable": "unanswered",
    "malformed": "malformed",
    "too large": "unanswered",
}
LONGEST = 300
"""Characters of a message of the engine that are kept."""
REMARKS = ("PromQL info:", "PromQL warning:")
"""Begin warnings that are about the query and not about missing data (Prometheus 2.47)."""


class NoAnswer(Exception):
    """A query that the engine did not answer: why, and what it said."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail

    @property
    def gap(self) -> Gap:
        return Gap(GAPS[self.why], "prometheus", self.detail)


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and (time, value) with the oldest first."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def value(self) -> float:
        """The last one."""
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class Answer:
    """All series of an answer. ``partial`` is what the engine says of those that are missing."""

    series: tuple[Series, ...]
    partial: str | None = None


def parse(body: bytes) -> Answer:
    """The answer to a query. Raises ``NoAnswer``."""
    said = document(body)
    if said.get("status") != "success":
        raise NoAnswer("refused", message(said) or "it does not say why")
    try:
        data = said["data"]
        match data["resultType"]:
            case "vector":
                series = tuple(_series(one["metric"], [one["value"]]) for one in data["result"])
            case "matrix":
                series = tuple(_series(one["metric"], one["values"]) for one in data["result"])
            case kind:
                raise NoAnswer("malformed", f"an answer of type {kind!r:.40}")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as fault:
        raise NoAnswer("malformed", f"not an answer of Prometheus: {fault!r:.80}") from None
    return Answer(tuple(one for one in series if one.points), _partial(said))


def document(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body. Raises ``NoAnswer``."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        start = body[:40].decode("utf-8", "replace").strip()
        raise NoAnswer("malformed", f"not JSON: {start!r}") from None
    if not isinstance(said, dict):
        raise NoAnswer("malformed", "not an answer of Prometheus: no object")
    return said


def message(said: Mapping[str, Any]) -> str:
    """What the engine says is wrong."""
    text = said.get("error")
    return text[:LONGEST] if isinstance(text, str) else ""


def _series(metric: Mapping[str, str], values: list[tuple[float, str]]) -> Series:
    labels = {_word(name): _word(text) for name, text in metric.items()}
    points = [(_number(time), _number(text)) for time, text in values]
    if any(later[0] < earlier[0] for earlier, later in pairwise(points)):
        raise ValueError("times go back")
    return Series(labels, tuple(points))


def _word(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError("a label is no text")
    return text


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("a value is no number")
    return float(value)


def _partial(said: Mapping[str, Any]) -> str | None:
    warnings = said.get("warnings")
    lines = [str(line) for line in warnings] if isinstance(warnings, list) else []
    missing = [line for line in lines if not line.startswith(REMARKS)]
    if missing:
        return "; ".join(missing)[:LONGEST]
    return "some of its storage nodes did not answer" if said.get("isPartial") is True else None
