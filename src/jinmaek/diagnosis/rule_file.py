"""The catalogue as a rule file for an engine, with alerts on what would make its rules silent.

A rule whose series are not there does not hold, and in an engine that is the same as being well. So a host
that is not heard, and a source that a host has not, are alerts of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from jinmaek.catalog import EMPTY, Ref
from jinmaek.diagnosis.alerts import alert, prometheus_rules, text
from jinmaek.diagnosis.fleet.exporters import stock
from jinmaek.diagnosis.fleet.hosts import BEATS
from jinmaek.diagnosis.fleet.lacking import Lacking, relevant
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns
from jinmaek.history.prometheus.selector import Match, selector
from jinmaek.i18n import tr
from jinmaek.model import Severity

Form = Literal["prometheus", "vmalert", "kubernetes"]

GROUP = "sources"
LATELY, LONG_AGO = "1h", "1d"
"""For how long a host that is heard no more is missed, and for how long a job is known by its hosts."""
HELD = 300.0
"""Seconds before a source is taken for absent: an exporter may be restarting."""
FIRST = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: jinmaek
  labels:
    app.kubernetes.io/name: jinmaek
spec:
"""


def rule_file(
    rules: Sequence[Rule],
    form: Form,
    *,
    window: str = "5m",
    instance: str = "instance",
    lang: str = "en",
    keep_firing: bool = True,
) -> str:
    """The file, in YAML. ``instance`` is the label that tells hosts apart, or several with commas.

    ``keep_firing``: vmalert knows it since 1.91, and takes no file with a word it does not know.
    """
    groups = prometheus_rules(
        rules,
        annotations=True,
        window=window,
        instance=instance,
        lang=lang,
        keep_firing=keep_firing,
    )
    lines = [*groups.splitlines(), f"  - name: {text(GROUP)}", "    rules:", *_sources(rules, instance, lang)]
    if form != "kubernetes":
        return "\n".join(lines) + "\n"
    return FIRST + "\n".join(f"  {line}" for line in lines) + "\n"


def _sources(rules: Sequence[Rule], instance: str, lang: str) -> Iterator[str]:
    beats: Match = ("__name__", "=~", "|".join(BEATS))
    heard = f"group by ({instance}) ({selector('', (beats,))})"
    lately = f"group by ({instance}) (last_over_time({selector('', (beats,))}[{LATELY}]))"
    jobs = f"group by (job) (last_over_time({selector('', (beats,))}[{LONG_AGO}]))"
    yield from _alert(
        "sources.host-blind",
        f"group by ({instance}) (up == 0 and on (job) {jobs})\nor {lately}\nunless on ({instance}) {heard}",
        "critical",
        tr(lang, "Nothing is known of {instance}"),
        tr(lang, "It cannot be scraped, or exports nothing any more: no rule can find anything there."),
        instance,
    )
    yield from _alert(
        "sources.no-hosts",
        f"absent({selector('', (beats,))})",
        "critical",
        tr(lang, "No host is heard at all"),
        tr(lang, "There is no series of node_exporter: no rule can find anything anywhere."),
        instance,
    )
    for table, (refs, ids) in _needed(rules).items():
        of_stock = [ref for ref in refs if stock(ref)]
        rest = [ref for ref in refs if not stock(ref)]
        if of_stock:
            names = sorted({ref.metric.name for ref in of_stock})
            there = f"count by ({instance}) (group by ({instance}, __name__) ({_any(names)})) == {len(names)}"
            query = f"{heard}\nunless on ({instance}) {there}\nunless on ({instance}) {_empty(table)}"
            yield from _absent("absent", table, query, ids, lang, instance)
        if rest:
            names = sorted({ref.metric.name for ref in rest})
            there = f"group by ({instance}) ({_any(names)})"
            # Nobody is asked for what no host exports.
            query = (
                f"{heard}\nunless on ({instance}) {there}\nunless on ({instance}) {_empty(table)}"
                f"\nand on () group({_any(names)})"
            )
            yield from _absent("uneven", table, query, ids, lang, instance)


def _any(names: Iterable[str]) -> str:
    return selector("", (("__name__", "=~", "|".join(names)),))


def _empty(table: str) -> str:
    """Hosts whose agent read a table that has no rows: nothing is missing there."""
    return f"({selector(EMPTY, (('table', '=', table),))} == 0)"


def _needed(rules: Iterable[Rule]) -> Mapping[str, tuple[list[Ref], list[str]]]:
    """The columns without which a rule is not judged, and those rules, by table."""
    found: dict[str, tuple[list[Ref], list[str]]] = {}
    for rule in rules:
        condition = rule.condition()
        for ref in columns(condition):
            if relevant(condition, Lacking(frozenset((ref,)))):
                refs, ids = found.setdefault(ref.table, ([], []))
                refs += [ref] if ref not in refs else []
                ids += [rule.id] if rule.id not in ids else []
    return found


def _absent(how: str, table: str, query: str, ids: Iterable[str], lang: str, instance: str) -> Iterator[str]:
    said = tr(
        lang, "Without it these rules find nothing there, which does not mean that there is nothing: {rules}"
    )
    yield from _alert(
        f"sources.{how}.{table}",
        query,
        "info",
        tr(lang, "{instance} does not export all of {table}").replace("{table}", table),
        said.replace("{rules}", ", ".join(ids)),
        instance,
    )


def _alert(
    name: str, query: str, severity: Severity, summary: str, description: str, instance: str
) -> list[str]:
    who = " ".join(f"{{{{ $labels.{label.strip()} }}}}" for label in instance.split(","))
    said = {"summary": summary.replace("{instance}", who), "description": description}
    return alert(name, query, severity, HELD, 0.0, said)
