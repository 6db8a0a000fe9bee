"""The catalogue of rules: all of them in a table, one of them in full."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jinmaek.diagnosis.alerts import conditions, needs
from jinmaek.diagnosis.limits import limits
from jinmaek.diagnosis.promql import promql
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.diagnosis.words import columns, words
from jinmaek.i18n import tr
from jinmaek.views.units import amount


def table(rules: Iterable[Rule], lang: str) -> RenderableType:
    """One line for each rule: id, severity, title."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in (tr(lang, "rule"), tr(lang, "severity"), tr(lang, "title")):
        grid.add_column(heading, overflow="fold")
    for rule in rules:
        grid.add_row(rule.id, ", ".join(conditions(rule)), tr(lang, rule.title))
    return grid


def show(rule: Rule, lang: str, console: Console) -> None:
    """Print everything a rule says of itself, its PromQL and the sources of its limits included."""
    for part in _page(rule, lang):
        console.print(part)
    for level, expr in conditions(rule).items():
        console.print()
        console.print(Text(f"PromQL ({level})", style="bold"))
        # Unbroken: a line end inside a string would not be the same query.
        console.print(Text(promql(expr, lines=True)), soft_wrap=True)


def _page(rule: Rule, lang: str) -> Iterator[RenderableType]:
    yield Text.assemble((rule.id, "bold cyan"), "  ", (rule.severity, "bold"))
    yield Text(tr(lang, rule.title), style="bold")
    yield ""
    yield Text(tr(lang, rule.why))
    for heading, lines in sections(rule, lang):
        yield ""
        yield Text(heading, style="bold")
        for line in lines:
            yield Padding(Text(line), (0, 0, 0, 2))


def sections(rule: Rule, lang: str) -> Iterator[tuple[str, list[str]]]:
    """What a rule says of itself, below its title and why: headings and their lines, none of them empty."""
    worse = [f"{level}: {words(expr, lang)}" for level, expr in rule.worse]
    held = [amount(rule.held, "seconds")] if rule.held else []
    over = []
    if rule.severity != "benign" and rule.clear_for:
        text = tr(lang, "{share} of the limits not reached for {time}")
        over = [text.format(share=amount(rule.clear, "ratio"), time=amount(rule.clear_for, "seconds"))]
    every = (
        (tr(lang, "When"), [words(rule.when, lang)]),
        (tr(lang, "And at least one of"), _signs(rule.agree, lang)),
        (tr(lang, "But not if"), _signs(rule.unless, lang)),
        (tr(lang, "Worse"), worse),
        (tr(lang, "Held for"), held),
        (tr(lang, "Over after"), over),
        (tr(lang, "What helps"), [tr(lang, text) for text in rule.helps]),
        (tr(lang, "What does not help"), [tr(lang, text) for text in rule.does_not_help]),
        (tr(lang, "Limits, and where they come from"), _limits(rule, lang)),
        (tr(lang, "Sources"), [tr(lang, text) for text in rule.sources]),
        (
            tr(lang, "Not exported by a stock node_exporter"),
            [f"{ref.name} ({ref.metric.name})" for ref in needs(rule)],
        ),
    )
    yield from ((heading, lines) for heading, lines in every if lines)


def _signs(signs: Iterable[Sign], lang: str) -> list[str]:
    return [f"{tr(lang, sign.name)}: {words(sign.expr, lang)}" for sign in signs]


def _limits(rule: Rule, lang: str) -> list[str]:
    """``busy=0.9  90.0 %  (prometheus node-mixin)``, the first word as ``--set`` takes it."""
    lines = []
    for one in limits(rule):
        words = [f"{one.name}={one.value:.10g}"]
        if one.unit in ("ratio", "bytes", "seconds"):
            words.append(amount(one.value, one.unit))
        words.append(f"({tr(lang, one.source)})")
        if one.value != one.default:
            words.append(tr(lang, "changed, by default {default}").format(default=f"{one.default:.10g}"))
        lines.append("  ".join(words))
    return lines


def as_json(rules: Iterable[Rule], lang: str) -> str:
    """The same as one JSON array of objects."""
    return json.dumps([_object(rule, lang) for rule in rules], ensure_ascii=False, indent=2)


def _object(rule: Rule, lang: str) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity,
        "title": tr(lang, rule.title),
        "why": tr(lang, rule.why),
        "held_s": rule.held,
        "clear": rule.clear,
        "clear_for_s": rule.clear_for,
        "when": words(rule.when, lang),
        "agree": {tr(lang, sign.name): words(sign.expr, lang) for sign in rule.agree},
        "unless": {tr(lang, sign.name): words(sign.expr, lang) for sign in rule.unless},
        "worse": {level: words(expr, lang) for level, expr in rule.worse},
        "helps": [tr(lang, text) for text in rule.helps],
        "does_not_help": [tr(lang, text) for text in rule.does_not_help],
        "limits": [
            {
                "name": one.name,
                "value": one.value,
                "default": one.default,
                "unit": one.unit,
                "source": tr(lang, one.source),
            }
            for one in limits(rule)
        ],
        "sources": [tr(lang, text) for text in rule.sources],
        "columns": [ref.name for ref in columns(rule.condition())],
        "needs": [ref.name for ref in needs(rule)],
        "promql": {level: promql(expr) for level, expr in conditions(rule).items()},
    }
