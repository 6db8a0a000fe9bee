"""Before and after: what is compared, what was predicted, and when nothing can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.advice.made_host import host, knob

from jinmaek.advice import measure
from jinmaek.advice.knob import Value
from jinmaek.advice.measure import Direction, Verdict
from jinmaek.sampling import Snapshot


def window(now: Mapping[str, float] | None = None, /, **grew: Any) -> Sequence[Snapshot]:
    """Ten seconds in which vmstat counters grew by so much."""
    return host(now, grew={f"vmstat.{name}": value for name, value in grew.items()}).snapshots


def verdict(name: str, expected: Direction, before: Any, after: Any) -> Verdict:
    of = knob(name)
    found = measure.compared(of.watch, before, after)
    return measure.seen(found[0], expected, of.needs, before, after)


@pytest.mark.parametrize(
    ("name", "old", "new", "nothing", "direction"),
    [
        ("swappiness", 60, 10, False, "down"),
        ("swappiness", 10, 60, False, "up"),
        ("swappiness", 60, 10, True, "none"),
        ("vfs_cache_pressure", 100, 1000, False, "down"),
        ("vfs_cache_pressure", 100, 1, False, "up"),
        ("overcommit_memory", 0, 1, False, "none"),
        ("thp.enabled", "madvise", "never", False, "down"),
        ("thp.enabled", "madvise", "always", False, "up"),
        ("thp.defrag", "defer", "always", False, "up"),
    ],
)
def test_prediction(name: str, old: Value, new: Value, nothing: bool, direction: Direction) -> None:
    assert measure.predicted(knob(name), old, new, nothing=nothing) == direction


BUSY = {"pgscan_anon": 5_000, "pgscan_file": 5_000}
SPARED = {"pgscan_anon": 500, "pgscan_file": 9_500}


@pytest.mark.parametrize(
    ("before", "after", "expected", "told"),
    [
        (BUSY, SPARED, "down", "as predicted"),
        (BUSY, SPARED, "up", "not as predicted"),
        (BUSY, BUSY, "down", "not as predicted"),
        (BUSY, BUSY, "none", "as predicted"),
        (BUSY, {}, "down", "too little happened to tell"),
        ({}, {}, "none", "too little happened to tell"),
        ({"pgscan_file": 40, "pgscan_anon": 40}, BUSY, "down", "too little happened to tell"),
    ],
)
def test_seen(
    before: Mapping[str, float], after: Mapping[str, float], expected: Direction, told: Verdict
) -> None:
    assert verdict("swappiness", expected, window(None, **before), window(None, **after)) == told


@pytest.mark.parametrize(
    ("names", "scanned", "told"),
    [
        (100_000, 9000, "as predicted"),
        (100_000, 3, "as predicted"),
        (100_000, 0, "too little happened to tell"),
        (500_000, 3, "too little happened to tell"),
        (500_000, 9000, "not as predicted"),
        (900_000, 3, "too little happened to tell"),
    ],
)
def test_a_level_may_need_few_events(names: int, scanned: int, told: Verdict) -> None:
    before = window(None, pgscan_file=scanned)
    after = window({"dentry_state.nr_dentry": names, "inode_nr.nr_inodes": 0}, pgscan_file=scanned)
    if names == 500_000:
        before = window({"inode_nr.nr_inodes": 0}, pgscan_file=scanned)
    assert verdict("vfs_cache_pressure", "down", before, after) == told


def test_nobody_asked_for_a_huge_page_in_either_window() -> None:
    busy = window(None, pgfault=9000)
    assert verdict("thp.enabled", "up", busy, busy) == "too little happened to tell"
    asked = window(None, pgfault=9000, thp_fault_alloc=50)
    assert verdict("thp.enabled", "up", busy, asked) == "as predicted"


def test_what_the_kernel_recomputes_at_once_needs_no_events() -> None:
    before = window({"meminfo.CommitLimit": 6e9})
    assert verdict("overcommit_ratio", "up", before, window({"meminfo.CommitLimit": 6.1e9})) == "as predicted"
    assert verdict("overcommit_ratio", "up", before, before) == "not as predicted"


def test_figures_of_both_windows() -> None:
    found = measure.compared(knob("swappiness").watch, window(**BUSY, pswpout=50), window(**SPARED))
    share, out, *_ = found
    assert (share.before, share.after, share.unit) == (0.5, 0.05, "ratio")
    assert share.ratio == pytest.approx(0.1)
    assert (out.before, out.after, out.unit, out.ratio) == (5.0, 0.0, "pages/s", 0.0)


def test_a_share_of_nothing_and_a_missing_column_are_unknown() -> None:
    none = window()
    found = measure.compared(knob("swappiness").watch, none, window({"vmstat.pswpout": 0.0}))
    assert (found[0].before, found[0].after, found[0].ratio) == (None, None, None)
    lacking = host({"vmstat.pswpout": None}).snapshots
    assert measure.compared(knob("swappiness").watch, lacking, lacking)[1].before is None


def test_the_highest_of_a_level_is_over_all_readings() -> None:
    start, end = host({"vmstat.nr_dirty": 10}).snapshots
    (middle,) = host({"vmstat.nr_dirty": 90}, look=None).snapshots
    most = next(quantity for quantity in knob("dirty_ratio").watch if quantity.how == "highest")
    assert measure.value(most, (start, middle, end)) == 90
