"""Which hosts there are, which of them have gone blind, and who exports which column.

A host is what node_exporter's series come from. Another exporter beside it (cAdvisor) belongs to the host of
the same name with another port, where only one has that name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from jinmaek.catalog import EMPTY, Ref
from jinmaek.diagnosis.expr import Match
from jinmaek.diagnosis.fleet.scope import Scope, Target, any_of
from jinmaek.history.prometheus.answer import Answer, NoAnswer, Series
from jinmaek.history.prometheus.http import Instant
from jinmaek.history.prometheus.many import Asked, Progress, ask_all, instants
from jinmaek.history.prometheus.selector import selector

BEATS = ("node_boot_time_seconds", "node_load1", "node_memory_MemTotal_bytes")
"""What every node_exporter exports but those that were told not to: it has one of them."""
Kind = tuple[str, ...]
"""A metric's name, and the values of its fixed labels."""
LATELY = "1h"
"""For how long a host that is heard no more is missed."""
BATCH = 12
"""Metrics that are counted in one query: engines bound the series of one."""


@dataclass(frozen=True, slots=True)
class Blind:
    """A host of which nothing is known now."""

    target: Target
    down: bool
    """Whether the engine could not scrape it; otherwise it is not scraped any more, or exports nothing."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts heard now, in order, and those that were heard lately and are not any more."""

    heard: tuple[Target, ...]
    blind: tuple[Blind, ...]
    partial: str | None


@dataclass(slots=True)
class Presence:
    """Who exports what now. Of a column that could not be asked for it is not known."""

    exporters: dict[Ref, frozenset[Target]]
    faults: dict[Ref, NoAnswer]
    partial: str | None
    before: dict[float, frozenset[Target]] = field(default_factory=dict)
    """Which hosts were heard so many seconds ago: trends look back as far."""

    def answered(self, batch: Iterable[Ref], answer: Answer | NoAnswer) -> bool:
        """Whether there is an answer about these columns; otherwise why not is kept."""
        if isinstance(answer, NoAnswer):
            self.faults.update(dict.fromkeys(batch, answer))
            return False
        self.partial = self.partial or answer.partial
        return True


def discover(engine: Asked, scope: Scope, at: float) -> Hosts:
    """The hosts. Raises ``NoAnswer``."""
    beats = _series(BEATS, scope)
    jobs = f"{scope.by}, job"
    answers = instants(
        engine,
        {
            "now": f"group by ({scope.by}) ({beats})",
            "lately": f"group by ({jobs}) (last_over_time({beats}[{LATELY}]))",
        },
        at,
    )
    now, lately = _answered(answers["now"]), _answered(answers["lately"])
    heard = {scope.target(one) for one in now.series}
    jobs_seen = sorted({one.labels["job"] for one in lately.series if "job" in one.labels})
    down = _down(engine, scope, at, jobs_seen) if jobs_seen else Answer(())
    lost = {scope.target(one): False for one in lately.series}
    lost.update({scope.target(one): True for one in down.series})
    return Hosts(
        heard=tuple(sorted(target for target in heard if _wanted(scope, target))),
        blind=tuple(
            Blind(target, is_down)
            for target, is_down in sorted(lost.items())
            if target not in heard and _wanted(scope, target)
        ),
        partial=now.partial or lately.partial or down.partial,
    )


def _down(engine: Asked, scope: Scope, at: float, jobs: Collection[str]) -> Answer:
    ups = selector("up", (("job", "=~", any_of(jobs)), *scope.only))
    return _answered(instants(engine, {"up": f"group by ({scope.by}) ({ups} == 0)"}, at)["up"])


def _answered(answer: Answer | NoAnswer) -> Answer:
    if isinstance(answer, NoAnswer):
        raise answer
    return answer


def _wanted(scope: Scope, target: Target) -> bool:
    return not scope.hosts or scope.name(target) in scope.hosts or scope.host(target) in scope.hosts


def presence(
    engine: Asked,
    scope: Scope,
    at: float,
    refs: Collection[Ref],
    hosts: Hosts,
    progress: Progress | None = None,
    ages: Collection[float] = (),
) -> Presence:
    """Who exports each of these columns: first counted, then asked for by name where not all hosts do.

    ``ages``: how long ago it is asked as well who was heard. Raises ``NoAnswer`` where that is not told.
    """
    found = Presence({}, {}, None)
    beating = f"group by ({scope.by}) ({_series(BEATS, scope)})"
    for age, answer in ask_all(engine, {age: Instant(beating, at - age) for age in ages}, progress).items():
        found.before[age] = frozenset(scope.target(one) for one in _answered(answer).series)
    some = list(refs)
    if not scope.hosts:
        batches = _batches(refs)
        # One of the beats is enough here: where a host lacks it the count is short, and it is asked for.
        of_hosts = f"on ({scope.by}) group by ({scope.by}) ({selector(BEATS[0], scope.only)})"
        counted = instants(
            engine,
            {
                place: f"count by ({_kinds(batch)}) ({_exporting(batch, scope)} and {of_hosts})"
                for place, batch in enumerate(batches)
            },
            at,
            progress,
        )
        some = []
        for place, batch in enumerate(batches):
            if found.answered(batch, counted[place]):
                number = {_kind(one, batch): one.value for one in _series_of(counted[place])}
                full = [ref for ref in batch if number.get(_kind_of(ref), 0) == len(hosts.heard)]
                found.exporters.update(dict.fromkeys(full, frozenset(hosts.heard)))
                some += [ref for ref in batch if ref not in full]
    batches = _batches(some)
    among = scope.narrowed(hosts.heard) if scope.hosts else ()
    listed = instants(
        engine,
        {place: _exporting(batch, scope, among) for place, batch in enumerate(batches)},
        at,
        progress,
    )
    for place, batch in enumerate(batches):
        if found.answered(batch, listed[place]):
            by_kind: dict[Kind, set[Target]] = {}
            for one in _series_of(listed[place]):
                by_kind.setdefault(_kind(one, batch), set()).add(scope.target(one))
            found.exporters.update({ref: frozenset(by_kind.get(_kind_of(ref), ())) for ref in batch})
    _add_empty(engine, scope, at, found, [ref for ref in some if ref in found.exporters], among)
    return found


def _add_empty(
    engine: Asked, scope: Scope, at: float, found: Presence, refs: Iterable[Ref], among: tuple[Match, ...]
) -> None:
    """Where our agent read a table and it has no rows, its columns are told: there is nothing of the kind."""
    wanted = {ref.table for ref in refs}
    if not wanted:
        return
    query = f"group by (table, {scope.by}) ({_series((EMPTY,), scope, among)} == 0)"
    answer = instants(engine, {"empty": query}, at)["empty"]
    empty: dict[str, set[Target]] = {}
    for one in _series_of(answer):
        empty.setdefault(one.labels.get("table", ""), set()).add(scope.target(one))
    for ref in found.exporters:
        if ref.table in wanted and ref.table in empty:
            found.exporters[ref] |= empty[ref.table]


def _series_of(answer: Answer | NoAnswer) -> tuple[Series, ...]:
    return () if isinstance(answer, NoAnswer) else answer.series


def _exporting(batch: Sequence[Ref], scope: Scope, among: tuple[Match, ...] = ()) -> str:
    """Which targets export each metric of a batch."""
    fixed: list[Match] = [
        (label, "=~", any_of({ref.metric.labels[label] for ref in batch})) for label in batch[0].metric.labels
    ]
    names = sorted({ref.metric.name for ref in batch})
    return f"group by ({_kinds(batch)}, {scope.by}) ({_series(names, scope, (*fixed, *among))})"


def _kinds(batch: Sequence[Ref]) -> str:
    """The labels that tell the columns of a batch apart."""
    return ", ".join(("__name__", *batch[0].metric.labels))


def _kind(series: Series, batch: Sequence[Ref]) -> Kind:
    return tuple(series.labels.get(label, "") for label in ("__name__", *batch[0].metric.labels))


def _kind_of(ref: Ref) -> Kind:
    return ref.metric.name, *ref.metric.labels.values()


def _series(names: Iterable[str], scope: Scope, where: tuple[Match, ...] = ()) -> str:
    return selector("", (("__name__", "=~", "|".join(names)), *where, *scope.only))


def _batches(refs: Collection[Ref]) -> list[list[Ref]]:
    """Columns that can be counted together: their fixed labels have the same names."""
    groups: dict[tuple[str, ...], list[Ref]] = {}
    for ref in refs:
        groups.setdefault(tuple(ref.metric.labels), []).append(ref)
    return [group[n : n + BATCH] for group in groups.values() for n in range(0, len(group), BATCH)]
