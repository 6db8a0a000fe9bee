"""Explanations as JSON, schema 1 (docs/explain.schema.json). What is not known is null, never 0."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from jinmaek.diagnosis.rule import Rule
from jinmaek.explain.formula import Vector
from jinmaek.explain.page import Figure, Page
from jinmaek.explain.sources import since, source
from jinmaek.i18n import explained, tr
from jinmaek.model import Gap
from jinmaek.views.explain import said


def render(word: str | None, entries: Sequence[dict[str, Any]]) -> str:
    """One JSON object."""
    return json.dumps({"schema": 1, "word": word, "entries": list(entries)}, ensure_ascii=False, indent=2)


def entry(page: Page, lang: str) -> dict[str, Any]:
    """One subject. ``result`` is null where the formula gives no single number: ``steps`` have them all."""
    subject, told = page.subject, page.subject.entry
    result = page.result
    return {
        "name": subject.name,
        "kind": subject.kind,
        "shown": list(subject.shown),
        "meaning": explained(lang, subject.meaning),
        "text": explained(lang, told.text) if told else "",
        "here": said(page, lang),
        "formula": page.steps[-1].step.text if page.steps else None,
        "steps": [
            {
                "name": one.step.name or None,
                "formula": one.step.text,
                "unit": one.step.unit,
                "values": _values(one.values),
            }
            for one in page.steps
        ],
        "inputs": [one for figure in page.inputs for one in _inputs(figure)],
        "result": result[0] if result else None,
        "unit": result[1] if result else (page.own.unit if page.own else None),
        "difference": page.difference[0] if page.difference else None,
        "file": subject.column.file if subject.column else None,
        "source": source(subject),
        "since": since(subject),
        "prometheus": subject.column.metric if subject.column else None,
        "rules": list(page.rules),
        "see": list(told.see) if told else [],
    }


def rule_entry(rule: Rule, inputs: Iterable[Figure], condition: str, lang: str) -> dict[str, Any]:
    """A rule in the same form; ``jinmaek rules show ID --json`` has all of it."""
    return {
        "name": rule.id,
        "kind": "rule",
        "shown": [],
        "meaning": tr(lang, rule.title),
        "text": tr(lang, rule.why),
        "here": "",
        "formula": condition,
        "steps": [],
        "inputs": [one for figure in inputs for one in _inputs(figure)],
        "result": None,
        "unit": None,
        "difference": None,
        "file": None,
        "source": "; ".join(tr(lang, text) for text in rule.sources),
        "since": None,
        "prometheus": None,
        "rules": [rule.id],
        "see": [figure.column for figure in inputs],
    }


def _inputs(figure: Figure) -> list[dict[str, Any]]:
    if isinstance(figure.values, Gap):
        gap = {"kind": figure.values.kind, "source": figure.values.source}
        return [{"column": figure.column, "labels": {}, "value": None, "unit": figure.unit, "gap": gap}]
    return [
        {"column": figure.column, "labels": dict(labels), "value": value, "unit": figure.unit}
        for labels, value in figure.values.items()
    ]


def _values(values: Vector | Gap) -> list[dict[str, Any]] | None:
    if isinstance(values, Gap):
        return None
    return [{"labels": dict(labels), "value": value} for labels, value in values.items()]
