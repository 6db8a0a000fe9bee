"""What a table looked like when it was recorded, and the rows made of it again.

A recording says the names, kinds and units of everything in it. Where they are those of this version, rows
are of the readers' own types; else of a type made for them, so what an older or newer version recorded is
shown too.
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import NamedTuple

from jinmaek.catalog import Ref, tables
from jinmaek.columns import Column, columns_of, labels_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

RAW = "recorded by another version of jinmaek, which knows what it is"


class Shape(NamedTuple):
    """A table: what tells its rows apart, and its columns with their kinds and units."""

    table: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    units: tuple[str, ...]


def shape_of(table: str, row: type) -> Shape:
    """The shape of the rows of a reader."""
    columns = columns_of(row).values()
    return Shape(
        table,
        labels_of(row),
        tuple(column.name for column in columns),
        tuple(column.kind for column in columns),
        tuple(column.unit for column in columns),
    )


def getter(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    """A function from a row to these fields of it."""
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda row: (one(row),)
    return attrgetter(*names) if names else lambda _: ()


@cache
def row_type(shape: Shape) -> type:
    """The type of a table's rows: that of this version's reader, if it has the same fields."""
    reader = tables().get(shape.table)
    if reader is not None and _same(shape, reader.row):
        return reader.row
    known = reader.row if reader is not None else object
    declared = dict(columns_of(reader.row)) if reader is not None else {}
    for name, kind, unit in zip(shape.columns, shape.kinds, shape.units, strict=True):
        if name not in declared or declared[name].unit != unit:
            column = Column(kind, unit, RAW, None)  # type: ignore[arg-type]
            column.name = name
            declared[name] = column
    there: tuple[str, ...] = getattr(known, "__slots__", ())
    fields = [*shape.labels, *shape.columns, *(name for name in there if name not in shape.labels)]
    fields = list(dict.fromkeys(fields))
    body = {
        "__slots__": tuple(name for name in fields if name not in there),
        "__match_args__": tuple(fields),
        "columns": declared,
        "labels": shape.labels,
        "__eq__": lambda self, other: type(self) is type(other) and _values(self) == _values(other),
        "__hash__": lambda self: hash(_values(self)),
        "__repr__": lambda self: f"{shape.table}{_values(self)}",
    }
    return type(shape.table, (known,), body)


def _values(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in type(row).__match_args__)


def _same(shape: Shape, row: type) -> bool:
    today = shape_of(shape.table, row)
    return set(shape.labels) == set(today.labels) and dict(zip(shape.columns, shape.units, strict=True)) == (
        dict(zip(today.columns, today.units, strict=True))
    )


class Rows:
    """Makes rows of a table out of their values."""

    __slots__ = ("_missing", "_names", "_type")

    def __init__(self, shape: Shape) -> None:
        self._type = row_type(shape)
        self._names = (*shape.labels, *shape.columns)
        fields: tuple[str, ...] = self._type.__match_args__  # type: ignore[attr-defined]
        self._missing = tuple(name for name in fields if name not in self._names)

    def make(self, values: Sequence[object]) -> object:
        """One row of the values of its labels and then of its columns."""
        put = object.__setattr__
        made: object = object.__new__(self._type)
        for name, value in zip(self._names, values, strict=True):
            put(made, name, value)
        for name in self._missing:
            put(made, name, None)
        return made


def ref_of(shape: Shape, column: str) -> Ref:
    """A recorded column, also one this version does not know."""
    reader = tables().get(shape.table)
    declared = columns_of(row_type(shape))[column]
    return Ref(
        table=shape.table,
        column=declared,
        labels=shape.labels,
        file="/" + reader.paths[0] if reader is not None else shape.table,
        exported=False,
    )
