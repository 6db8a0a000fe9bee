"""Every column there is an explanation for: those of the catalogue, and those of one process' files."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinmaek import catalog, kernel
from jinmaek.columns import Column, columns_of, labels_of

PROCESS = "pid_"
"""What the readers of /proc/PID/… are called: pid_status, table and module alike."""


@dataclass(frozen=True, slots=True)
class Known:
    """A column, where it is found, and what Prometheus calls it."""

    name: str
    table: str
    column: Column
    labels: tuple[str, ...]
    file: str
    metric: str | None
    """An exporter's name, or our own where none has it; None of a process' file."""

    @property
    def of_process(self) -> bool:
        return self.table.startswith(PROCESS)


@cache
def known() -> Mapping[str, Known]:
    """All columns by name, table by table."""
    found = {
        ref.name: Known(ref.name, ref.table, ref.column, ref.labels, _file(ref), ref.metric.name)
        for ref in catalog.refs()
    }
    for table, row in process_rows().items():
        for column in columns_of(row).values():
            name = f"{table}.{column.name}"
            file = f"/proc/PID/{table.removeprefix(PROCESS)}"
            found[name] = Known(name, table, column, labels_of(row), file, None)
    return found


def _file(ref: catalog.Ref) -> str:
    """The file of a column; of a table of many files the one that is named like it, where one is."""
    for path in catalog.tables()[ref.table].paths:
        name = path.rpartition("/")[2].replace("-", "_")
        if ref.column.name in (name, name.partition(".")[2].replace(".", "_")):
            return f"/{path}"
    return ref.file


@cache
def process_rows() -> Mapping[str, type]:
    """The row type of each file of a process that has columns, by module: found by walking the readers."""
    rows: dict[str, type] = {}
    for module in pkgutil.iter_modules(kernel.__path__):
        if not module.name.startswith(PROCESS):
            continue
        loaded = importlib.import_module(f"{kernel.__name__}.{module.name}")
        for thing in vars(loaded).values():
            if isinstance(thing, type) and thing.__module__ == loaded.__name__ and _has_columns(thing):
                rows[module.name] = thing
    return rows


def _has_columns(thing: type) -> bool:
    return bool(getattr(thing, "columns", None))
