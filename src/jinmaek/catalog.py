"""Every table the tool knows, by name: the vocabulary rules are checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinmaek import kernel, tasks
from jinmaek.columns import Column, Metric, Reader, TreeReader, columns_of, labels_of

CADVISOR = {"cgroup": "id"}
"""What cAdvisor calls a label of ours: so are our own metrics labelled, to be joined with its."""


EMPTY = "jinmaek_agent_rows"
"""What our agent calls the number of rows of a table, by ``table``: 0 where there is nothing of the kind."""


class UnknownColumn(LookupError):
    """No table has a column of this name."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A column with everything that is declared about it."""

    table: str
    column: Column
    labels: tuple[str, ...]
    file: str
    exported: bool
    """Whether node_exporter has this column under ``metric``; otherwise the name is our own."""

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column.name}"

    @property
    def metric(self) -> Metric:
        if self.column.metric is not None:
            return self.column.metric
        rename = {label: CADVISOR[label] for label in self.labels if label in CADVISOR}
        return Metric(own_metric(self.table, self.column), rename=rename)


def own_metric(table: str, column: Column) -> str:
    """The Prometheus name of a column that no exporter has."""
    # A name that ends in _count is a part of a histogram: what counts things is named after them.
    counts = column.kind == "gauge" and column.name == "count"
    words = ["jinmaek", table, *([] if counts else [column.name])]
    if column.unit in ("seconds", "bytes", "ratio") and not column.name.endswith(column.unit):
        words.append(column.unit)
    if column.kind == "counter" and not column.name.endswith("_total"):
        words.append("total")
    return "_".join(words)


@cache
def tables() -> Mapping[str, Reader | TreeReader]:
    """Kernel files and the tables counted from the task scan, by name."""
    return {reader.table: reader for reader in (*kernel.readers(), *tasks.TABLES)}


@cache
def ref(name: str) -> Ref:
    """Look a ``table.column`` up; raises ``UnknownColumn``."""
    table, _, column = name.partition(".")
    reader = tables().get(table)
    declared = columns_of(reader.row).get(column) if reader else None
    if reader is None or declared is None:
        raise UnknownColumn(name)
    return Ref(
        table=table,
        column=declared,
        labels=labels_of(reader.row),
        file="/" + reader.paths[0],
        exported=declared.metric is not None and declared.metric.name.startswith("node_"),
    )


@cache
def refs() -> tuple[Ref, ...]:
    """All columns of all tables, by name."""
    return tuple(
        ref(f"{table}.{column}")
        for table, reader in sorted(tables().items())
        for column in columns_of(reader.row)
    )
