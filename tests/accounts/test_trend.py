"""Slopes and trend tests against published values, their definitions, and scipy where it is installed."""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinmaek.accounts.trend import MOST, blocks, mann_kendall, theil_sen, turns

VALUES = st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=40)
quick = settings(deadline=None, derandomize=True, database=None)


def test_published_example_without_ties() -> None:
    """R. O. Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), section 16.4."""
    found = mann_kendall([10, 15, 14, 20])
    assert (found.s, round(found.variance * 18)) == (4, 4 * 3 * 13)


def test_ties_lessen_the_variance() -> None:
    """Groups of 2, 3 and 3 among 10: each takes t(t - 1)(2t + 5)."""
    found = mann_kendall([23, 24, 29, 6, 29, 24, 5, 24, 23, 29])
    assert found.variance * 18 == pytest.approx(10 * 9 * 25 - 2 * 1 * 9 - 2 * (3 * 2 * 11))


@quick
@given(VALUES)
def test_kendall_is_its_definition(values: list[float]) -> None:
    found = mann_kendall(values)
    assert found.s == sum((b > a) - (b < a) for a, b in combinations(values, 2))
    assert 0 <= found.p <= 1
    assert found.z * found.s >= 0
    assert mann_kendall(values[::-1]).s == -found.s
    assert mann_kendall([2 * value + 1 for value in values]) == found


@quick
@given(VALUES)
def test_slope_is_the_median_of_all_pairs(values: list[float]) -> None:
    times = [float(n) for n in range(len(values))]
    every = [(values[j] - values[i]) / (j - i) for i, j in combinations(range(len(values)), 2)]
    found = theil_sen(times, values)
    assert found.rate == median(every)
    assert found.low <= found.rate <= found.high


@quick
@given(VALUES)
def test_both_agree_with_scipy(values: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed here")
    times = [float(n) for n in range(len(values))]
    theirs = stats.theilslopes(values, times, alpha=0.9)
    ours = theil_sen(times, values)
    assert (ours.rate, ours.low, ours.high) == pytest.approx(
        (theirs.slope, theirs.low_slope, theirs.high_slope)
    )
    if len(set(values)) > 1:
        tau = stats.kendalltau(times, values, variant="c").statistic
        kinds = len(set(values))
        pairs = len(values) ** 2 * (kinds - 1) / kinds
        assert mann_kendall(values).s == pytest.approx(tau * pairs / 2)


def test_p_is_that_of_the_normal_approximation() -> None:
    """Ten values in order: S 45, variance 125, z 44/√125."""
    found = mann_kendall(range(10))
    assert (found.s, found.variance) == (45, 125)
    assert found.z == pytest.approx(44 / math.sqrt(125))
    assert found.p == pytest.approx(8.303e-05, rel=1e-3)


def test_nothing_moves() -> None:
    assert mann_kendall([5.0] * 9).z == 0
    assert mann_kendall([5.0] * 9).p == 1
    assert theil_sen([0, 1, 2], [7, 7, 7]).rate == 0


@pytest.mark.parametrize("times", [[], [1.0], [1.0, 1.0]])
def test_a_slope_needs_two_moments(times: list[float]) -> None:
    with pytest.raises(ValueError, match="no two points"):
        theil_sen(times, times)


def test_a_long_series_is_put_together_and_keeps_its_slope() -> None:
    times = [float(n) for n in range(3600)]
    values = [3 * time + (97 * n % 40) for n, time in enumerate(times)]
    assert theil_sen(times, values).rate == pytest.approx(3, rel=0.001)


@quick
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=400), st.integers(1, MOST))
def test_blocks_cover_the_series(values: list[float], count: int) -> None:
    times = [float(n) for n in range(len(values))]
    at, medians = blocks(times, values, count)
    assert len(at) == len(medians) == min(count, len(values))
    assert at == sorted(set(at))
    assert min(values) <= min(medians)
    assert max(medians) <= max(values)
    if count >= len(values):
        assert (at, medians) == (times, values)


def test_no_blocks_of_nothing() -> None:
    assert blocks([], [], 5) == ([], [])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([5, 5, 6, 5], []),
        ([0, 10, 0, 10], [0, 1, 2, 3]),
        ([2, 0, 4, 10, 9, 12], [1, 5]),
        ([10, 8, 0, 1, 2, 9, 7], [0, 2, 5]),
        ([0, 1, 2, 3], [0, 3]),
        ([3, 2, 1, 0], [0, 3]),
    ],
)
def test_turns(values: list[float], expected: list[int]) -> None:
    assert turns(values, 3) == expected


@quick
@given(VALUES, st.integers(1, 30))
def test_turns_alternate_and_each_is_large_enough(values: list[float], least: int) -> None:
    found = turns(values, least)
    moves = [values[b] - values[a] for a, b in pairwise(found)]
    assert found == sorted(set(found))
    assert all(abs(move) >= least for move in moves)
    assert all(a * b < 0 for a, b in pairwise(moves))
    if not found:
        assert max(values) - min(values) < least
