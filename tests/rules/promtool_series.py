"""promtool's notation of series, read as a history of our columns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache

from jinmaek.catalog import Ref, refs
from jinmaek.model import Gap, Labels, Points

NUMBER = r"(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[Ii]nf|[Nn]a[Nn])"
ITEM = re.compile(
    rf"(?P<first>_|stale|[+-]?{NUMBER})(?:(?P<step>[+-]{NUMBER})x(?P<steps>\d+)|x(?P<repeat>\d+))?"
)
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str | int) -> float:
    """``1h30m`` is 5400."""
    return sum(float(n) * SECONDS[u] for n, u in re.findall(r"(\d+)(ms|[smhd])", str(duration)))


def values(text: str) -> list[float | str]:
    """The samples of one series in order; ``_`` is no sample, ``stale`` ends the series."""
    found: list[float | str] = []
    for word in text.split():
        item = ITEM.fullmatch(word)
        assert item, f"not promtool's notation: {word}"
        first, step, repeat = item["first"], item["step"], item["repeat"]
        if first == "_":
            found += ["_"] * int(repeat or 1)
        elif first == "stale":
            found += ["stale"] * (int(repeat or 0) + 1)
        else:
            number = float(first)
            for _ in range(int(item["steps"] or repeat or 0) + 1):
                found.append(number)
                number += float(step or 0)
    return found


def selector(text: str) -> tuple[str, dict[str, str]]:
    """``name{label="value"}`` as name and labels."""
    found = re.fullmatch(r"\s*([\w:]+)\s*(?:\{(.*)\})?\s*", text, re.DOTALL)
    assert found, f"not a series: {text}"
    pairs = re.findall(r"(\w+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')", found[2] or "")
    return found[1], {name: ast.literal_eval(value) for name, value in pairs}


@cache
def _by_metric() -> Mapping[str, tuple[Ref, ...]]:
    known: dict[str, tuple[Ref, ...]] = {}
    for ref in refs():
        known[ref.metric.name] = (*known.get(ref.metric.name, ()), ref)
    return known


class Series:
    """The input series of one test as a history; a column without a series could not be read."""

    def __init__(
        self, interval: float, series: Iterable[tuple[str, str]], instance: str | None = None
    ) -> None:
        self._lines: dict[str, dict[Labels, list[tuple[float, float | None]]]] = {}
        for name_and_labels, notation in series:
            metric, labels = selector(name_and_labels)
            if instance is not None and labels.get("instance") != instance:
                continue
            known = _by_metric().get(metric, ())
            assert known, f"no column is exported as {metric}"
            for ref in known:
                if ref.metric.labels.items() <= labels.items():
                    self._add(ref, labels, interval, values(notation))

    def _add(self, ref: Ref, labels: Mapping[str, str], interval: float, samples: list[float | str]) -> None:
        ours = tuple(sorted((name, labels[ref.metric.rename.get(name, name)]) for name in ref.labels))
        lines = self._lines.setdefault(ref.name, {})
        assert ours not in lines, f"{ref.name}{dict(ours)} is given twice"
        lines[ours] = [
            (index * interval, None if sample == "stale" else float(sample) * ref.metric.factor)
            for index, sample in enumerate(samples)
            if sample != "_"
        ]

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        if ref.name not in self._lines:
            return Gap("absent", ref.name)
        cut = {
            labels: [point for point in line if start <= point[0] <= end]
            for labels, line in self._lines[ref.name].items()
        }
        return {labels: points for labels, points in cut.items() if points}
