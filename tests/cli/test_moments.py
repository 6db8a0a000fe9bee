"""Moments as a user writes them."""

from __future__ import annotations

import time

import pytest

from jinmaek.cli.errors import Usage
from jinmaek.cli.moments import moment

END = time.mktime((2026, 11, 26, 4, 30, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("03:12", "2026-11-26 03:12:00"),
        ("03:12:40", "2026-11-26 03:12:40"),
        ("05:00", "2026-11-25 05:00:00"),
        ("yesterday 03:12", "2026-11-25 03:12:00"),
        ("yesterday 05:00", "2026-11-25 05:00:00"),
        ("2026-11-20 03:12", "2026-11-20 03:12:00"),
        ("2026-11-20T03:12:05", "2026-11-20 03:12:05"),
        ("2026-11-20", "2026-11-20 00:00:00"),
        ("2h", "2026-11-26 02:30:00"),
        ("-90m", "2026-11-26 03:00:00"),
        ("30s ago", "2026-11-26 04:29:30"),
        ("1.5d", "2026-11-24 16:30:00"),
    ],
)
def test_of_the_record(text: str, told: str) -> None:
    assert time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment(text, END))) == told


def test_seconds_since_the_epoch() -> None:
    assert moment("@1700000000.5", END) == 1700000000.5


@pytest.mark.parametrize("text", ["", "noon", "25:00", "2026-13-01", "2", "h", "@", "-", "@-1", "٣h"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(Usage):
        moment(text, END)
