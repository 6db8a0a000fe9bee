"""All rules on all hosts that an engine knows: what is found, what cannot be told, who has gone blind."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jinmaek.catalog import Ref
from jinmaek.diagnosis.fleet.cases import Owners, cases, owners
from jinmaek.diagnosis.fleet.course import Moments, over, unbroken
from jinmaek.diagnosis.fleet.groups import culprits, ranking
from jinmaek.diagnosis.fleet.hosts import Blind, Hosts, discover, presence
from jinmaek.diagnosis.fleet.lacking import Lacking, reach
from jinmaek.diagnosis.fleet.proof import Key, Proof, confidence, evidence, indicators, prove, severity
from jinmaek.diagnosis.fleet.scope import Scope, Target, labels_of, subject
from jinmaek.diagnosis.fleet.verdicts import Held, Verdicts, When, judge
from jinmaek.diagnosis.limits import changed, expressions
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns
from jinmaek.history.prometheus.answer import NoAnswer
from jinmaek.history.prometheus.http import Over
from jinmaek.history.prometheus.many import Asked, Progress, ask_all
from jinmaek.i18n import tr
from jinmaek.model import SEVERITIES, ChangedLimit, Culprit, Finding, Gap, Labels

BACK = 6 * 3600.0
"""Seconds over which is looked for since when a finding holds."""
STEP = 300.0
"""Seconds to which that is told."""


@dataclass(frozen=True, slots=True)
class HostFinding:
    """A finding on a host. ``at_least``: it may have begun before the time that was looked at."""

    host: str
    finding: Finding
    at_least: bool
    times: int
    """How often it came in the time that was asked about."""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Hosts on which a rule could not be judged, for the same reason. ``columns`` may be empty."""

    rule: str
    columns: tuple[Ref, ...]
    gap: Gap
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleCount:
    """A rule over the fleet; the three answers add up to the hosts that were heard."""

    rule: str
    found: int
    quiet: int
    unknown: int
    benign: int
    """Of the quiet, hosts where it looks bad and is not."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The judgement of all hosts. Times are seconds since the epoch."""

    source: str
    time: float
    since: float | None
    hosts: tuple[str, ...]
    blind: tuple[tuple[str, Blind], ...]
    findings: tuple[HostFinding, ...]
    """Worst first; of one severity the hosts with most findings first."""
    unjudged: tuple[Unjudged, ...]
    rules: tuple[RuleCount, ...]
    partial: str | None
    """What the engine says of the part that did not answer."""
    changed: tuple[ChangedLimit, ...]
    wall_s: float
    cpu_s: float


class NoHosts(Exception):
    """The engine knows no host."""


def survey(
    engine: Asked,
    scope: Scope,
    rules: Sequence[Rule],
    at: float,
    since: float | None,
    lang: str,
    progress: Progress | None = None,
) -> Fleet:
    """Judge. Raises ``NoAnswer`` where the engine does not answer at all, ``NoHosts``."""
    wall, cpu = time.monotonic(), time.process_time()
    known = discover(engine, scope, at)
    if not known.heard and not known.blind:
        raise NoHosts
    refs = tuple(dict.fromkeys(ref for rule in rules for expr in expressions(rule) for ref in columns(expr)))
    ages = {back for rule in rules if (back := reach(rule.condition()))}
    there = presence(engine, scope, at, refs, known, progress, ages)
    of = owners(scope, known, there)
    when = When(at, None if since is None else over(since, at))
    every = [case for rule in rules for case in cases(rule, known, there, of)] if known.heard else []
    verdicts = judge(engine, scope, every, when, progress)
    if verdicts and all(one.fault is not None for one in verdicts):
        raise next(one.fault for one in verdicts if one.fault is not None)
    held = [one for verdict in verdicts for one in verdict.held]
    partial = known.partial or there.partial
    findings = _findings(engine, scope, held, verdicts, of, when, lang, progress)
    unjudged = [*_unjudged(scope, verdicts, there.faults, of, partial)]
    return Fleet(
        source=engine.access.url,
        time=at,
        since=since,
        hosts=tuple(scope.name(target) for target in known.heard),
        blind=(*((scope.name(one.target), one) for one in known.blind), *_strangers(scope, known)),
        findings=findings,
        unjudged=tuple(unjudged),
        rules=tuple(_count(rule, scope, held, unjudged, of, len(known.heard)) for rule in rules),
        partial=partial or next((one.partial for one in verdicts if one.partial), None),
        changed=changed(rules),
        wall_s=time.monotonic() - wall,
        cpu_s=time.process_time() - cpu,
    )


def _strangers(scope: Scope, known: Hosts) -> Iterable[tuple[str, Blind]]:
    """Hosts that were asked about by name and of which the engine knows nothing."""
    targets = (*known.heard, *(one.target for one in known.blind))
    names = {name for target in targets for name in (scope.name(target), scope.host(target))}
    return ((name, Blind((name,), down=False)) for name in scope.hosts if name not in names)


def _findings(
    engine: Asked,
    scope: Scope,
    held: Iterable[Held],
    verdicts: Iterable[Verdicts],
    of: Owners,
    when: When,
    lang: str,
    progress: Progress | None,
) -> tuple[HostFinding, ...]:
    bad = [one for one in held if one.rule.severity != "benign"]
    asked: dict[Key, tuple[Rule, set[Target]]] = {}
    for one in bad:
        asked.setdefault(_key(one), (one.rule, set()))[1].add(one.target)
    proofs = prove(engine, scope, asked, progress)
    began = _began(engine, scope, bad, when, progress) if when.since is None else {}
    named = culprits(engine, scope, ((one.rule, of.of(one.target)) for one in bad), when.at, lang, progress)
    missing = {
        (verdict.case.rule.id, target): verdict.case.missing
        for verdict in verdicts
        for target in (one.target for one in verdict.held)
    }
    found = []
    for one in bad:
        host = of.of(one.target)
        kind = ranking(one.rule)
        who = named.get((kind, host), ()) if kind else ()
        since, at_least = began.get((one.rule.id, one.target, one.subject), (one.episodes[0].since, True))
        if when.since is not None:
            at_least = since <= when.since.start
        finding = _finding(
            one, proofs[_key(one)], missing.get((one.rule.id, one.target), Lacking()), since, who, lang
        )
        found.append(HostFinding(scope.name(host), finding, at_least, len(one.episodes)))
    return _ranked(found)


def _key(one: Held) -> Key:
    return one.rule.id, one.episodes[-1].until


def _ranked(found: list[HostFinding]) -> tuple[HostFinding, ...]:
    of_host: dict[str, list[int]] = {}
    for one in found:
        of_host.setdefault(one.host, []).append(-SEVERITIES.index(one.finding.severity))
    ranks = {host: sorted(severities) for host, severities in of_host.items()}

    def rank(one: HostFinding) -> tuple[object, ...]:
        severities = ranks[one.host]
        worst = severities[0]
        return (
            worst,
            -severities.count(worst),
            -len(severities),
            one.host,
            -SEVERITIES.index(one.finding.severity),
            one.finding.rule,
            one.finding.subject,
        )

    return tuple(sorted(found, key=rank))


def _finding(
    one: Held,
    proof: Proof,
    missing: Lacking,
    since: float,
    who: tuple[Culprit, ...],
    lang: str,
) -> Finding:
    rule = one.rule
    values = dict(one.subject)
    signs = indicators(proof, one.target, one.subject, missing, lang)

    def said(text: str) -> str:
        return tr(lang, text).format(**values)

    return Finding(
        rule=rule.id,
        title=said(rule.title),
        severity=severity(proof, one.target, one.subject),
        subject=one.subject,
        since=since,
        until=one.episodes[-1].until,
        confidence=confidence(signs),
        summary=said(rule.why),
        evidence=evidence(proof, one.target, one.subject),
        indicators=signs,
        culprits=who,
        helps=tuple(said(text) for text in rule.helps),
        does_not_help=tuple(said(text) for text in rule.does_not_help),
    )


def _began(
    engine: Asked, scope: Scope, found: Sequence[Held], when: When, progress: Progress | None
) -> Mapping[tuple[str, Target, Labels], tuple[float, bool]]:
    """Since when each holds without a break, and whether that may be longer than was looked for."""
    rules = {one.rule.id: one.rule for one in found}
    moments = Moments(when.at - BACK, when.at, STEP)
    queries = {
        rule.id: Over(
            scope.promql(rule.condition(), {one.target for one in found if one.rule.id == rule.id}),
            moments.start,
            moments.end,
            moments.step,
        )
        for rule in rules.values()
    }
    began: dict[tuple[str, Target, Labels], tuple[float, bool]] = {}
    for rule_id, answer in ask_all(engine, queries, progress).items():
        if isinstance(answer, NoAnswer):
            continue  # it is said to hold at least as long as was asked before
        names = subject(rules[rule_id].condition())
        held_for = rules[rule_id].held
        for series in answer.series:
            since, at_least = unbroken(moments, [time for time, _ in series.points])
            key = rule_id, scope.target(series), labels_of(series, names)
            began[key] = min(since, when.at - held_for), at_least
    return began


def _unjudged(
    scope: Scope,
    verdicts: Iterable[Verdicts],
    faults: Mapping[Ref, NoAnswer],
    of: Owners,
    partial: str | None,
) -> Iterable[Unjudged]:
    for one in verdicts:
        rule = one.case.rule
        found = {held.target for held in one.held}
        if one.fault is not None:
            yield _on(scope, of, rule, (), one.fault.gap, one.case.targets - found)
            continue
        refs = one.case.columns
        told = next((faults[ref].gap for ref in refs if ref in faults), None)
        gap = told or (Gap("absent", refs[0].name) if refs else _too_young(rule))
        yield _on(scope, of, rule, refs, gap, one.undecided)
        part = one.partial or partial
        if part is not None:
            left = one.case.targets - found - one.undecided
            yield _on(scope, of, rule, (), Gap("partial", "prometheus", part), left)


def _too_young(rule: Rule) -> Gap:
    back = reach(rule.condition())
    return Gap("too short", "prometheus", f"nothing of {back:.0f} s ago, which its trend looks back to", back)


def _on(
    scope: Scope, of: Owners, rule: Rule, missing: tuple[Ref, ...], gap: Gap, targets: Iterable[Target]
) -> Unjudged:
    return Unjudged(rule.id, missing, gap, tuple(sorted(scope.name(of.of(target)) for target in targets)))


def _count(
    rule: Rule, scope: Scope, held: Iterable[Held], unjudged: Iterable[Unjudged], of: Owners, hosts: int
) -> RuleCount:
    on = {scope.name(of.of(one.target)) for one in held if one.rule.id == rule.id}
    unknown = sum(len(one.hosts) for one in unjudged if one.rule == rule.id)
    found, benign = (0, len(on)) if rule.severity == "benign" else (len(on), 0)
    return RuleCount(rule.id, found, hosts - found - unknown, unknown, benign)
