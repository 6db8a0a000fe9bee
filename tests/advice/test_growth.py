"""The kind of made series of every sort: with noise, over windows of any length, from any level."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinmaek.advice.capacity.growth import SAMPLES, Course, classify

MIB = 1 << 20
PAGE = 4096
FLOOR = MIB

made = settings(deadline=None, derandomize=True, database=None, max_examples=100)
seeds = st.integers(0, 1 << 30)
counts = st.integers(24, 300)
levels = st.sampled_from([0, 20 * MIB, 3 << 30])
paces = st.sampled_from([0.1, 1.0, 30.0])


def series(count: int, pace: float, shape: Callable[[float], float]) -> tuple[list[float], list[float]]:
    """Readings of a shape over the time from 0 to 1."""
    times = [1000 + n * pace for n in range(count)]
    return times, [shape(n / (count - 1)) for n in range(count)]


def noisy(values: list[float], size: float, seed: int) -> list[float]:
    """As a counter that is kept by each CPU and summed now and then errs: by whole pages, up to ``size``."""
    random = Random(seed)
    return [value + PAGE * round(random.uniform(-size, size) / PAGE) for value in values]


def steps(count: int, least: float, most: float, seed: int) -> Iterator[float]:
    random = Random(seed)
    for _ in range(count):
        yield random.uniform(least, most)


@made
@given(counts, paces, levels, seeds, st.floats(4 * MIB, 4096 * MIB))
def test_a_line_is_a_leak_and_its_rate_is_right(
    count: int, pace: float, level: int, seed: int, grown: float
) -> None:
    times, values = series(count, pace, lambda at: level + grown * at)
    found = classify(times, noisy(values, grown / 40, seed), FLOOR)
    assert found.kind == "leak"
    assert found.rate is not None
    rate = grown / (times[-1] - times[0])
    assert found.rate.rate == pytest.approx(rate, rel=0.1)
    assert found.rate.low <= found.rate.rate <= found.rate.high
    assert found.since is None


@made
@given(counts, paces, levels, seeds)
def test_noise_below_the_floor_is_steady(count: int, pace: float, level: int, seed: int) -> None:
    times, values = series(count, pace, lambda at: level + MIB)
    found = classify(times, noisy(values, 0.49 * FLOOR, seed), FLOOR)
    assert found.kind == "steady"
    assert found.rate is None


def test_large_noise_is_seldom_taken_for_growth() -> None:
    """No test of a trend is never wrong; what it says of a short look is said with low confidence."""
    wrong = 0
    for seed in range(1000):
        random = Random(seed)
        count, size = random.randint(24, 300), random.uniform(2 * MIB, 512 * MIB)
        times, values = series(count, 1.0, lambda at, size=size: 2 * size)  # type: ignore[misc]
        wrong += classify(times, noisy(values, size, seed), FLOOR).kind not in ("steady", None)
    assert wrong <= 0.01 * 1000


def saw(at: float, cycles: float, phase: float) -> float:
    return (at * cycles + phase) % 1


@made
@given(counts, paces, levels, seeds, st.integers(8, 12), st.floats(0, 1), st.floats(8 * MIB, 1024 * MIB))
def test_the_saw_tooth_of_a_collector_is_steady(
    count: int, pace: float, level: int, seed: int, cycles: int, phase: float, swing: float
) -> None:
    count *= 4
    times, values = series(count, pace, lambda at: level + swing * saw(at, cycles, phase))
    found = classify(times, noisy(values, swing / 50, seed), FLOOR)
    assert found.kind == "steady"
    assert cycles - 1 <= found.cycles <= cycles + 1
    assert found.swing == pytest.approx(swing, rel=0.2)


@made
@given(
    counts, paces, levels, seeds, st.integers(8, 12), st.floats(0, 1), st.floats(8 * MIB, 1024 * MIB),
    st.floats(0.5, 2),
)  # fmt: skip
def test_a_leak_under_a_saw_tooth_is_found_by_its_lows(
    count: int, pace: float, level: int, seed: int, cycles: int, phase: float, swing: float, share: float
) -> None:
    count *= 4
    times, values = series(
        count, pace, lambda at: level + swing * saw(at, cycles, phase) + share * swing * at
    )
    found = classify(times, noisy(values, swing / 50, seed), FLOOR)
    assert found.kind == "leak"
    assert found.rate is not None
    span = times[-1] - times[0]
    # A low is seen where a reading happens to be.
    unsure = 2 * swing * cycles / count / span
    assert found.rate.rate == pytest.approx(share * swing / span, rel=0.2, abs=unsure)


@made
@given(
    counts, paces, levels, seeds, st.floats(0.1, 0.5), st.floats(0.1, 0.35), st.floats(0.3, 3),
)  # fmt: skip
def test_what_comes_and_goes_is_a_burst(
    count: int, pace: float, level: int, seed: int, begin: float, lasts: float, height: float
) -> None:
    rise = 64 * MIB + height * level
    times, values = series(count, pace, lambda at: level + (rise if begin <= at <= begin + lasts else 0.0))
    found = classify(times, noisy(values, rise / 50, seed), FLOOR)
    assert found.kind == "burst"
    assert found.peak - found.base == pytest.approx(rise, rel=0.1)
    assert found.lasted == pytest.approx(lasts * (times[-1] - times[0]), abs=2.01 * pace)
    assert found.rate is None


@made
@given(counts, paces, levels, seeds, st.floats(0.1, 0.3), st.floats(8 * MIB, 2048 * MIB))
def test_what_levels_off_is_a_warm_up(
    count: int, pace: float, level: int, seed: int, decay: float, grown: float
) -> None:
    times, values = series(count, pace, lambda at: level + grown * (1 - math.exp(-at / decay)))
    assert classify(times, noisy(values, grown / 100, seed), FLOOR).kind == "warm-up"


@made
@given(counts, paces, levels, seeds, st.floats(0.25, 0.75), st.floats(8 * MIB, 2048 * MIB))
def test_a_ramp_up_to_a_ceiling_is_a_warm_up_that_stopped(
    count: int, pace: float, level: int, seed: int, end: float, grown: float
) -> None:
    times, values = series(count, pace, lambda at: level + grown * min(1.0, at / end))
    found = classify(times, noisy(values, grown / 200, seed), FLOOR)
    assert (found.kind, found.stopped) == ("warm-up", True)
    assert found.rate is not None
    assert found.rate.rate == 0


@made
@given(st.integers(40, 300), paces, levels, seeds, st.floats(0.2, 0.6), st.floats(8 * MIB, 2048 * MIB))
def test_a_leak_that_began_in_the_window_is_dated(
    count: int, pace: float, level: int, seed: int, begin: float, grown: float
) -> None:
    times, values = series(count, pace, lambda at: level + grown * max(0.0, at - begin) / (1 - begin))
    found = classify(times, noisy(values, grown / 200, seed), FLOOR)
    span = times[-1] - times[0]
    assert found.kind == "leak"
    assert found.since == pytest.approx(times[0] + begin * span, abs=0.1 * span)
    assert found.rate is not None
    assert found.rate.rate == pytest.approx(grown / (span * (1 - begin)), rel=0.1)


@made
@given(counts, paces, levels, seeds, st.floats(0.1, 0.9), st.floats(8 * MIB, 2048 * MIB))
def test_one_step_that_stays_is_steady(
    count: int, pace: float, level: int, seed: int, at: float, grown: float
) -> None:
    times, values = series(count, pace, lambda now: level + (grown if now >= at else 0.0))
    found = classify(times, noisy(values, grown / 100, seed), FLOOR)
    assert (found.kind, found.step) == ("steady", True)
    assert found.since == pytest.approx(times[0] + at * (times[-1] - times[0]), abs=3 * pace)


@made
@given(st.integers(60, 300), paces, levels, seeds, st.integers(6, 10))
def test_a_leak_in_steps_is_a_leak(count: int, pace: float, level: int, seed: int, rises: int) -> None:
    """As of an allocator that takes whole arenas."""
    times, values = series(count, pace, lambda at: level + 64 * MIB * int(at * rises))
    found = classify(times, noisy(values, MIB / 4, seed), FLOOR)
    assert found.kind == "leak"
    assert found.rate is not None
    assert found.rate.rate == pytest.approx(64 * MIB * rises / (times[-1] - times[0]), rel=0.25)


@made
@given(counts, paces, levels, seeds, st.floats(4 * MIB, 2048 * MIB))
def test_what_shrinks_is_steady(count: int, pace: float, level: int, seed: int, lost: float) -> None:
    times, values = series(count, pace, lambda at: level + lost * (1 - at))
    assert classify(times, noisy(values, lost / 40, seed), FLOOR).kind == "steady"


def test_aimless_wandering_is_seldom_called_a_leak() -> None:
    """Neighbouring readings resemble each other: a plain test of the trend errs every other time."""
    wrong = 0
    for seed in range(300):
        random, values = Random(seed), [500.0 * MIB]
        for _ in range(120):
            values.append(values[-1] + random.gauss(0, MIB))
        wrong += classify([float(n) for n in range(121)], values, FLOOR).kind == "leak"
    assert wrong <= 0.05 * 300


@pytest.mark.parametrize("count", range(SAMPLES))
def test_too_few_readings_show_no_kind(count: int) -> None:
    times = [float(n) for n in range(count)]
    found = classify(times, [64.0 * MIB * n for n in range(count)], FLOOR)
    assert found.kind == (None if count > 1 else "steady")
    assert found.rate is None


def test_twelve_readings_of_a_line_are_enough() -> None:
    times = [float(n) for n in range(SAMPLES)]
    assert classify(times, [2.0 * MIB * n for n in range(SAMPLES)], FLOOR).kind == "leak"


def test_two_cycles_do_not_show_what_stays() -> None:
    values = [MIB * float(n % 20 + n // 3) for n in range(60)][:45]
    assert classify([float(n) for n in range(45)], values, FLOOR).kind in (None, "steady")


def test_nothing() -> None:
    assert classify([], [], FLOOR) == Course("steady", 0, 0.0, 0.0, 0.0)
