"""Kernel tables as metrics: each column under the name it has in node_exporter or cAdvisor, else our own.

What there may be any number of (control groups, block devices, wait channels, parents of zombies) is
bounded: so many of them are told, and how many were left out is told too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

from jinmaek.catalog import Ref, ref, tables
from jinmaek.columns import columns_of, labels_of
from jinmaek.diagnosis.limits import expressions
from jinmaek.diagnosis.shape import columns
from jinmaek.rules import rules
from jinmaek.views.openmetrics.series import Family, Kind, Samples, Series, series

LEFT_OUT = frozenset({"kmsg_kill", "pagetypeinfo", "slab_kind", "slabinfo", "sysvipc_shm"})
"""Tables with a row for each kill, segment or cache: many series that nobody watches over time."""
CGROUPS = 100
"""Control groups that are told unless somebody asks for more or fewer."""
DEVICES, FEW = 200, 32

Labels = tuple[Any, ...]


def _shallow(row: Any) -> tuple[Any, ...]:
    """Control groups near the root first: those below are counted in them."""
    return (row.cgroup.strip("/").count("/") if row.cgroup.strip("/") else -1, row.cgroup)


def _most(column: str) -> Callable[[Any], tuple[Any, ...]]:
    return lambda row: (-(getattr(row, column) or 0),)


@dataclass(frozen=True, slots=True)
class Bound:
    """At most so many rows, those that come first in this order."""

    rows: int
    order: Callable[[Any], tuple[Any, ...]] | None = None


def _bound(table: str, cgroups: int) -> Bound | None:
    labels = labels_of(tables()[table].row)
    if "cgroup" in labels:
        return Bound(cgroups, _shallow)
    match table:
        case "zombies":
            return Bound(FEW, _most("count"))
        case "waits":
            return Bound(FEW, _most("threads"))
        case "pid_fd":
            return Bound(FEW, _most("open"))
        case _:
            return Bound(DEVICES) if {"device", "filename", "info"} & {*labels} else None


@dataclass(slots=True)
class _Plan:
    """How the rows of one table become samples."""

    refs: tuple[Ref, ...]
    families: tuple[Family, ...]
    labels: tuple[str, ...]
    values: Callable[[Any], tuple[float | None, ...]]
    key: Callable[[Any], Labels]
    factors: tuple[float, ...]
    bound: Bound | None
    known: dict[Labels, tuple[Series, ...]] = field(default_factory=dict)


class Exposition:
    """Rows to samples. Series that were made once are kept as long as their rows come."""

    def __init__(self, cgroups: int = CGROUPS) -> None:
        families = _families()
        self._plans = {
            table: _plan(refs, families, _bound(table, cgroups)) for table, refs in exported().items()
        }
        self.left_out: Counter[str] = Counter()
        """Rows that were not told, by table, of those that can have too many."""

    def samples(self, read: Mapping[str, Sequence[object]]) -> Samples:
        """The samples of these rows by table. What a kernel does not tell has none."""
        found: Samples = []
        for table, plan in self._plans.items():
            rows = read.get(table)
            if rows is not None:
                self._add(found, table, plan, rows)
        return found

    def _add(self, found: Samples, table: str, plan: _Plan, rows: Sequence[object]) -> None:
        if plan.bound is not None:
            most = plan.bound.rows
            self.left_out[table] = max(0, len(rows) - most)
            if len(rows) > most:
                rows = sorted(rows, key=plan.bound.order)[:most] if plan.bound.order else rows[:most]
        known = plan.known
        if len(known) > 2 * len(rows) + 64:
            known.clear()
        for row in rows:
            key = plan.key(row)
            those = known.get(key)
            if those is None:
                those = known[key] = _series(plan, key)
            for one, value, factor in zip(those, plan.values(row), plan.factors, strict=True):
                if value is not None:
                    found.append((one, value if factor == 1 else _exported(value / factor)))


@cache
def exported() -> Mapping[str, tuple[Ref, ...]]:
    """The columns that are told, by table.

    Of control groups only those cAdvisor tells too and those that rules judge: there are dozens, of each.
    """
    judged = {one for rule in rules() for expr in expressions(rule) for one in columns(expr)}
    found: dict[str, tuple[Ref, ...]] = {}
    for table, reader in sorted(tables().items()):
        refs = tuple(ref(f"{table}.{column}") for column in columns_of(reader.row))
        if "cgroup" in labels_of(reader.row):
            refs = tuple(one for one in refs if one.column.metric is not None or one in judged)
        if refs and table not in LEFT_OUT:
            found[table] = refs
    return found


def _families() -> Mapping[str, Family]:
    """By name. Several columns may be one metric, told apart by a label: those say so in its help."""
    by_name: dict[str, list[Ref]] = {}
    for refs in exported().values():
        for one in refs:
            by_name.setdefault(one.metric.name, []).append(one)
    return {name: Family(name, _kind(name, refs), _help(refs)) for name, refs in by_name.items()}


def _kind(name: str, refs: Iterable[Ref]) -> Kind:
    if all(one.column.kind == "gauge" for one in refs):
        return "gauge"
    return "counter" if name.endswith("_total") else "untyped"


def _help(refs: Sequence[Ref]) -> str:
    first = refs[0]
    if len(refs) == 1:
        return f"{first.column.help}{_where(first)}"
    unit = first.column.unit
    return f"{unit} by {', '.join(first.metric.labels)}: {', '.join(one.name for one in refs)}{_where(first)}"


def _where(one: Ref) -> str:
    """The file of a column, of a table that is one."""
    return f" ({one.file})" if len(tables()[one.table].paths) == 1 else ""


def _plan(refs: tuple[Ref, ...], families: Mapping[str, Family], bound: Bound | None) -> _Plan:
    labels = refs[0].labels
    return _Plan(
        refs,
        tuple(families[one.metric.name] for one in refs),
        labels,
        _all_of([one.column.name for one in refs]),
        _all_of(labels),
        tuple(one.metric.factor for one in refs),
        bound,
    )


def _all_of(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda _: ()
    if len(names) == 1:
        get = attrgetter(names[0])
        return lambda row: (get(row),)
    return attrgetter(*names)


def _series(plan: _Plan, key: Labels) -> tuple[Series, ...]:
    found = []
    for one, family in zip(plan.refs, plan.families, strict=True):
        metric = one.metric
        labels = {
            metric.rename.get(name, name): str(text) for name, text in zip(plan.labels, key, strict=True)
        }
        found.append(series(family, {**labels, **metric.labels}))
    return tuple(found)


def _exported(value: float) -> float:
    """A number in the exporter's unit: whole where it was before it was made base units of."""
    nearest = round(value)
    return nearest if abs(value - nearest) <= 1e-9 * max(1.0, abs(value)) else value
