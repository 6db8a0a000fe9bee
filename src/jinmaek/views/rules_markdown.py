"""The catalogue of rules as pages of Markdown: one for each rule, and one that lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinmaek.diagnosis.alerts import conditions
from jinmaek.diagnosis.promql import promql
from jinmaek.diagnosis.rule import Rule
from jinmaek.i18n import tr
from jinmaek.views.rules import sections


def page(rule: Rule, lang: str) -> str:
    """What ``rules show`` prints of it."""
    lines = [f"# {rule.id}", "", f"**{plain(_title(rule, lang))}** ({', '.join(conditions(rule))})", ""]
    lines += [plain(tr(lang, rule.why)), ""]
    for heading, texts in sections(rule, lang):
        lines += [f"## {heading}", "", *(f"- {plain(text)}" for text in texts), ""]
    for level, expr in conditions(rule).items():
        lines += [f"## PromQL ({level})", "", "```promql", promql(expr, lines=True), "```", ""]
    return "\n".join(lines)


def index(rules: Iterable[Rule], lang: str) -> str:
    """A table of all rules with a link to the page of each."""
    head = (tr(lang, "rule"), tr(lang, "severity"), tr(lang, "title"))
    lines = [f"| {' | '.join(head)} |", "|---|---|---|"]
    for rule in rules:
        cells = (f"[{rule.id}]({rule.id}.md)", ", ".join(conditions(rule)), plain(_title(rule, lang)))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join((*lines, ""))


def _title(rule: Rule, lang: str) -> str:
    """With the names of the labels in place of their values: ``CGROUP``."""
    return re.sub(r"{([a-z]+)}", lambda found: found[1].upper(), tr(lang, rule.title))


def plain(text: str) -> str:
    """Text in which Markdown finds no emphasis, link, table or markup."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
