"""Three-valued logic, and what the comparison with promtool cannot show: what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from tests.rules.promtool_series import Series

from jinmaek.catalog import Ref
from jinmaek.diagnosis.evaluate import Missing, Vector, evaluate
from jinmaek.diagnosis.expr import (
    Const,
    Expr,
    all_of,
    any_of,
    average,
    highest,
    increase,
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
from jinmaek.diagnosis.shape import Unjoinable
from jinmaek.model import Gap, Labels, Points

SERIES = [
    ('node_disk_io_now{device="sda"}', "3 4 5"),
    ('node_disk_io_now{device="sdb"}', "0 0 9"),
    ('node_disk_reads_completed_total{device="sda"}', "0 100 200"),
    ('node_disk_reads_completed_total{device="sdb"}', "0 0 0"),
    ("node_context_switches_total", "5 _ _"),
    ("node_procs_running", "1 2 stale"),
    ("node_procs_blocked", "0 0 0"),
    ("node_memory_MemTotal_bytes", "8 8 8"),
    ('node_buddyinfo_blocks{node="0",zone="DMA",size="4"}', "2 2 2"),
]
HISTORY = Series(10, SERIES)
SDA, SDB = (("device", "sda"),), (("device", "sdb"),)
IN_FLIGHT = now("diskstats.in_flight")
NONE = now("stat.procs_blocked") > 1
SOME = now("meminfo.MemTotal") > 1
UNREAD = now("meminfo.MemFree") > 1
GAP = Missing("meminfo.MemFree", Gap("absent", "meminfo.MemFree"))


def at(expr: Expr, window: float = 20) -> Vector | Missing:
    return evaluate(expr, HISTORY, 20, window)


def test_readings_and_comparisons() -> None:
    assert at(IN_FLIGHT) == {SDA: 5, SDB: 9}
    assert at(IN_FLIGHT > 5) == {SDB: 9}
    assert at(now("diskstats.in_flight", ("device", "=~", "sd[a]"))) == {SDA: 5}
    assert at(now("diskstats.in_flight", ("device", "=~", "a"))) == {}
    assert at(now("stat.procs_running")) == {}, "its series ended"
    assert at(2 - now("meminfo.MemTotal")) == {(): -6}


def test_ranges() -> None:
    assert at(rate("diskstats.read_ios")) == {SDA: 10, SDB: 0}
    assert at(increase("diskstats.read_ios", over=10)) == {SDA: 100, SDB: 0}
    assert at(slope("diskstats.in_flight")) == {SDA: 0.1, SDB: 0.45}
    assert at(mean("diskstats.in_flight")) == {SDA: 4, SDB: 3}
    assert at(highest("diskstats.in_flight")) == {SDA: 5, SDB: 9}
    assert at(lowest("diskstats.in_flight")) == {SDA: 3, SDB: 0}
    assert at(lowest("stat.procs_running")) == {(): 1}, "the readings before the end count"


def test_one_reading_makes_no_rate() -> None:
    gap = Gap("too short", "stat.ctxt", "one reading in the window")
    assert at(rate("stat.ctxt")) == Missing("stat.ctxt", gap)
    assert at(rate("diskstats.read_ios"), window=5) == Missing(
        "diskstats.read_ios", Gap("too short", "diskstats.read_ios", "one reading in the window")
    )
    assert at(mean("stat.ctxt")) == {(): 5}


def test_readings_of_some_time_ago() -> None:
    assert at(now("diskstats.in_flight", ago=10)) == {SDA: 4, SDB: 0}
    assert at(highest("diskstats.in_flight", over=5, ago=9)) == {SDA: 4, SDB: 0}
    assert at(increase("diskstats.read_ios", over=10, ago=10)) == {SDA: 100, SDB: 0}
    back = limit("back", 5)
    assert at(now("diskstats.in_flight", ago=back * 2)) == {SDA: 4, SDB: 0}
    assert at(slope("diskstats.in_flight", over=back + back)) == {SDA: 0.1, SDB: 0.9}


def test_a_history_that_does_not_reach_back_is_too_short() -> None:
    """Prometheus has nothing there either, and cannot tell it from a host without disks."""
    said = "25 s of readings are needed, there are 20 s"
    gap = Gap("too short", "diskstats.in_flight", said, 25.0)
    assert at(now("diskstats.in_flight", ago=25)) == Missing("diskstats.in_flight", gap)
    assert at(lowest("diskstats.in_flight", over=2, ago=23)) == Missing("diskstats.in_flight", gap)
    assert at(all_of(SOME, now("diskstats.in_flight", ago=25) > 0)) == Missing("diskstats.in_flight", gap)
    assert at(now("meminfo.MemFree", ago=25)) == GAP, "of what was never read another gap is told"
    nothing = now("diskstats.in_flight", ("device", "=", "nvme0n1"), ago=25)
    assert at(nothing) == {}, "what is not there at all is not too short"


def test_a_subject_that_is_new_among_old_ones_is_left_out() -> None:
    history = Series(
        10, [('node_disk_io_now{device="sda"}', "1 1 1"), ('node_disk_io_now{device="sdb"}', "_ _ 1")]
    )
    assert evaluate(now("diskstats.in_flight", ago=20), history, 20, 20) == {SDA: 1}


def test_the_window_holds_its_first_reading_whatever_float_sums_say() -> None:
    first, last = 1.1, 5.2
    assert last - (last - first) > first, "the case it is about"
    history = Series(last - first, [("node_context_switches_total", "1 9")])

    class Later:
        """The same series, from ``first`` on."""

        def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points]:
            lines = history.series(ref, 0, 99)
            assert not isinstance(lines, Gap)
            moved = {labels: [(t + first, v) for t, v in points] for labels, points in lines.items()}
            return {labels: [p for p in points if start <= p[0] <= end] for labels, points in moved.items()}

    found = evaluate(rate("stat.ctxt"), Later(), last, last - first)
    assert not isinstance(found, Missing)
    assert found[()] == pytest.approx(8 / 4.1)


def test_missing_is_contagious_through_numbers() -> None:
    for expr in (UNREAD, total(UNREAD), UNREAD + 1, now("meminfo.MemTotal") / UNREAD, IN_FLIGHT > UNREAD):
        assert at(expr) == GAP
    assert at(NONE * UNREAD) == {}, "nothing times anything is nothing"


def test_all_of() -> None:
    assert at(all_of(IN_FLIGHT > 5, SOME)) == {SDB: 9}
    assert at(all_of(IN_FLIGHT, rate("diskstats.read_ios") > 1)) == {SDA: 5}
    assert at(all_of(IN_FLIGHT > 5, rate("diskstats.read_ios") > 1)) == {}
    assert at(all_of(IN_FLIGHT, UNREAD)) == GAP
    assert at(all_of(UNREAD, IN_FLIGHT)) == GAP
    for surely_not in (all_of(IN_FLIGHT, UNREAD, NONE), all_of(UNREAD, NONE), all_of(NONE, UNREAD)):
        assert at(surely_not) == {}
    assert at(all_of(IN_FLIGHT > 5, UNREAD, rate("diskstats.read_ios") > 1)) == {}, "no subject is left"


def test_any_of() -> None:
    assert at(any_of(IN_FLIGHT > 5, rate("diskstats.read_ios") > 1)) == {SDB: 9, SDA: 10}
    assert at(any_of(NONE, UNREAD, SOME)) == {(): 8}
    assert at(any_of(NONE, UNREAD)) == GAP
    assert at(any_of(NONE, NONE)) == {}
    assert at(any_of(IN_FLIGHT > 5, SOME)) == {SDB: 9}, "a host-wide term is the same subject to all"


def test_unless() -> None:
    assert at(unless(IN_FLIGHT, IN_FLIGHT > 5)) == {SDA: 5}
    assert at(unless(IN_FLIGHT, SOME)) == {}
    assert at(unless(IN_FLIGHT, NONE, UNREAD)) == {SDA: 5, SDB: 9}, "a veto that cannot be read does not veto"
    assert at(unless(UNREAD, SOME)) == {}, "whatever it is, a veto on the host takes it away"
    assert at(unless(UNREAD, NONE)) == GAP
    no_disk = Missing("diskstats.write_ios", Gap("absent", "diskstats.write_ios"))
    writes = rate("diskstats.write_ios")
    assert at(unless(writes, IN_FLIGHT > 5)) == no_disk, "one disk's veto is no other's"
    assert at(unless(writes, SOME)) == {}
    assert at(unless(NONE, UNREAD)) == {}


def test_aggregates() -> None:
    assert at(total(IN_FLIGHT)) == {(): 14}
    assert at(average(IN_FLIGHT, by=("device",))) == {SDA: 5, SDB: 9}
    assert at(number(IN_FLIGHT > 99)) == {}


def test_labels_are_spread_to_the_side_that_has_more() -> None:
    assert at(IN_FLIGHT / now("meminfo.MemTotal")) == {SDA: 5 / 8, SDB: 9 / 8}
    assert at(now("meminfo.MemTotal") > IN_FLIGHT) == {SDA: 8}


def test_division_by_zero() -> None:
    zero = now("stat.procs_blocked")
    assert at(now("meminfo.MemTotal") / zero) == {(): math.inf}
    assert at(Const(-1) / zero) == {(): -math.inf}
    assert at((zero / zero) > 0) == {}
    assert at((zero / zero) <= 0) == {}


@pytest.mark.parametrize(
    "expr",
    [
        IN_FLIGHT + now("buddyinfo.free_blocks"),
        now("buddyinfo.free_blocks") < IN_FLIGHT,
        total(IN_FLIGHT, by=("zone",)),
        Const(1) > Const(2),
    ],
)
def test_what_cannot_be_joined_is_an_error_not_an_answer(expr: Expr) -> None:
    with pytest.raises(Unjoinable):
        at(expr)
