"""Formulas compute what they say, and nothing but arithmetic can be written in them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.catalog import UnknownColumn
from jinmaek.explain.entry import Entry, Step
from jinmaek.explain.formula import Source, Unknown, Vector, evaluate, formula
from jinmaek.model import Gap, Labels

A: Labels = (("zone", "A"),)
B: Labels = (("zone", "B"),)


class Figures:
    """Columns with given values; a rate is a tenth of them."""

    def __init__(self, columns: Mapping[str, Vector]) -> None:
        self._columns = columns

    def column(self, name: str) -> Vector:
        if name not in self._columns:
            raise Unknown(Gap("absent", name))
        return self._columns[name]

    def constant(self, name: str) -> float:
        return {"page": 4096.0, "cpus": 8.0}[name]

    def rate(self, of: Callable[[Source], Vector]) -> Vector:
        return {labels: value / 10 for labels, value in of(self).items()}


def value(text: str, **columns: Vector | float) -> Vector:
    """What a formula over meminfo and zoneinfo comes to; columns are given by the name after the dot."""
    table = {"MemFree": "meminfo", "MemTotal": "meminfo", "KReclaimable": "meminfo"}
    there: dict[str, Vector] = {
        f"{table.get(name, 'zoneinfo')}.{name}": {(): given} if isinstance(given, int | float) else given
        for name, given in columns.items()
    }
    return evaluate(formula(text), Figures(there), {})


@given(
    st.floats(0, 1e12),
    st.floats(1, 1e12),
    st.sampled_from(
        [
            ("a + b", lambda a, b: a + b),
            ("a - b * 2", lambda a, b: a - b * 2),
            ("-(a - b) / b", lambda a, b: -(a - b) / b),
            ("a // b", lambda a, b: a // b),
            ("min(a, b, 5)", lambda a, b: min(a, b, 5)),
            ("max(0, a - b)", lambda a, b: max(0, a - b)),
            ("a if a > b else b * 2", lambda a, b: a if a > b else b * 2),
            ("(a >= b) + (a < b)", lambda a, b: 1),
            ("b ** 2 / b", lambda a, b: b**2 / b),
        ]
    ),
)
def test_arithmetic_is_python_s(
    a: float, b: float, case: tuple[str, Callable[[float, float], float]]
) -> None:
    text, meant = case
    named = re.sub(r"\b[ab]\b", lambda one: {"a": "meminfo.MemFree", "b": "meminfo.MemTotal"}[one[0]], text)
    found = value(named, MemFree=a, MemTotal=b)
    assert math.isclose(found[()], meant(a, b), rel_tol=1e-12)


def test_rows_go_with_rows_of_the_same_labels() -> None:
    zones = {A: 10.0, B: 20.0}
    assert value("zoneinfo.low + zoneinfo.min", low=zones, min={A: 1.0, B: 2.0}) == {A: 11.0, B: 22.0}
    assert value("zoneinfo.low * page", low=zones) == {A: 40960.0, B: 81920.0}
    assert value("sum(zoneinfo.low)", low=zones) == {(): 30.0}
    assert value("sum(zoneinfo.low, zone)", low=zones) == zones
    assert value("zoneinfo.low / zoneinfo.min", low=zones, min={A: 2.0}) == {A: 5.0}


def test_a_division_by_nothing_is_not_known_and_not_zero() -> None:
    assert value("zoneinfo.low / zoneinfo.min", low={A: 1.0, B: 4.0}, min={A: 0.0, B: 2.0}) == {B: 2.0}
    assert value("meminfo.MemFree / meminfo.MemTotal", MemFree=1, MemTotal=0) == {}


def test_an_empty_table_adds_up_to_zero_and_a_missing_one_is_unknown() -> None:
    assert value("sum(zoneinfo.low)", low={}) == {(): 0.0}
    with pytest.raises(Unknown):
        value("sum(zoneinfo.low)")


def test_or_takes_what_this_kernel_has() -> None:
    assert value("meminfo.KReclaimable or meminfo.MemFree", MemFree=3) == {(): 3}
    assert value("meminfo.KReclaimable or meminfo.MemFree", KReclaimable=0, MemFree=3) == {(): 0}
    assert value("zoneinfo.boost or 0") == {(): 0}
    with pytest.raises(Unknown):
        value("meminfo.KReclaimable or meminfo.MemFree")


def test_what_is_not_chosen_need_not_be_known() -> None:
    assert value("meminfo.MemFree if 1 > 0 else meminfo.KReclaimable", MemFree=3) == {(): 3}
    chosen = value("zoneinfo.low if zoneinfo.min > 5 else -1", low={A: 1.0, B: 2.0}, min={A: 9.0, B: 0.0})
    assert chosen == {A: 1.0, B: -1}


def test_rows_can_be_picked_and_their_labels_be_numbers() -> None:
    assert value('only(zoneinfo.low, zone="B")', low={A: 1.0, B: 2.0}) == {(): 2.0}
    orders: Vector = {(("node", "0"), ("zone", "A")): 5.0, (("node", "3"), ("zone", "A")): 7.0}
    assert value("label(zoneinfo.low, node)", low=orders) == dict(zip(orders, (0.0, 3.0), strict=True))


def test_a_rate_is_the_source_s() -> None:
    assert value("rate(meminfo.MemFree + 10)", MemFree=90) == {(): 10.0}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "meminfo.MemFree.__class__",
        "(lambda: 1)()",
        "[1, 2]",
        "open('x')",
        "meminfo.MemFree and 1",
        "not 1",
        "'text'",
        "1 < 2 < 3",
        "x",
        "sum()",
        "min(1, a=2)",
        "1 if x else 2",
    ],
)
def test_nothing_else_can_be_written(text: str) -> None:
    with pytest.raises(ValueError):
        formula(text)


def test_columns_are_checked_when_a_formula_is_written() -> None:
    with pytest.raises(UnknownColumn):
        formula("meminfo.MemFee + 1")
    with pytest.raises(UnknownColumn):
        Entry(names=("meminfo.MemFree",), steps=(Step("", "bytes", "sum(zoneinfo.lo)"),))
    with pytest.raises(ValueError):
        Entry(names=("meminfo.MemFree",), steps=(Step("a", "bytes", "later"), Step("later", "bytes", "1")))


def test_columns_are_told_in_the_order_they_appear() -> None:
    assert formula("meminfo.MemTotal - rate(meminfo.MemFree) + sum(zoneinfo.low, node)").columns == (
        "meminfo.MemTotal",
        "meminfo.MemFree",
        "zoneinfo.low",
    )
