"""PromQL as text; that it means the same is shown by the comparison with promtool."""

from __future__ import annotations

import pytest

from jinmaek.diagnosis.expr import (
    Const,
    Expr,
    all_of,
    any_of,
    average,
    increase,
    largest,
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
from jinmaek.diagnosis.promql import duration, promql
from jinmaek.diagnosis.shape import Unjoinable
from jinmaek.history.prometheus.selector import quoted

WINDOW = limit("window", 1800)
USER, SYSTEM = rate("stat_cpu.user"), rate("stat_cpu.system")
IN_FLIGHT, RUNNING = now("diskstats.in_flight"), now("stat.procs_running")
GOLDEN: list[tuple[Expr, str]] = [
    (RUNNING > 2, "node_procs_running > 2"),
    (USER, 'rate(node_cpu_seconds_total{mode="user"}[5m])'),
    (increase("stat.ctxt", over=90), "increase(node_context_switches_total[90s])"),
    (slope("stat.procs_running", over=3600), "deriv(node_procs_running[1h])"),
    (now("stat.procs_running", ago=90), "node_procs_running offset 90s"),
    (
        lowest("stat.procs_running", over=WINDOW / 4, ago=WINDOW * 0.75),
        "min_over_time(node_procs_running[450s] offset 1350s)",
    ),
    (slope("stat.procs_running", over=WINDOW), "deriv(node_procs_running[30m])"),
    (
        USER + SYSTEM,
        (
            'rate(node_cpu_seconds_total{mode="user"}[5m]) + on (instance, cpu) '
            'rate(node_cpu_seconds_total{mode="system"}[5m])'
        ),
    ),
    (
        lowest("buddyinfo.free_blocks", ("order", "=~", "[4-9]|10")),
        'min_over_time(node_buddyinfo_blocks{size=~"[4-9]|10"}[5m])',
    ),
    (
        total(now("buddyinfo.free_blocks"), by=("order",)),
        "sum by (instance, size) (node_buddyinfo_blocks)",
    ),
    (now("diskstats.discard_sectors") > 1.5, "node_disk_discarded_sectors_total * 512 > 1.5"),
    (
        2 / mean("diskstats.discard_sectors"),
        "2 / (avg_over_time(node_disk_discarded_sectors_total[5m]) * 512)",
    ),
    (IN_FLIGHT / RUNNING, "node_disk_io_now / on (instance) group_left () node_procs_running"),
    (RUNNING < IN_FLIGHT, "node_procs_running < on (instance) group_right () node_disk_io_now"),
    (RUNNING * (RUNNING - 1), "node_procs_running * on (instance) (node_procs_running - 1)"),
    (RUNNING - (RUNNING - 1), "node_procs_running - on (instance) (node_procs_running - 1)"),
    (
        unless(all_of(IN_FLIGHT > 1, any_of(RUNNING > 2, RUNNING < 1)), largest(IN_FLIGHT) > 9),
        (
            "(node_disk_io_now > 1 and on (instance) (node_procs_running > 2 or on (instance) "
            "node_procs_running < 1)) unless on (instance) max by (instance) (node_disk_io_now) > 9"
        ),
    ),
    (number(now("stat_cpu.idle")), 'count by (instance) (node_cpu_seconds_total{mode="idle"})'),
    (average(USER) > 1e-07, 'avg by (instance) (rate(node_cpu_seconds_total{mode="user"}[5m])) > 1e-07'),
]


@pytest.mark.parametrize(("expr", "text"), GOLDEN, ids=[text[:40] for _, text in GOLDEN])
def test_golden(expr: Expr, text: str) -> None:
    assert promql(expr) == text


def test_window_and_instance_are_the_fleet_s() -> None:
    text = promql(IN_FLIGHT / total(USER), window="30s", instance="host")
    assert text == (
        "node_disk_io_now / on (host) group_left () "
        'sum by (host) (rate(node_cpu_seconds_total{mode="user"}[30s]))'
    )


def test_durations() -> None:
    assert [duration(s) for s in (0.5, 1, 90, 300, 3600, 86400, 5400)] == [
        *("500ms", "1s", "90s", "5m", "1h", "1d", "90m"),
    ]


def test_strings_are_escaped() -> None:
    assert quoted('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'


def test_what_cannot_be_joined_is_refused() -> None:
    with pytest.raises(Unjoinable):
        promql(IN_FLIGHT + USER)
    with pytest.raises(Unjoinable):
        promql(Const(1) > Const(2))
