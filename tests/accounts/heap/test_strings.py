"""Repeated texts are counted, grouped by serial number, and redacted."""

from __future__ import annotations

import os
import uuid

from hypothesis import given
from hypothesis import strategies as st

from jinmaek.accounts.heap.strings import CLEAR, CLEAR_FROM, SHORTEST, repeated, shape


def test_the_planted_text_is_first_and_counted() -> None:
    piece = b"\0".join(b"" + os.urandom(3) + b"\0session=%08d" % n for n in range(5000)) + b"\0"
    (first, *_) = repeated([piece], content=True)
    assert first.text is not None
    assert first.text.startswith("session=000")
    assert (first.shape, first.count, first.length, first.bytes) == ("sesxxxx=99999999", 5000, 16, 80_000)


def test_serial_numbers_of_any_kind_are_one_text() -> None:
    numbers = b"\0".join(b"item-%d" % n for n in range(1000))
    assert [one.count for one in repeated([b"\0" + numbers + b"\0"], content=False)] == [1000]
    ids = b"\0".join(b"user/%s/cart" % str(uuid.UUID(int=n << 64 | n * 7919)).encode() for n in range(1000))
    (first, *_) = repeated([b"\0" + ids + b"\0"], content=False)
    assert first.count >= 990


def test_other_texts_are_told_apart() -> None:
    data = b"\0" + b"alpha-record\0" * 30 + b"beta-record\0" * 20 + b"gamma1\0" + b"short\0" * 99
    found = repeated([data], content=True)
    assert [(one.text, one.count) for one in found] == [("alpha-record", 30), ("beta-record", 20)]


def test_utf_16() -> None:
    data = (
        b"\0\0"
        + "geheim-12 ".encode("utf-16le") * 1
        + b"\0\0"
        + ("wide text".encode("utf-16le") + b"\1\2") * 50
    )
    (first, *_) = repeated([data], content=True)
    assert (first.text, first.encoding, first.length, first.count) == ("wide text", "utf-16le", 9, 50)
    assert first.bytes == 50 * 18


def test_redacted_unless_asked_for() -> None:
    data = b"\0" + b"password=hunter2-Hunter2\0" * 10
    (hidden,) = repeated([data], content=False)
    assert hidden.text is None
    assert hidden.shape == "pasxxxxx=xxxxxx9-Xxxxxx9"
    (shown,) = repeated([data], content=True)
    assert shown.text == "password=hunter2-Hunter2"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=SHORTEST, max_size=60))
def test_a_shape_shows_three_letters_at_most_and_no_digit(text: str) -> None:
    told = shape(text)
    assert len(told) == len(text)
    clear = CLEAR if len(text) >= CLEAR_FROM else 0
    assert not any(c.isalnum() and c not in "xX9" for c in told[clear:])
    assert not any(c.isdigit() and c != "9" for c in told)
    assert [c for c in told if not c.isalnum()] == [c for c in text if not c.isalnum()]


def test_texts_without_an_end_are_counted_by_word() -> None:
    line = b" ".join(b'{"tenant":"acme-corp","id":%d}' % n for n in range(2000))
    found = {one.text: one.count for one in repeated([line], content=True)}
    assert found["acme-corp"] == 2000


def test_a_text_cut_by_the_end_of_a_piece_is_left_out() -> None:
    pieces = [b"cut-off-here\0" + b"whole-text\0" * 5 + b"cut-off-here", b"cut-off-here\0"] * 3
    assert [one.text for one in repeated(pieces, content=True)] == ["whole-text"]


def test_very_many_different_texts_do_not_push_out_the_repeated_one() -> None:
    pieces = []
    for n in range(40):
        noise = b"\0".join(os.urandom(12).hex().encode() + b"Zz" for _ in range(2000))
        letters = noise.translate(bytes.maketrans(b"0123456789", b"ghijklmnop"))
        pieces.append(b"\0" + letters + b"\0" + b"the-needle-%d\0" % (n % 10) * 200)
    (first, *_) = repeated(pieces, content=True)
    assert first.text is not None
    assert first.text.startswith("the-needle-")
    assert first.count == 8000
