"""One diagnosis of one host from what Prometheus or VictoriaMetrics keeps of it, at any time in the past."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jinmaek.diagnosis.evaluate import LOOKBACK
from jinmaek.diagnosis.fleet.groups import culprits, ranking
from jinmaek.diagnosis.fleet.hosts import Blind, discover
from jinmaek.diagnosis.fleet.lacking import span
from jinmaek.diagnosis.fleet.scope import Scope, Target
from jinmaek.diagnosis.holding import window
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import changed, expressions
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.pulse import facts_of, wanted
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.vitals import vitals
from jinmaek.history.live import Ring
from jinmaek.history.prometheus.many import Asked, Progress
from jinmaek.history.prometheus.snapshots import Scrapes, scrapes
from jinmaek.model import Diagnosis, Finding, Gap, Quiet, Unknown, Verdict, worst_first


class NotOne(Exception):
    """A name that is not that of one host: of none, or of several."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names


class Unheard(Exception):
    """A host of which nothing is known at that time."""

    def __init__(self, blind: Blind) -> None:
        super().__init__()
        self.down = blind.down


@dataclass(frozen=True, slots=True)
class Host:
    """One host of an engine."""

    name: str
    target: Target


def one_host(engine: Asked, scope: Scope, at: float) -> Host:
    """The only host in scope. Raises ``NoAnswer``, ``NotOne``, ``Unheard``."""
    known = discover(engine, scope, at)
    if not known.heard and len(known.blind) == 1:
        raise Unheard(known.blind[0])
    if len(known.heard) != 1:
        raise NotOne(tuple(scope.name(target) for target in known.heard))
    return Host(scope.name(known.heard[0]), known.heard[0])


def of_engine(
    engine: Asked,
    scope: Scope,
    host: Host,
    rules: tuple[Rule, ...],
    at: float,
    lang: str,
    progress: Progress | None = None,
) -> Diagnosis:
    """Judge the last scrape before ``at``, and what came before it. Raises ``NoAnswer``, ``Unheard``."""
    wall, cpu = time.monotonic(), time.process_time()
    found = scrapes(
        engine,
        (*scope.only, *scope.narrowed((host.target,))),
        wanted(rules),
        at - _back(rules, scope.window),
        at,
        progress,
    )
    if not found.snapshots or at - found.snapshots[-1].wall > LOOKBACK:
        raise Unheard(Blind(host.target, down=False))
    ring = Ring(len(found.snapshots))
    for snapshot in found.snapshots:
        ring.add(snapshot)
    look = Look(ring, lang, _no_cgroup, _no_log, longest=scope.window)
    verdicts = _in_part(judge(rules, look), found)
    findings = [one for one in verdicts if isinstance(one, Finding)]
    return Diagnosis(
        host=host.name,
        kernel=found.release or "",
        boot_id="",
        time=look.last.wall,
        window_s=look.window,
        source=engine.access.url,
        findings=worst_first(_with_groups(engine, scope, host, rules, findings, at, lang, progress)),
        quiet=tuple(one for one in verdicts if isinstance(one, Quiet)),
        unknown=tuple(one for one in verdicts if isinstance(one, Unknown)),
        gaps=tuple(look.last.gaps.values()),
        facts=facts_of(look),
        vitals=vitals(look, window(look)),
        cpu_s=time.process_time() - cpu,
        wall_s=time.monotonic() - wall,
        changed=changed(rules),
    )


def _back(rules: Iterable[Rule], rates: float) -> float:
    """How far back, in seconds, is looked: as the longest window, the time it holds, and until it is over."""
    return max(
        max(rates, *(span(expr) for expr in expressions(rule))) + rule.held + rule.clear_for for rule in rules
    )


def _no_cgroup(_: int) -> None:
    """Exporters know no pid."""


def _no_log() -> Gap:
    return Gap("absent", "dev/kmsg", "no exporter has the kernel log")


def _in_part(verdicts: Iterable[Verdict], found: Scrapes) -> tuple[Verdict, ...]:
    """Where a part of the engine did not answer, what was not found is not known."""
    told = [_exported(one) if isinstance(one, Unknown) else one for one in verdicts]
    if found.partial is None:
        return tuple(told)
    gap = Gap("partial", "prometheus", found.partial)
    return tuple(Unknown(one.rule, "", gap) if isinstance(one, Quiet) else one for one in told)


def _exported(one: Unknown) -> Unknown:
    """A column that is not there may be the exporter's lack, not the kernel's."""
    if one.gap.kind != "absent":
        return one
    return Unknown(one.rule, one.column, Gap("absent", one.column, "neither kernel nor exporter may have it"))


def _with_groups(
    engine: Asked,
    scope: Scope,
    host: Host,
    rules: Iterable[Rule],
    findings: Iterable[Finding],
    at: float,
    lang: str,
    progress: Progress | None,
) -> list[Finding]:
    """The findings with whom exporters of processes and cgroups name."""
    by_id = {rule.id: rule for rule in rules}
    all_of_them = list(findings)
    named = culprits(
        engine, scope, ((by_id[one.rule], host.target) for one in all_of_them), at, lang, progress
    )
    return [
        replace(one, culprits=named.get((ranking(by_id[one.rule]) or "", host.target), ()))
        for one in all_of_them
    ]
