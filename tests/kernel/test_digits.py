"""Numbers as the kernel prints them."""

from __future__ import annotations

import pytest

from jinmaek.columns import Malformed
from jinmaek.kernel.digits import decimal, hexadecimal, unsigned


def test_numbers() -> None:
    assert unsigned("0", 1) == 0
    assert unsigned("18446744073709551615", 1) == 2**64 - 1
    assert hexadecimal("ffffffffffffffff", 1) == 2**64 - 1
    assert hexadecimal("0000000A", 1) == 10
    assert decimal("0.21", 1) == 0.21
    assert decimal("7", 1) == 7
    assert decimal("7.", 1) == 7


@pytest.mark.parametrize("word", ["", "-1", "+1", "1_0", "٣", "²", "0x1f", "1.5", " 1", "9" * 21, "9" * 5000])
def test_words_that_are_no_whole_number(word: str) -> None:
    with pytest.raises(Malformed) as caught:
        unsigned(word, 7)
    assert caught.value.line == 7
    assert len(caught.value.why) < 80


@pytest.mark.parametrize(
    "word", ["", ".", ".5", "-0.1", "nan", "inf", "1e5", "1_0.0", "٣.٣", "1.2.3", "9" * 400]
)
def test_words_that_are_no_decimal(word: str) -> None:
    with pytest.raises(Malformed):
        decimal(word, 1)


@pytest.mark.parametrize("word", ["", "-1", "1_0", "0x1f", "g", "٣", "f" * 17])
def test_words_that_are_not_hexadecimal(word: str) -> None:
    with pytest.raises(Malformed):
        hexadecimal(word, 1)
