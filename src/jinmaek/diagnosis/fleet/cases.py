"""A rule on hosts that do not all export the same: one case for each set of columns that is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jinmaek.catalog import Ref
from jinmaek.diagnosis.fleet.hosts import Hosts, Presence
from jinmaek.diagnosis.fleet.lacking import Lacking, reach, relevant
from jinmaek.diagnosis.fleet.scope import Scope, Target
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import columns


@dataclass(frozen=True, slots=True)
class Case:
    """Targets that lack the same columns of a rule's condition, in the order it names them."""

    rule: Rule
    missing: Lacking
    targets: frozenset[Target]

    @property
    def columns(self) -> tuple[Ref, ...]:
        """The missing columns as the rule names them."""
        return tuple(ref for ref in columns(self.rule.condition()) if ref in self.missing.refs)


@dataclass(frozen=True, slots=True)
class Owners:
    """Which host a target is of."""

    hosts: Mapping[Target, Target]

    def of(self, target: Target) -> Target:
        """The host; the target itself where it stands alone."""
        return self.hosts.get(target, target)


def owners(scope: Scope, hosts: Hosts, presence: Presence) -> Owners:
    """The host of every target that exports anything: its own, or the one of the same name."""
    named: dict[str, list[Target]] = {}
    for target in (*hosts.heard, *(one.target for one in hosts.blind)):
        named.setdefault(scope.host(target), []).append(target)
    found = {target: target for target in hosts.heard}
    for target in {other for exporters in presence.exporters.values() for other in exporters}:
        if target not in found:
            same = named.get(scope.host(target), [])
            found[target] = same[0] if len(same) == 1 else target
    return Owners(found)


def cases(rule: Rule, hosts: Hosts, presence: Presence, of: Owners) -> tuple[Case, ...]:
    """All hosts divided by what they lack; of several exporters of a host the one that lacks least."""
    refs = columns(rule.condition())
    exporting = [presence.exporters.get(ref, frozenset()) for ref in refs]
    heard = frozenset(hosts.heard)
    beside = frozenset().union(*exporting) - heard
    groups = _split(heard, refs, exporting)
    if beside:
        groups = _best(groups, _split(beside, refs, exporting), of)
    found: dict[Lacking, set[Target]] = {}
    for lacking, targets in _by_age(rule, groups, presence, of):
        found.setdefault(relevant(rule.condition(), lacking), set()).update(targets)
    return tuple(Case(rule, missing, frozenset(targets)) for missing, targets in found.items())


def _by_age(
    rule: Rule, groups: Mapping[frozenset[Ref], frozenset[Target]], presence: Presence, of: Owners
) -> Iterator[tuple[Lacking, frozenset[Target]]]:
    before = presence.before.get(reach(rule.condition()))
    for missing, targets in groups.items():
        old = targets if before is None else frozenset(one for one in targets if of.of(one) in before)
        for young, some in ((False, old), (True, targets - old)):
            if some:
                yield Lacking(missing, young), some


def _split(
    targets: frozenset[Target], refs: Iterable[Ref], exporting: Iterable[frozenset[Target]]
) -> dict[frozenset[Ref], frozenset[Target]]:
    groups: dict[frozenset[Ref], frozenset[Target]] = {frozenset(): targets}
    for ref, exporters in zip(refs, exporting, strict=True):
        for missing, group in list(groups.items()):
            without = group - exporters
            if without:
                groups[missing] = group & exporters
                groups[missing | {ref}] = without
    return {missing: group for missing, group in groups.items() if group}


def _best(
    groups: Mapping[frozenset[Ref], frozenset[Target]],
    others: Mapping[frozenset[Ref], frozenset[Target]],
    of: Owners,
) -> dict[frozenset[Ref], frozenset[Target]]:
    chosen: dict[Target, tuple[frozenset[Ref], Target]] = {}
    for missing, targets in sorted((*groups.items(), *others.items()), key=lambda item: len(item[0])):
        for target in sorted(targets):
            chosen.setdefault(of.of(target), (missing, target))
    found: dict[frozenset[Ref], set[Target]] = {}
    for missing, target in chosen.values():
        found.setdefault(missing, set()).add(target)
    return {missing: frozenset(targets) for missing, targets in found.items()}
