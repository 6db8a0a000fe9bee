"""Readings of the real kernel files while an experiment goes on: before, during, after."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinmaek.catalog import Ref, ref
from jinmaek.root import LIVE
from jinmaek.sampling import take

if TYPE_CHECKING:
    from jinmaek.columns import Unit

SELECTED = re.compile(r"(?P<column>[^{]+)(?:\{(?P<label>\w+)=(?P<value>.*)\})?")


class NotRead(Exception):
    """A figure an answer rests on could not be read."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a base unit; None where it could not be read."""

    value: float | None
    unit: Unit


class Reading:
    """Quantities by name, at one moment of an experiment."""

    __slots__ = ("phase", "quantities")

    def __init__(self, phase: str, quantities: Mapping[str, Quantity]) -> None:
        self.phase = phase
        self.quantities = quantities

    def __getitem__(self, name: str) -> float:
        """A number by its name. Raises ``NotRead``."""
        found = self.quantities[name].value
        if found is None:
            raise NotRead(name)
        return found

    def __sub__(self, earlier: Reading) -> Reading:
        """What changed since an earlier reading, of what both have."""
        return Reading(
            self.phase,
            {
                name: Quantity(_difference(now.value, earlier.quantities[name].value), now.unit)
                for name, now in self.quantities.items()
                if name in earlier.quantities
            },
        )


def _difference(now: float | None, then: float | None) -> float | None:
    return None if now is None or then is None else now - then


class Readings:
    """All readings of one run, and the look of the diagnosis in the midst of it."""

    __slots__ = ("_columns", "_observe", "taken")

    def __init__(self, columns: tuple[str, ...], observe: Callable[[], None]) -> None:
        """``observe`` is called while the condition is there."""
        self._columns = columns
        self._observe = observe
        self.taken: list[Reading] = []

    def take(self, phase: str, **quantities: Quantity) -> Reading:
        """Read the columns now, and put these quantities beside them."""
        reading = Reading(phase, {**read(self._columns), **quantities})
        self.taken.append(reading)
        return reading

    def before(self, **quantities: Quantity) -> Reading:
        return self.take("before", **quantities)

    def during(self, **quantities: Quantity) -> Reading:
        """Have the diagnosis look, and read."""
        self._observe()
        return self.take("during", **quantities)

    def after(self, **quantities: Quantity) -> Reading:
        return self.take("after", **quantities)

    def observe(self) -> None:
        """Have the diagnosis look without reading."""
        self._observe()


def size(value: float | None) -> Quantity:
    """Bytes."""
    return Quantity(value, "bytes")


def count(value: float | None) -> Quantity:
    return Quantity(value, "count")


def share(value: float | None) -> Quantity:
    """Of 1."""
    return Quantity(value, "ratio")


def seconds(value: float | None) -> Quantity:
    return Quantity(value, "seconds")


def read(columns: tuple[str, ...]) -> dict[str, Quantity]:
    """Columns of the running kernel by name; those of several rows are summed."""
    asked = [_selected(name) for name in columns]
    snapshot = take(LIVE, dict.fromkeys(one.table for one, _ in asked))
    found: dict[str, Quantity] = {}
    for name, (column, where) in zip(columns, asked, strict=True):
        values = [
            float(value)
            for row in snapshot.tables.get(column.table, ())
            if all(str(getattr(row, label)) == wanted for label, wanted in where)
            and (value := getattr(row, column.column.name)) is not None
        ]
        found[name] = Quantity(sum(values) if values else None, column.column.unit)
    return found


def _selected(name: str) -> tuple[Ref, tuple[tuple[str, str], ...]]:
    match = SELECTED.fullmatch(name)
    if match is None:
        raise ValueError(name)
    where = ((match["label"], match["value"]),) if match["label"] else ()
    return ref(match["column"]), where
