"""The text formats a scrape understands: Prometheus' own (0.0.4) and OpenMetrics 1.0.

https://prometheus.io/docs/instrumenting/exposition_formats/
https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from jinmaek.views.openmetrics.series import Family, Sample, escaped

Form = Literal["text", "openmetrics"]

CONTENT_TYPES: dict[Form, str] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}
VERSIONS = (None, "0.0.1", "1.0.0")
"""Of OpenMetrics that may be answered with 1.0.0."""


def render(samples: Iterable[Sample], form: Form) -> bytes:
    """All samples, family by family in the order in which they come first."""
    families: dict[Family, list[str]] = {}
    for one, value in samples:
        lines = families.get(one.family)
        if lines is None:
            lines = families[one.family] = []
        lines.append(f"{one.text} {value if type(value) is int else number(value)}\n")
    parts: list[str] = []
    for family, lines in families.items():
        parts += _head(family, form)
        parts += lines
    if form == "openmetrics":
        parts.append("# EOF\n")
    return "".join(parts).encode()


def _head(family: Family, form: Form) -> tuple[str, str]:
    if form == "text":
        said = family.help.replace("\\", "\\\\").replace("\n", "\\n")
        return f"# HELP {family.name} {said}\n", f"# TYPE {family.name} {family.kind}\n"
    name = family.name.removesuffix("_total") if family.kind == "counter" else family.name
    kind = "unknown" if family.kind == "untyped" else family.kind
    return f"# HELP {name} {escaped(family.help)}\n", f"# TYPE {name} {kind}\n"


def number(value: float) -> str:
    """A number as both formats write it, exactly the one given."""
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def negotiated(accept: str) -> Form:
    """What to answer an ``Accept`` header with: OpenMetrics where it is wanted at least as much as text."""
    weights: dict[str, float] = {}
    for one in accept.lower().split(","):
        kind, *rest = (part.strip() for part in one.split(";"))
        fields = dict(part.partition("=")[::2] for part in rest)
        if kind != "application/openmetrics-text" or fields.get("version") in VERSIONS:
            weights[kind] = max(weights.get(kind, 0.0), _weight(fields.get("q", "1")))
    openmetrics = weights.get("application/openmetrics-text", 0.0)
    return "openmetrics" if openmetrics > 0 and openmetrics >= weights.get("text/plain", 0.0) else "text"


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
