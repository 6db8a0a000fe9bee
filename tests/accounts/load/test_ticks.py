"""Counts recovered from load averages, over the kernel's own arithmetic."""

from __future__ import annotations

import random

import pytest

from jinmaek.accounts.load.ticks import PERIOD, Reading, average, counted, ticks

FIXED, EXP = 2048, 1884


def kernel(load: int, active: int) -> int:
    """calc_load() of include/linux/sched/loadavg.h, in fixed point."""
    active *= FIXED
    new = load * EXP + active * (FIXED - EXP)
    if active >= load:
        new += FIXED - 1
    return new // FIXED


def shown(load: int) -> float:
    """As /proc/loadavg prints it: fs/proc/loadavg.c, LOAD_INT and LOAD_FRAC."""
    load += FIXED // 200
    return (load >> 11) + (((load & (FIXED - 1)) * 100) >> 11) / 100


@pytest.mark.parametrize("seed", range(20))
def test_every_count_is_recovered_exactly(seed: int) -> None:
    chance = random.Random(seed)
    load = chance.randrange(100 * FIXED)
    for _ in range(300):
        active = chance.choice((0, 1, 2, chance.randrange(10), chance.randrange(3000)))
        new = kernel(load, active)
        assert counted(shown(load), shown(new)) == (active, True)
        load = new


def test_values_that_are_not_successive_give_no_whole_count() -> None:
    load = kernel(kernel(5 * FIXED, 9), 2)
    found, exact = counted(5.0, shown(load))
    assert not exact
    assert found == pytest.approx((shown(load) - 5 * EXP / FIXED) / (1 - EXP / FIXED), abs=0.01)


@pytest.mark.parametrize("seed", range(10))
def test_updates_are_found_whether_they_change_the_value_or_not(seed: int) -> None:
    chance = random.Random(seed)
    load, period = FIXED * chance.randrange(4), chance.choice((5.001, 5.004, 5.01))
    phase = chance.random() * period
    counts: list[int] = []
    readings, moment, due = [], 1000.0, 1000.0 + phase
    active = chance.randrange(4)
    while moment < 1100:
        while moment >= due:
            if chance.random() < 0.3:
                active = chance.randrange(4)
            load = kernel(load, active)
            counts.append(active)
            due += period
        readings.append(Reading(moment, shown(load)))
        moment += 0.2
    found = ticks(readings)
    # The first may lie before the first reading, the last may just not have been seen.
    assert [tick.count for tick in found] in (counts, counts[1:], counts[:-1])
    assert all(tick.exact for tick in found)


def test_a_load_that_rests() -> None:
    still = [Reading(100 + n, 2.0) for n in range(12)]
    assert [(tick.count, tick.exact) for tick in ticks(still)] == [(2, True), (2, True)]
    assert ticks([]) == []
    assert ticks([Reading(1.0, 2.0)]) == []
    assert ticks([Reading(1.0, 2.0), Reading(2.0, 2.0)]) == []


def test_what_load1_becomes() -> None:
    assert average(0.0, [(60, 10)]) == pytest.approx(10 * (1 - (EXP / FIXED) ** (60 / PERIOD)))
    assert average(8.0, [(1, 8)] * 100) == pytest.approx(8)
    load = 3 * FIXED
    for _ in range(36):
        load = kernel(load, 7)
    assert average(3.0, [(PERIOD, 7)] * 36) == pytest.approx(load / FIXED, rel=0.01)
