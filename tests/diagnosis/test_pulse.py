"""Which readings of a look take everything."""

from __future__ import annotations

import pytest

from jinmaek.diagnosis.pulse import whole_readings


@pytest.mark.parametrize(
    ("last", "interval", "whole"),
    [
        (5, 1.0, {0, 5}),
        (1, 0.1, {0, 1}),
        (10, 1.0, {0, 5, 10}),
        (12, 1.0, {0, 5, 12}),
        (60, 1.0, {*range(0, 61, 5)}),
        (4, 10.0, {0, 1, 2, 3, 4}),
        (120, 0.1, {0, 50, 120}),
    ],
)
def test_both_ends_and_some_between(last: int, interval: float, whole: set[int]) -> None:
    assert whole_readings(last, interval) == whole
