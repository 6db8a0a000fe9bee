"""Numbers as people read them."""

from __future__ import annotations

import pytest

from jinmaek.views.units import amount, span


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0, "bytes", "0 B"),
        (1023, "bytes", "1023 B"),
        (1536, "bytes", "1.5 KiB"),
        (-3 * 1024**3, "bytes", "-3.0 GiB"),
        (2**90, "bytes", f"{2**90 / 2**60:.1f} EiB"),
        (2048, "bytes/s", "2.0 KiB/s"),
        (0.984, "ratio", "98.4 %"),
        (0.012, "seconds", "12.0 ms"),
        (0.000012, "seconds", "12 µs"),
        (90, "seconds", "90.0 s"),
        (7199, "seconds", "7199.0 s"),
        (5400 * 4, "seconds", "6.0 h"),
        (812.4, "pages/s", "812 pages/s"),
        (4, "count", "4"),
        (4.5, "count", "4.50"),
        (12345, "count/s", "12,345/s"),
        (float("nan"), "bytes", "?"),
    ],
)
def test_amount(value: float, unit: str, shown: str) -> None:
    assert amount(value, unit) == shown


@pytest.mark.parametrize(
    ("seconds", "en", "ko"),
    [
        (5.04, "5.0 s", "5.0초"),
        (125, "2 min 5 s", "2분 5초"),
        (7260, "2 h 1 min", "2시간 1분"),
        (90000, "1 d 1 h", "1일 1시간"),
    ],
)
def test_span(seconds: float, en: str, ko: str) -> None:
    assert (span(seconds, "en"), span(seconds, "ko")) == (en, ko)
