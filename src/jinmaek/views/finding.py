"""One finding in words: what it is, the numbers it rests on, who does it, what helps and what does not."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jinmaek.i18n import tr
from jinmaek.model import ChangedLimit, Culprit, Evidence, Finding, Gap, Remembered, Severity
from jinmaek.views.plain import safe
from jinmaek.views.units import amount, span

STYLES: dict[Severity, str] = {
    "critical": "bold white on red",
    "warning": "bold black on yellow",
    "info": "bold cyan",
    "benign": "green",
}


def full(
    finding: Finding, lang: str, recorded: tuple[float, float] | None = None
) -> Iterator[RenderableType]:
    """A finding with all it rests on, who does it, what helps; of a recording with its times."""
    title = Text()
    title.append(f" {tr(lang, finding.severity.upper())} ", style=STYLES[finding.severity])
    title.append(f" {safe(finding.title)}", style="bold")
    title.append(f"  {finding.rule}", style="dim")
    confidence = tr(lang, f"{finding.confidence} confidence")
    title.append(f" · {confidence}", style="dim")
    yield title
    yield Padding(Text(safe(finding.summary)), (0, 0, 0, 2))
    if recorded:
        lasting = tr(lang, "from {since} to {until}, {time}").format(
            since=moment(finding.since),
            until=moment(finding.until, finding.since),
            time=span(finding.until - finding.since, lang),
        )
        yield Padding(Text(lasting, style="bold"), (0, 0, 0, 2))
    if finding.fell is not None:
        text = tr(lang, "Not so for {time} now; it stays listed until it is well clear of its limits.")
        ago = span(finding.until - finding.fell, lang)
        yield Padding(Text(text.format(time=ago), style="dim"), (0, 0, 0, 2))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column()
    for label, lines in (
        (tr(lang, "evidence"), [evidence_line(item, lang) for item in finding.evidence]),
        (tr(lang, "agrees"), [", ".join(finding.indicators.agree)] if finding.indicators.agree else []),
        (tr(lang, "unsure"), [", ".join(finding.indicators.unknown)] if finding.indicators.unknown else []),
        (tr(lang, "who"), [culprit_line(culprit) for culprit in finding.culprits]),
        (tr(lang, "helps"), list(finding.helps)),
        (tr(lang, "does not"), list(finding.does_not_help)),
    ):
        for index, line in enumerate(lines):
            grid.add_row("" if index else label, Text(safe(line)))
    yield Padding(grid, (0, 0, 0, 2))


def moment(seconds: float, before: float | None = None) -> str:
    """Local time; without the day where it is that of the moment ``before``."""
    told = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    if before is not None and time.localtime(before)[:3] == time.localtime(seconds)[:3]:
        return told[11:]
    return told


def evidence_line(item: Evidence, lang: str) -> str:
    """A number and its limit."""
    labels = " ".join(f"{name}={value}" for name, value in item.labels)
    shown = f"{tr(lang, item.column)} {labels}".strip() + f" = {amount(item.value, item.unit)}"
    if item.limit is not None:
        limit = tr(lang, "limit {limit}").format(limit=amount(item.limit, item.unit))
        shown += f"  ({limit})"
    return shown


def culprit_line(culprit: Culprit) -> str:
    """Who, and how that shows."""
    share = f"{culprit.share:4.0%}  " if culprit.share is not None else ""
    pid = f" [{culprit.pid}]" if culprit.pid is not None else ""
    cgroup = f"  {culprit.cgroup}" if culprit.cgroup and culprit.cgroup != "/" else ""
    return f"{share}{culprit.name}{pid}  {culprit.why}{cgroup}"


def limit_changed(one: ChangedLimit, lang: str) -> str:
    """That a limit is not the rule's own."""
    return tr(lang, "limit changed: {name} is {value}, by default {default}").format(
        name=f"{one.rule}.{one.name}", value=f"{one.value:.10g}", default=f"{one.default:.10g}"
    )


def history(told: Remembered | Gap | None, now: float, lang: str) -> str:
    """What a look went on from, or why it could not; empty where nobody records."""
    match told:
        case Remembered(since=since, interval=interval):
            text = tr(lang, "history: recorder since {since}, {interval}")
            return text.format(since=moment(since, now), interval=span(interval, lang))
        case Gap(_, source, detail):
            text = tr(lang, "history: not used, {why} ({source})")
            return text.format(why=tr(lang, detail), source=safe(source))
        case None:
            return ""
