"""A table of a recording as a file of Apache Parquet, through pyarrow, which is loaded only here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jinmaek.history.recording.block import TEXTS
from jinmaek.history.recording.export import TASKS, Told, told
from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.task_changes import COLUMNS

if TYPE_CHECKING:
    import pyarrow

ROWS = 65_536
"""Rows in memory at a time, and of a row group."""
SECONDS = frozenset({"start_time", "utime", "stime", "cutime", "cstime", "run_delay", "run_time"})
"""Columns of tasks that are no whole numbers."""


LARGE = 1 << 63


class _Large:
    """Stands for whole numbers that only an unsigned type of 64 bits holds."""


class NotInstalled(Exception):
    """pyarrow is not there."""


def write(recording: Recording, table: str, since: float, until: float, path: str) -> int:
    """Write the rows of a table between two moments, and how many those are; what is not known is null.

    The file is there only when it is whole. Raises ``OSError`` and ``NotInstalled``.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise NotInstalled from None
    schema = _schema(pyarrow, recording, table, since, until)
    beside = f"{path}.{os.getpid()}.part"
    count = 0
    try:
        with parquet.ParquetWriter(beside, schema, compression="zstd") as writer:
            for rows in _batches(told(recording, table, since, until)):
                columns = {name: _column(rows, name, schema) for name in schema.names[1:]}
                times = [round(float(row["time"]) * 1_000_000) for row in rows]
                arrays = [pyarrow.array(times, schema.field("time").type)]
                arrays += [pyarrow.array(columns[name], schema.field(name).type) for name in schema.names[1:]]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
                count += len(rows)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
    return count


def _column(rows: list[dict[str, Any]], name: str, schema: pyarrow.Schema) -> list[Any]:
    """The values of a column, as text where some are."""
    values = [row.get(name) for row in rows]
    if str(schema.field(name).type) != "string":
        return values
    return [None if value is None else str(value) for value in values]


def _batches(rows: Iterator[Told]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for header, values in rows:
        batch.append(dict(zip(header, values, strict=True)))
        if len(batch) == ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _schema(arrow: Any, recording: Recording, table: str, since: float, until: float) -> pyarrow.Schema:
    """Names and types of all columns, those of every version of the table that is recorded."""
    fields = [arrow.field("time", arrow.timestamp("us", tz="UTC"))]
    if table == TASKS:
        kinds: dict[str, set[type]] = {
            name: {str} if name in TEXTS else {float} if name in SECONDS else {int} for name in COLUMNS
        }
    else:
        kinds = {}
        for header, values in told(recording, table, since, until):
            for name, value in zip(header[1:], values[1:], strict=True):
                large = isinstance(value, int) and value >= LARGE
                kinds.setdefault(name, set()).add(_Large if large else type(value))
    return arrow.schema([*fields, *(arrow.field(name, _type(arrow, kind)) for name, kind in kinds.items())])


def _type(arrow: Any, kinds: set[type]) -> pyarrow.DataType:
    """The type that holds all values of a column: text, or numbers."""
    if str in kinds:
        return arrow.string()
    if float in kinds:
        return arrow.float64()
    return arrow.uint64() if _Large in kinds else arrow.int64()
