"""A score as a page of Markdown: ``docs/lab-score.md``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jinmaek.i18n import tr
from jinmaek.lab.not_made import REASONS
from jinmaek.lab.peers.held import PeerScore
from jinmaek.lab.score import Score
from jinmaek.lab.score_text import (
    cells_of,
    heads,
    own_row,
    peer_heads,
    peer_name,
    peer_rows,
    scaled,
    stopped,
    sums,
    wrong,
)
from jinmaek.views.procps import MISSING
from jinmaek.views.units import amount


def page(score: Score, machine: Mapping[str, object], repeats: int, lang: str) -> str:
    """The whole page, in one language."""
    return "\n".join(_lines(score, machine, repeats, lang)) + "\n"


def _lines(score: Score, machine: Mapping[str, object], repeats: int, lang: str) -> Iterator[str]:
    yield "# " + tr(lang, "What the diagnosis is worth, measured")
    yield ""
    text = tr(
        lang,
        "Each condition was made on the running kernel {repeats} times by `jinmaek lab score`, and "
        "`jinmaek` looked at the host for 5 s (20 s or more for trends), up to three times. A trial counts "
        "where its condition was there, told by the kernel's own figures. A false alarm is a warning or "
        "critical finding that nobody had made a condition for.",
    )
    yield text.format(repeats=repeats)
    yield ""
    text = tr(
        lang,
        "Machine: Linux {kernel} ({architecture}), {cpus} CPUs, {memory}, cgroups of version {cgroup}. "
        "jinmaek {jinmaek}, Python {python}, {date}.",
    )
    memory = machine["memory_bytes"]
    yield text.format(
        **{**machine, "memory": amount(memory, "bytes") if isinstance(memory, int) else MISSING}
    )
    yield ""
    text = tr(
        lang,
        "To measure it again: `jinmaek lab score --peers --alerts FILE --page docs/lab-score.md`, where FILE "
        "are alerts as `make node_alerts.yaml` writes them in `docs/node-mixin` of node_exporter.",
    )
    yield text
    yield ""
    if score.stopped:
        yield stopped(score, lang)
        yield ""
    yield sums(score, lang)
    yield ""
    yield from _grid(
        heads(lang), (cells_of(rule) for rule in score.rules if rule.trials or rule.false_alarms)
    )
    if any(rule.scaled for rule in score.rules):
        yield ""
        yield "\\" + scaled(lang)
    yield from _peers(score, lang)
    reasons = [
        (rule.rule, REASONS[rule.rule]) for rule in score.rules if not rule.trials and rule.rule in REASONS
    ]
    if reasons:
        yield ""
        yield "## " + tr(lang, "Not made here")
        yield ""
        yield from (f"- `{rule}`: {why.told(lang)}" for rule, why in reasons)
    said = [text for one in score.trials if (text := wrong(one, lang))]
    if said or score.refused:
        yield ""
        yield "## " + tr(lang, "What was not as it should be")
        yield ""
        yield from (f"- {text}" for text in said)
        for name, why in score.refused:
            yield "- " + tr(lang, "not run: {name}: {why}").format(name=name, why=why)
    yield ""
    yield "## " + tr(lang, "Conditions that look bad and are fine")
    yield ""
    heading = (
        tr(lang, "experiment"),
        tr(lang, "what looks bad"),
        tr(lang, "trials"),
        tr(lang, "with an alarm"),
    )
    yield from _grid(heading, _healthy(score, lang))


def _peers(score: Score, lang: str) -> Iterator[str]:
    """What others had to say of the same runs, and by rule."""
    if not score.peers and not score.absent:
        return
    yield ""
    yield "## " + tr(lang, "Others on the same runs")
    yield ""
    text = tr(
        lang,
        "They ran beside the lab. Any alarm of theirs that was new in a trial counts as finding its "
        "condition, whatever it says; jinmaek has to say the right rule.",
    )
    yield text
    yield ""
    yield from _grid(peer_heads(lang), (own_row(score, lang), *peer_rows(score, lang)))
    yield ""
    yield from (f"- {absent.name}: {absent.why.told(lang)}" for absent in score.absent)
    if not score.peers:
        return
    yield from (f"{number}. {peer_name(one, lang)}" for number, one in enumerate(score.peers, 1))
    yield ""
    rows = (
        (rule.rule, f"{rule.fired}/{rule.trials}", *(_found(one, rule.rule) for one in score.peers))
        for rule in score.rules
        if any(rule.rule in one.by_rule for one in score.peers)
    )
    numbers = (f"({number})" for number in range(1, len(score.peers) + 1))
    yield from _grid((tr(lang, "condition of"), "jinmaek", *numbers), rows)


def _found(one: PeerScore, rule: str) -> str:
    found, whole = one.by_rule.get(rule, (0, 0))
    return f"{found}/{whole}" if whole else MISSING


def _healthy(score: Score, lang: str) -> Iterator[tuple[str, ...]]:
    names = dict.fromkeys(one.experiment for one in score.healthy)
    for experiment in names:
        trials = [one for one in score.healthy if one.experiment is experiment]
        alarmed = sum(bool(one.alarms) for one in trials)
        yield experiment.name, tr(lang, experiment.claim), str(len(trials)), str(alarmed)


def _grid(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    first = list(heading)
    yield "| " + " | ".join(first) + " |"
    yield "|" + "---|" * len(first)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
