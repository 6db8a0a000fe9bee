"""Which hosts are asked about, how an engine tells them apart, and PromQL about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import takewhile

from jinmaek.diagnosis.expr import Expr, Match
from jinmaek.diagnosis.promql import duration, exported_labels, promql
from jinmaek.diagnosis.shape import subject_labels
from jinmaek.history.prometheus.answer import Series
from jinmaek.model import Labels

Target = tuple[str, ...]
"""The values of the labels that tell hosts apart: what an exporter of one host is scraped as."""

INSTANCE = "instance"
PORT = re.compile(r":[0-9]{1,5}$")
FEW = 100
"""Hosts that a query is narrowed to by name; Prometheus looks up no more than that without a scan."""
LONGEST = 14_000
"""Characters of a query: VictoriaMetrics takes 16 KiB."""


@dataclass(frozen=True, slots=True)
class Scope:
    """``labels`` tell hosts apart, ``only`` is asked of every series, ``window`` is that of rates."""

    labels: tuple[str, ...] = (INSTANCE,)
    only: tuple[Match, ...] = ()
    window: float = 300.0
    hosts: tuple[str, ...] = ()
    """Names of the only hosts that are asked about; none are all."""

    @property
    def by(self) -> str:
        """As in ``by (…)`` and ``on (…)``."""
        return ", ".join(self.labels)

    def promql(self, expr: Expr, among: Collection[Target] | None = None) -> str:
        """An expression as PromQL; about a few targets only where they are told and it does not get too long.

        The series of others may come too.
        """
        window = duration(self.window)
        if among is not None and len(among) <= FEW:
            text = promql(expr, window, self.by, only=(*self.only, *self.narrowed(among)))
            if len(text) <= LONGEST:
                return text
        return promql(expr, window, self.by, only=self.only)

    def narrowed(self, among: Collection[Target]) -> tuple[Match, ...]:
        """Matchers that let the series of these targets through."""
        return tuple(
            (label, "=~", any_of({target[place] for target in among}))
            for place, label in enumerate(self.labels)
        )

    def target(self, series: Series) -> Target:
        """Whose series this is."""
        return tuple(series.labels.get(label, "") for label in self.labels)

    def host(self, target: Target) -> str:
        """The host of a target: exporters beside each other differ in their port only."""
        return "/".join(
            PORT.sub("", value) if label == INSTANCE else value
            for label, value in zip(self.labels, target, strict=True)
        )

    def name(self, target: Target) -> str:
        """A target as it is written."""
        return "/".join(target)


def subject(expr: Expr) -> Mapping[str, str]:
    """The exporter's names of the labels of an expression's subjects, by ours."""
    names = exported_labels(expr)
    return {label: names[label] for label in subject_labels(expr)}


def labels_of(series: Series, names: Mapping[str, str]) -> Labels:
    """The subject of a series in our names."""
    return tuple(sorted((ours, series.labels.get(theirs, "")) for ours, theirs in names.items()))


def escaped(text: str) -> str:
    """Text as a regular expression (RE2) that matches it alone."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def any_of(texts: Collection[str]) -> str:
    """Some texts as a regular expression, what they all begin and end with once."""
    ordered = sorted(texts)
    if len(ordered) == 1:
        return escaped(ordered[0])
    start = _common(ordered)
    rests = [text[start:] for text in ordered]
    end = _common([rest[::-1] for rest in rests])
    middles = "|".join(escaped(rest[: len(rest) - end]) for rest in rests)
    return f"{escaped(ordered[0][:start])}(?:{middles}){escaped(rests[0][len(rests[0]) - end :])}"


def _common(texts: list[str]) -> int:
    """How many characters all of them begin with."""
    first, last = min(texts), max(texts)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
