"""Expressions in words and their units."""

from __future__ import annotations

import pytest

from jinmaek.diagnosis.expr import (
    Const,
    Expr,
    all_of,
    any_of,
    average,
    limit,
    lowest,
    mean,
    now,
    number,
    rate,
    slope,
    total,
    unless,
)
from jinmaek.diagnosis.words import columns, subject_labels, unit, words

USER, READS, TICKS = rate("stat_cpu.user"), rate("diskstats.read_ios"), rate("diskstats.read_ticks")
READ, USED = "diskstats.read_ios", "stat_cpu.user per second"
SYSTEM = rate("stat_cpu.system")
FREE, ALL = now("meminfo.MemFree"), now("meminfo.MemTotal")

SAID: list[tuple[Expr, str]] = [
    (FREE / ALL < 0.1, "meminfo.MemFree ÷ meminfo.MemTotal below 0.1"),
    (average(USER) > 0.9, "average stat_cpu.user per second above 0.9"),
    (total(READS, by=("device",)) >= 1e9, f"sum of {READ} per second by device at least 1,000,000,000"),
    (average(USER + USER - SYSTEM) / 2, f"average ({USED} + {USED} − stat_cpu.system per second) ÷ 2"),
    (mean("stat.procs_running", over=300) > 2, "mean of stat.procs_running over 5 min above 2"),
    ((FREE - 1) * 2, "(meminfo.MemFree − 1) × 2"),
    (
        unless(all_of(FREE > 1, any_of(ALL > 2, ALL < 3)), ALL.equals(4)),
        (
            "meminfo.MemFree above 1 and (meminfo.MemTotal above 2 or meminfo.MemTotal below 3), "
            "unless meminfo.MemTotal equal to 4"
        ),
    ),
    (
        lowest("meminfo.MemFree", over=limit("window", 1800) / 4, ago=limit("window", 1800) * 0.75) > 0,
        "lowest meminfo.MemFree over 7.5 min 22.5 min ago above 0",
    ),
    (now("meminfo.MemFree", ago=3600) - FREE, "meminfo.MemFree 1 h ago − meminfo.MemFree"),
    (now("threads.count", ("thread_state", "=", "D")), "threads.count{thread_state=D}"),
]


@pytest.mark.parametrize(("expr", "text"), SAID, ids=[text[:40] for _, text in SAID])
def test_words(expr: Expr, text: str) -> None:
    assert words(expr, "en") == text
    assert all(ref.name in words(expr, "ko") for ref in columns(expr))


UNITS: list[tuple[Expr, str]] = [
    (FREE, "bytes"),
    (slope("meminfo.MemFree"), "bytes/s"),
    (FREE / slope("meminfo.MemFree"), "seconds"),
    (FREE / ALL > 0.5, "ratio"),
    (1 - FREE / ALL, "ratio"),
    (ALL - FREE * 2, "bytes"),
    (FREE * 0.5, "bytes"),
    (USER, "ratio"),
    (average(USER + USER), "ratio"),
    (READS, "count/s"),
    (TICKS / READS, "seconds"),
    (rate("diskstats.read_sectors") / READS, "bytes"),
    (FREE / number(USER), "bytes"),
    (number(FREE), "count"),
    (READS / READS, "ratio"),
    (now("zoneinfo.free"), "pages"),
    (rate("vmstat.pswpin"), "pages/s"),
    (unless(all_of(FREE > 1, USER > 1), USER > 2), "bytes"),
    (Const(3), ""),
]


@pytest.mark.parametrize(
    ("expr", "expected"), UNITS, ids=[f"{i} {words(e, 'en')}" for i, (e, _) in enumerate(UNITS)]
)
def test_units(expr: Expr, expected: str) -> None:
    assert unit(expr) == expected


def test_columns_are_named_once_in_order() -> None:
    expr = unless(all_of(FREE / ALL > 1, FREE > 2), USER > 1)
    assert [ref.name for ref in columns(expr)] == ["meminfo.MemFree", "meminfo.MemTotal", "stat_cpu.user"]


def test_subject_labels() -> None:
    assert subject_labels(READS / ALL) == subject_labels(ALL / READS) == ("device",)
    assert subject_labels(any_of(READS, ALL)) == ()
    assert subject_labels(unless(all_of(READS, USER), ALL)) == ("device",)
    assert subject_labels(total(now("buddyinfo.free_blocks"), by=("zone",))) == ("zone",)
