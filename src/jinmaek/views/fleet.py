"""A fleet: the rules by what they found, the hosts worst first, who is blind, what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from jinmaek.catalog import Ref
from jinmaek.diagnosis.fleet.exporters import lack, vmstat_flag
from jinmaek.diagnosis.fleet.survey import STEP, Fleet, HostFinding, RuleCount, Unjudged
from jinmaek.i18n import tr
from jinmaek.model import SEVERITIES, ChangedLimit, Gap, Severity
from jinmaek.views.finding import STYLES, culprit_line, evidence_line, full, limit_changed, moment
from jinmaek.views.plain import safe
from jinmaek.views.screen import put
from jinmaek.views.units import span

COUNTED: dict[Severity, str] = {
    "critical": "{count:,} critical",
    "warning": "{count:,} warning",
    "info": "{count:,} info",
}
WORST = 20
"""Hosts that are named, unless all are asked for."""
FEW = 8
"""Names in one line."""
SHOWN = 2
"""Numbers and culprits of a finding that are shown beside others."""


def show(
    fleet: Fleet, lang: str, console: Console | None = None, *, every: bool = False, full: bool = False
) -> None:
    """Print it, in colour on a terminal; ``full`` has all of every finding, ``every`` all hosts."""
    put(judgement(fleet, lang, every=every or full, whole=full), console)


def judgement(fleet: Fleet, lang: str, *, every: bool, whole: bool) -> RenderableType:
    parts: list[RenderableType] = [*_head(fleet, lang)]
    if len(fleet.hosts) > 1:
        parts += _by_rule(fleet, lang)
    parts += _by_host(fleet, lang, every=every, whole=whole)
    parts += _blind(fleet, lang, every=every)
    parts += _scary(fleet.rules, lang)
    parts += _unknown(fleet.unjudged, lang)
    parts += [_changed(one, lang) for one in fleet.changed]
    cost = tr(lang, "this look cost {cpu:.2f} s of CPU in {wall:.1f} s")
    parts += ["", Text(cost.format(cpu=fleet.cpu_s, wall=fleet.wall_s), style="dim")]
    return Group(*parts)


def _head(fleet: Fleet, lang: str) -> Iterator[RenderableType]:
    first = Text("jinmaek  ", style="bold")
    first.append(_hosts(len(fleet.hosts), lang), style="bold cyan")
    first.append(f"  {safe(fleet.source)}  {moment(fleet.time)}", style="dim")
    if fleet.since is not None:
        first.append("  " + tr(lang, "all since {time}").format(time=moment(fleet.since)), style="dim")
    yield first
    worst: dict[str, str] = {}
    for one in fleet.findings:
        worst.setdefault(one.host, one.finding.severity)  # they come worst first
    words = []
    for level in reversed(SEVERITIES[1:]):
        count = sum(1 for severity in worst.values() if severity == level)
        if count:
            words.append(tr(lang, COUNTED[level]).format(count=count))
    rest = len(set(fleet.hosts) - worst.keys())
    unknown = {host for one in fleet.unjudged for host in one.hosts} - worst.keys()
    words.append(tr(lang, "{count:,} without a finding").format(count=rest))
    if unknown:
        words.append(tr(lang, "{count:,} of those not judged by every rule").format(count=len(unknown)))
    if fleet.blind:
        words.append(tr(lang, "{count:,} blind").format(count=len(fleet.blind)))
    yield Text("  ·  ".join(words))
    if fleet.partial is not None:
        text = tr(lang, "PARTIAL: not all of the engine answered ({said}); what was not found is not known.")
        yield Text(text.format(said=safe(fleet.partial)), style="bold yellow")


def _by_rule(fleet: Fleet, lang: str) -> list[RenderableType]:
    found: dict[str, list[HostFinding]] = {}
    for one in fleet.findings:
        found.setdefault(one.finding.rule, []).append(one)
    if not found:
        return []
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    counts = {one.rule: one for one in fleet.rules}
    severest = {rule: min((one.finding.severity for one in ones), key=_rank) for rule, ones in found.items()}
    for rule in sorted(found, key=lambda rule: (_rank(severest[rule]), -counts[rule].found, rule)):
        level = severest[rule]
        hosts = Text(_hosts(counts[rule].found, lang))
        if counts[rule].unknown:
            hosts.append(tr(lang, ", {count:,} unknown").format(count=counts[rule].unknown), style="yellow")
        grid.add_row(
            Text(f" {tr(lang, level.upper())} ", style=STYLES[level]), rule, hosts, _names(found[rule])
        )
    return ["", Line(tr(lang, "by rule"), align="left"), grid]


def _rank(severity: Severity) -> int:
    return -SEVERITIES.index(severity)


def _names(found: Iterable[HostFinding]) -> Text:
    hosts = list(dict.fromkeys(safe(one.host) for one in found))
    return Text(", ".join(hosts[:3]) + (", …" if len(hosts) > 3 else ""), style="dim")


def _by_host(fleet: Fleet, lang: str, *, every: bool, whole: bool) -> list[RenderableType]:
    hosts: dict[str, list[HostFinding]] = {}
    for one in fleet.findings:
        hosts.setdefault(one.host, []).append(one)
    if not hosts:
        text = tr(lang, "Nothing to do on what could be judged.")
        return ["", Text(text, style="bold green")] if fleet.hosts else []
    parts: list[RenderableType] = ["", Line(tr(lang, "by host, worst first"), align="left")]
    for host, found in list(hosts.items()) if every else list(hosts.items())[:WORST]:
        parts.append(Text(safe(host), style="bold cyan"))
        for one in found:
            parts += _whole(fleet, one, lang) if whole else _short(fleet, one, lang)
    if not every and len(hosts) > WORST:
        text = tr(lang, "and {count:,} hosts more: --all names them, --host NAME shows one in full")
        parts.append(Text(text.format(count=len(hosts) - WORST), style="dim"))
    return parts


def _whole(fleet: Fleet, one: HostFinding, lang: str) -> Iterator[RenderableType]:
    lines = [*full(one.finding, lang), Padding(Text(_times(fleet, one, lang), style="dim"), (0, 0, 0, 2))]
    yield from (Padding(line, (0, 0, 0, 2)) for line in lines)
    yield ""


def _short(fleet: Fleet, one: HostFinding, lang: str) -> Iterator[RenderableType]:
    finding = one.finding
    line = Text("  ")
    line.append(f" {tr(lang, finding.severity.upper())} ", style=STYLES[finding.severity])
    line.append(f" {safe(finding.title)}", style="bold")
    line.append(f"  {finding.rule}  {_times(fleet, one, lang)}", style="dim")
    yield line
    said = [evidence_line(item, lang) for item in finding.evidence[:SHOWN]]
    said += [culprit_line(one) for one in finding.culprits[:SHOWN]]
    yield Padding(Text(safe("  ·  ".join(said))), (0, 0, 0, 4))


def _times(fleet: Fleet, one: HostFinding, lang: str) -> str:
    finding = one.finding
    if fleet.since is None or finding.until >= fleet.time - 1:
        lasted = span(fleet.time - finding.since, lang)
        if not one.at_least and fleet.time - finding.since < STEP:
            text, lasted = tr(lang, "for less than {time}"), span(STEP + fleet.time - finding.since, lang)
        else:
            text = tr(lang, "for at least {time}") if one.at_least else tr(lang, "for {time}")
        said = text.format(time=lasted)
    else:
        text = tr(lang, "from {start} to {end}")
        said = text.format(start=moment(finding.since), end=moment(finding.until))
    if one.times > 1:
        said += ", " + tr(lang, "{count} times").format(count=one.times)
    return said


def _blind(fleet: Fleet, lang: str, *, every: bool) -> list[RenderableType]:
    if not fleet.blind:
        return []
    parts: list[RenderableType] = [
        "",
        Line(tr(lang, "blind: nothing is known of them now"), align="left", style="red"),
    ]
    for down, text in (
        (True, tr(lang, "cannot be scraped")),
        (False, tr(lang, "not scraped any more, or export nothing")),
    ):
        names = [safe(name) for name, one in fleet.blind if one.down is down]
        if names:
            line = Text(f"{text}: ", style="red")
            line.append(_listed(names, lang, every=every), style="default")
            parts.append(line)
    return parts


def _scary(counts: Iterable[RuleCount], lang: str) -> list[RenderableType]:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="green", no_wrap=True)
    grid.add_column()
    for one in counts:
        if one.benign:
            grid.add_row(one.rule, _hosts(one.benign, lang))
    return (
        ["", Line(tr(lang, "looks bad, is fine"), align="left", style="green"), grid]
        if grid.row_count
        else []
    )


def _unknown(unjudged: Iterable[Unjudged], lang: str) -> list[RenderableType]:
    """What could not be judged, by what would let it be."""
    fields = sorted(
        {need.what for one in unjudged for need in map(lack, one.columns) if need.need == "vmstat"}
    )
    groups: dict[str, tuple[dict[str, None], set[str]]] = {}
    for one in unjudged:
        if not one.hosts:
            continue
        told = {} if one.gap.kind != "absent" else {_need(ref, fields, lang): None for ref in one.columns}
        for reason in told or {_gap(one.gap, lang): None}:
            rules, hosts = groups.setdefault(reason, ({}, set()))
            rules[one.rule] = None
            hosts.update(one.hosts)
    if not groups:
        return []
    parts: list[RenderableType] = ["", Line(tr(lang, "could not be judged"), align="left", style="yellow")]
    for reason, (rules, hosts) in sorted(groups.items(), key=lambda item: (-len(item[1][1]), item[0])):
        line = Text(safe(reason), style="yellow")
        line.append(f": {', '.join(rules)} ({_hosts(len(hosts), lang)})", style="default")
        parts.append(line)
    return parts


def _need(ref: Ref, fields: list[str], lang: str) -> str:
    need = lack(ref)
    match need.need:
        case "flag":
            return tr(lang, "node_exporter needs {flag}").format(flag=need.what)
        case "vmstat":
            return tr(lang, "node_exporter needs {flag}").format(flag=vmstat_flag(fields))
        case "exporter":
            return tr(lang, "needs {exporter} on the host").format(exporter=need.what)
        case "agent":
            return tr(
                lang, "node_exporter has nothing of it; jinmaek agent exports it where the kernel has it"
            )
        case "kernel":
            return tr(
                lang, "{metric} is not there: an older kernel or exporter, or a collector switched off"
            ).format(metric=need.what)


def _gap(gap: Gap, lang: str) -> str:
    detail = f" ({gap.detail})" if gap.detail else ""
    return f"{gap.source} {tr(lang, gap.kind)}{detail}"


def _changed(one: ChangedLimit, lang: str) -> Text:
    return Text(limit_changed(one, lang), style="yellow")


def _listed(names: list[str], lang: str, *, every: bool) -> str:
    shown = names if every else names[:FEW]
    more = len(names) - len(shown)
    return ", ".join(shown) + (tr(lang, " and {count:,} more").format(count=more) if more else "")


def _hosts(count: int, lang: str) -> str:
    return tr(lang, "1 host") if count == 1 else tr(lang, "{count:,} hosts").format(count=count)
