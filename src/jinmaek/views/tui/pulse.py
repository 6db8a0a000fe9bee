"""The pulse as a page: findings first, then what looks bad and is fine, then what could not be judged."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.explain.vocabulary import known
from jinmaek.i18n import tr
from jinmaek.model import Diagnosis, Finding
from jinmaek.views.diagnosis import held, reason
from jinmaek.views.finding import culprit_line, evidence_line, limit_changed
from jinmaek.views.fit import cells, pad
from jinmaek.views.tui.line import Line, heading, line, wrapped
from jinmaek.views.units import span

LABEL = 10
"""Cells of a label before its texts."""


def lines(diagnosis: Diagnosis | None, lang: str, width: int) -> Iterator[Line]:
    """The page; without a diagnosis it says that one is on its way."""
    if diagnosis is None:
        yield line((tr(lang, "taking the pulse"), "bold"))
        yield from wrapped(
            tr(lang, "A rate needs two readings, a trend longer: what can be said becomes more with time."),
            width,
            "dim",
        )
        return
    for finding in diagnosis.findings:
        yield from _finding(finding, lang, width, timed=diagnosis.recorded is not None)
        yield line()
    if not any(finding.severity in ("warning", "critical") for finding in diagnosis.findings):
        yield from _nothing_to_do(diagnosis, lang, width)
    yield from _scary(diagnosis, lang, width)
    yield from _unknown(diagnosis, lang, width)
    for one in diagnosis.locked:
        yield from wrapped(held(one, lang), width, "warn")
    for changed in diagnosis.changed:
        yield from wrapped(limit_changed(changed, lang), width, "warn", about=changed.rule)


def _finding(finding: Finding, lang: str, width: int, *, timed: bool) -> Iterator[Line]:
    about = finding.rule
    yield line(
        (f" {tr(lang, finding.severity.upper())} ", finding.severity),
        (f" {finding.title}", "bold"),
        (f"  {finding.rule} · {tr(lang, f'{finding.confidence} confidence')}", "dim"),
        about=about,
        key=f"{finding.rule}{finding.subject}",
    )
    yield from wrapped(finding.summary, width, lead="  ", about=about)
    if timed:
        lasting = tr(lang, "since {time}").format(time=span(finding.until - finding.since, lang))
        yield line("  ", (lasting, "dim"), about=about)
    if finding.fell is not None:
        text = tr(lang, "Not so for {time} now; it stays listed until it is well clear of its limits.")
        ago = span(finding.until - finding.fell, lang)
        yield from wrapped(text.format(time=ago), width, "dim", lead="  ", about=about)
    for place, item in enumerate(finding.evidence):
        word = item.column if item.column in known() else about
        yield from _labelled(tr(lang, "evidence"), evidence_line(item, lang), place, width, word)
    for label, texts in (
        (tr(lang, "agrees"), [", ".join(finding.indicators.agree)] if finding.indicators.agree else []),
        (tr(lang, "unsure"), [", ".join(finding.indicators.unknown)] if finding.indicators.unknown else []),
        (tr(lang, "who"), [culprit_line(one) for one in finding.culprits]),
        (tr(lang, "helps"), list(finding.helps)),
        (tr(lang, "does not"), list(finding.does_not_help)),
    ):
        for place, text in enumerate(texts):
            yield from _labelled(label, text, place, width, about)


def _labelled(label: str, text: str, place: int, width: int, about: str) -> Iterator[Line]:
    lead = "  " + pad("" if place else label, -max(LABEL, cells(label) + 1))
    return wrapped(text, width, lead=(lead, "label"), about=about)


def _nothing_to_do(diagnosis: Diagnosis, lang: str, width: int) -> Iterator[Line]:
    judged = len({v.rule for v in diagnosis.quiet} | {v.rule for v in diagnosis.findings})
    if not judged:
        yield from wrapped(tr(lang, "Nothing could be judged: no rule found what it needs."), width, "warn")
    else:
        text = tr(lang, "Nothing to do: {count} rules judged, none of them at warning or above.")
        yield from wrapped(text.format(count=judged), width, "good")


def _scary(diagnosis: Diagnosis, lang: str, width: int) -> Iterator[Line]:
    shown = [quiet for quiet in diagnosis.quiet if quiet.reason]
    if not shown:
        return
    yield line()
    yield heading(tr(lang, "looks bad, is fine"), width, "good")
    for quiet in shown:
        yield line((quiet.rule, "good"), about=quiet.rule, key=quiet.rule)
        yield from wrapped(quiet.reason or "", width, lead="  ", about=quiet.rule)
        for item in quiet.evidence:
            word = item.column if item.column in known() else quiet.rule
            yield from wrapped(evidence_line(item, lang), width, "dim", lead="  ", about=word)


def _unknown(diagnosis: Diagnosis, lang: str, width: int) -> Iterator[Line]:
    if not diagnosis.unknown:
        return
    yield line()
    yield heading(tr(lang, "could not be judged"), width, "warn")
    for unknown in diagnosis.unknown:
        why = reason(
            unknown.gap, lang, single=not diagnosis.window_s, recorded=diagnosis.recorded is not None
        )
        lead = pad(unknown.rule, -26)
        yield from wrapped(why, width, "dim", lead=(lead, "warn"), about=unknown.rule)
