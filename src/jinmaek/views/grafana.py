"""The catalogue as a Grafana dashboard: which rules hold on a host, and beside each the quantities it judges.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ (schema 39).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from jinmaek.diagnosis.evidence import comparisons
from jinmaek.diagnosis.expr import Compare, Const
from jinmaek.diagnosis.promql import promql
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import scalar, subject_labels
from jinmaek.diagnosis.words import unit, words
from jinmaek.history.prometheus.selector import Match
from jinmaek.i18n import tr

WIDTH, HIGH, ROW = 12, 8, 1
"""Of a panel in a grid of 24 columns, and how high a panel and the head of a row are."""
MOST = 6
"""Quantities in one panel."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {
    "bytes": "bytes",
    "ratio": "percentunit",
    "seconds": "s",
    "bytes/s": "Bps",
    "seconds/s": "percentunit",
    "count": "short",
    "pages": "short",
    "count/s": "cps",
    "pages/s": "cps",
}
COLOURS = {"critical": "red", "warning": "orange", "info": "blue", "benign": "green"}
Panel = dict[str, Any]


def dashboard(
    rules: Sequence[Rule], *, window: str = "5m", instance: str = "instance", lang: str = "en"
) -> str:
    """The dashboard as JSON, to be imported or provisioned."""
    host = instance.split(",", maxsplit=1)[0].strip() if "instance" not in instance else "instance"
    only: tuple[Match, ...] = ((host, "=~", "$host"),)
    panels: list[Panel] = [_holding(rules, only, window, instance, lang)]
    top = HIGH
    ordered = sorted(rules, key=lambda rule: rule.id)
    for folder, members in groupby(ordered, key=lambda rule: rule.id.partition(".")[0]):
        inside = [
            {**panel, "gridPos": {"x": place % 2 * WIDTH, "y": top + 1, "w": WIDTH, "h": HIGH}}
            for place, panel in enumerate(_panel(rule, only, window, instance, lang) for rule in members)
        ]
        head = {"x": 0, "y": top, "w": 2 * WIDTH, "h": ROW}
        panels.append({"type": "row", "title": folder, "collapsed": True, "gridPos": head, "panels": inside})
        top += ROW
    document = {
        "title": "jinmaek",
        "uid": "jinmaek-rules",
        "tags": ["jinmaek"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [*_variables(host)]},
        "panels": [{"id": number, **_numbered(panel, number)} for number, panel in enumerate(panels, 1)],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _numbered(panel: Panel, number: int) -> Panel:
    inside: Iterable[Panel] = panel.get("panels", ())
    return (
        {**panel, "panels": [{"id": number * 100 + n, **one} for n, one in enumerate(inside)]}
        if inside
        else panel
    )


def _variables(host: str) -> Iterator[Panel]:
    yield {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}}
    query = f"label_values(node_boot_time_seconds, {host})"
    yield {
        "name": "host",
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "host"},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "includeAll": False,
        "multi": False,
        "current": {},
    }


def _holding(rules: Iterable[Rule], only: tuple[Match, ...], window: str, instance: str, lang: str) -> Panel:
    """Which rules hold when: a line for each that does."""
    targets = [
        {
            "refId": f"R{number}",
            "datasource": SOURCE,
            "expr": f"count({promql(rule.condition(), window, instance, only=only)})",
            "legendFormat": rule.id,
        }
        for number, rule in enumerate(rules)
    ]
    colours = [
        {
            "matcher": {"id": "byName", "options": rule.id},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": COLOURS[rule.severity]}}],
        }
        for rule in rules
    ]
    return {
        "type": "state-timeline",
        "title": tr(lang, "rules that hold on this host"),
        "datasource": SOURCE,
        "gridPos": {"x": 0, "y": 0, "w": 2 * WIDTH, "h": HIGH},
        "targets": targets,
        "fieldConfig": {"defaults": {"custom": {"fillOpacity": 80}}, "overrides": colours},
        "options": {"showValue": "never", "mergeValues": True, "legend": {"showLegend": False}},
    }


def _panel(rule: Rule, only: tuple[Match, ...], window: str, instance: str, lang: str) -> Panel:
    """The quantities a rule compares, and the limits they are held against."""
    terms = (rule.when, *(sign.expr for sign in rule.agree))
    every = (one for term in terms for one in comparisons(term, lambda _: True))
    compared = list(dict.fromkeys(one for one in every if not scalar(one.left)))
    targets: list[Panel] = []
    overrides: list[Panel] = []
    for place, one in enumerate(compared[:MOST]):
        name = words(one.left, lang)
        shown = UNITS.get(unit(one.left), "short")
        labels = " ".join(f"{{{{{label}}}}}" for label in subject_labels(one.left))
        for ref, side, legend in (
            (f"V{place}", one.left, f"{name} {labels}".strip()),
            (f"L{place}", one.right, tr(lang, "limit of {what}").format(what=name)),
        ):
            if scalar(side):
                continue
            targets.append(
                {
                    "refId": ref,
                    "datasource": SOURCE,
                    "expr": promql(side, window, instance, only=only),
                    "legendFormat": legend,
                }
            )
            dashes = [] if ref.startswith("V") else [{"id": "custom.lineStyle", "value": {"fill": "dash"}}]
            overrides.append(
                {
                    "matcher": {"id": "byFrameRefID", "options": ref},
                    "properties": [{"id": "unit", "value": shown}, *dashes],
                }
            )
    return {
        "type": "timeseries",
        "title": tr(lang, rule.title),
        "description": _about(rule, compared, lang),
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"custom": {"fillOpacity": 10}}, "overrides": overrides},
    }


def _about(rule: Rule, compared: Iterable[Compare], lang: str) -> str:
    """What the rule says, its limits, and what helps; in Markdown."""
    limits = [words(one, lang) for one in compared if isinstance(one.right, Const)]
    helps = [tr(lang, text) for text in rule.helps]
    parts = [f"**{rule.id}** ({tr(lang, rule.severity)})", tr(lang, rule.why)]
    parts += ["\n".join(f"- `{limit}`" for limit in limits)] if limits else []
    parts += ["\n".join(f"- {text}" for text in helps)] if helps else []
    return "\n\n".join(parts)
