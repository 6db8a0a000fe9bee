"""Text that is repeated in memory, counted; and its shape, which shows what it is like and not what it says.

Texts that differ in digits alone, or in a run of 8 hexadecimal digits or more, are counted as one: the
objects of a leak have serial numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

SHORTEST = 6
LONGEST = 256
"""Characters by which texts are told apart, and the most that is shown of one."""
MOST = 10
SHARE = 0.001
"""Of all bytes, that a text must take to be named."""
DISTINCT = 50_000
"""Texts counted at a time; where there are more, those seen once so far are dropped before going on."""
CLEAR = 3
CLEAR_FROM = 16
"""The first ``CLEAR`` characters are shown of texts at least this long: less than a fifth of it."""

PRINTABLE = bytes(range(0x20, 0x7F))
NARROW = re.compile(rb"[\x20-\x7e]{%d,}" % SHORTEST)
WIDE = re.compile(rb"(?:[\x20-\x7e]\x00){%d,}" % SHORTEST)
SERIAL = re.compile(rb"(?=[a-fA-F]*9)[9a-fA-F]{8,}(?:-[9a-fA-F]{4,})*|9+")
BETWEEN = re.compile(rb'[ ,;{}\[\]"]+')
DIGITS = bytes(0x39 if 0x30 <= value <= 0x39 else value for value in range(256))
"""Every digit becomes a 9."""

Encoding = Literal["ascii", "utf-16le"]
Key = tuple[Encoding, bytes]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A text, or texts that differ in serial numbers, and how often it was seen."""

    shape: str
    text: str | None
    """One of them as it stands in memory; None unless content was asked for."""
    encoding: Encoding
    length: int
    """Characters of that one."""
    count: int
    bytes: int
    """All of them together."""


@dataclass(slots=True)
class _Tally:
    found: bytes
    """The first of them as in memory, its digits nines."""
    count: int = 0
    bytes: int = 0


def repeated(pieces: Sequence[bytes], *, content: bool) -> tuple[Repeated, ...]:
    """The ``MOST`` that take most room among those seen more than once. What a piece cuts off is left out."""
    tallies: dict[Key, _Tally] = {}
    for piece in pieces:
        data = piece.translate(DIGITS)
        _count(tallies, "ascii", _words(NARROW.findall(data.strip(PRINTABLE) or data)))
        _count(tallies, "utf-16le", WIDE.findall(data))
        if len(tallies) > DISTINCT:
            tallies = {key: tally for key, tally in tallies.items() if tally.count > 1}
    least = SHARE * sum(map(len, pieces))
    often = [(key, tally) for key, tally in tallies.items() if tally.count > 1 and tally.bytes >= least]
    often.sort(key=lambda item: (-item[1].bytes, item[0]))
    return tuple(
        Repeated(
            shape=shape(_text(encoding, tally.found)),
            text=_text(encoding, _original(pieces, tally.found)) if content else None,
            encoding=encoding,
            length=len(tally.found) // (2 if encoding == "utf-16le" else 1),
            count=tally.count,
            bytes=tally.bytes,
        )
        for (encoding, _), tally in often[:MOST]
    )


def shape(text: str) -> str:
    """``x`` for a small letter, ``X`` for a capital, ``9`` for a digit; a long one keeps its first letters.

    Signs and blanks stay: they tell a path from a log line from a number.
    """
    clear = CLEAR if len(text) >= CLEAR_FROM else 0
    return "".join(
        "9" if c.isdigit() else c if n < clear or not c.isalpha() else "x" if c.islower() else "X"
        for n, c in enumerate(text)
    )


def _count(tallies: dict[Key, _Tally], encoding: Encoding, found: Iterable[bytes]) -> None:
    step = 2 if encoding == "utf-16le" else 1
    for text, count in Counter(found).items():
        key = (encoding, SERIAL.sub(b"9", text[: LONGEST * step : step]))
        tally = tallies.get(key)
        if tally is None:
            tally = tallies[key] = _Tally(text)
        tally.count += count
        tally.bytes += count * len(text)


def _words(found: Sequence[bytes]) -> Iterator[bytes]:
    """Texts as they are; one without an end in sight in its words, as of JSON or a log in one line."""
    for text in found:
        if len(text) <= LONGEST:
            yield text
        else:
            yield from (word for word in BETWEEN.split(text) if len(word) >= SHORTEST)


def _original(pieces: Sequence[bytes], found: bytes) -> bytes:
    """A text with its own digits, from the first place that has it."""
    for piece in pieces:
        at = piece.translate(DIGITS).find(found)
        if at >= 0:
            return piece[at : at + len(found)]
    return found


def _text(encoding: Encoding, found: bytes) -> str:
    return found[:: 2 if encoding == "utf-16le" else 1][:LONGEST].decode("ascii")
