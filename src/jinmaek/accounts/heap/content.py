"""What a piece of memory is made of: zeros, text, pointers, numbers, or something compressed or encrypted."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jinmaek.accounts.heap.strings import PRINTABLE, Repeated, repeated
from jinmaek.kernel.pid_smaps import Vma

Class = Literal[
    "zeros: allocated but not used",
    "compressed or encrypted",
    "text",
    "pointer-rich objects",
    "numbers",
    "mixed",
]

ENOUGH = 1 << 20
"""Bytes of the sample, evenly spread, that are looked at word by word."""
LEAST = 1 << 16
"""Entropy of fewer bytes than this is no evidence: random bytes seem less so."""
ZEROS = 0.9
DENSE = 7.8
"""Bits in a byte. Text has 4 to 5.5, code 6, floating-point numbers up to 7.3, gzip and AES 7.9 and more."""
TEXT = 0.6
"""Printable bytes of those that are not 0."""
POINTERS = 0.25
"""Words that point into the process' own mappings, of those that are not 0. A list of a linked structure
has a third to a half; random words have none."""
NUMBERS = 0.5
SMALL = 1 << 24
EXPONENTS = (1023 - 40, 1023 + 40)
"""Of an IEEE double between 1e-12 and 1e12; 4 % of random words are in it."""


@dataclass(frozen=True, slots=True)
class Content:
    """Shares are from 0 to 1; None where the sample is empty."""

    sampled: int
    """Bytes."""
    start: int
    end: int
    new: bool
    """Whether these pages came between the looks."""
    of: int
    """Bytes there are of such pages in the region."""
    zero_share: float
    entropy_bits: float
    """In a byte: 0 to 8."""
    pointer_share: float
    """Of aligned words that are not 0."""
    printable_share: float
    """Of all bytes."""
    kind: Class
    strings: tuple[Repeated, ...]


def mapped(vmas: Sequence[Vma]) -> list[tuple[int, int]]:
    """Where a pointer may point to: the process' mappings, neighbours merged, reserved space left out."""
    merged: list[tuple[int, int]] = []
    for vma in vmas:
        if vma.perms.startswith("---") or vma.path == "[vsyscall]":
            continue
        if merged and merged[-1][1] == vma.start:
            merged[-1] = (merged[-1][0], vma.end)
        else:
            merged.append((vma.start, vma.end))
    return merged


def summarise(
    read: Sequence[tuple[int, bytes]],
    ranges: Sequence[tuple[int, int]],
    *,
    new: bool,
    of: int,
    content: bool,
) -> Content | None:
    """What was read, (address, bytes) sorted by address; ``ranges`` are those of ``mapped``."""
    pieces = _joined(read)
    sampled = sum(len(data) for _, data in pieces)
    if not sampled:
        return None
    zero = sum(data.count(0) for _, data in pieces)
    printable = sampled - sum(len(data.translate(None, PRINTABLE)) for _, data in pieces)
    stride = -(-sampled // ENOUGH)
    some = b"".join(data for _, data in read[::stride])
    words = array("I" if ranges and ranges[-1][1] <= 1 << 32 else "Q")
    words.frombytes(some[: len(some) - len(some) % words.itemsize])
    told = [word for word in words if word]
    pointing = _share(sum(_points(word, ranges) for word in told), len(told))
    entropy = _entropy(some)
    return Content(
        sampled=sampled,
        start=pieces[0][0],
        end=pieces[-1][0] + len(pieces[-1][1]),
        new=new,
        of=of,
        zero_share=zero / sampled,
        entropy_bits=entropy,
        pointer_share=pointing,
        printable_share=printable / sampled,
        kind=_class(
            zero_share=zero / sampled,
            entropy=entropy if len(some) >= LEAST else 0.0,
            text=_share(printable, sampled - zero),
            pointers=pointing,
            numbers=_share(sum(map(_is_number, told)), len(told)),
        ),
        strings=repeated([data for _, data in pieces], content=content),
    )


def _joined(read: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    runs: list[tuple[int, list[bytes]]] = []
    end = -1
    for address, data in read:
        if address == end:
            runs[-1][1].append(data)
        else:
            runs.append((address, [data]))
        end = address + len(data)
    return [(address, b"".join(parts)) for address, parts in runs]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _entropy(data: bytes) -> float:
    """Shannon's, of single bytes."""
    counts = Counter(data).values()
    return sum(-n / len(data) * math.log2(n / len(data)) for n in counts)


def _points(word: int, ranges: Sequence[tuple[int, int]]) -> bool:
    at = bisect_right(ranges, (word, 1 << 64)) - 1
    return at >= 0 and word < ranges[at][1]


def _is_number(word: int) -> bool:
    """A double of ordinary size, or one or two small 32-bit integers."""
    exponent = word >> 52 & 0x7FF
    if EXPONENTS[0] <= exponent <= EXPONENTS[1]:
        return True
    low, high = word & 0xFFFFFFFF, word >> 32
    return _is_small(low) and _is_small(high)


def _is_small(half: int) -> bool:
    return half < SMALL or half > (1 << 32) - SMALL


def _class(*, zero_share: float, entropy: float, text: float, pointers: float, numbers: float) -> Class:
    if zero_share >= ZEROS:
        return "zeros: allocated but not used"
    if entropy >= DENSE:
        return "compressed or encrypted"
    if text >= TEXT:
        return "text"
    if pointers >= POINTERS:
        return "pointer-rich objects"
    return "numbers" if numbers >= NUMBERS else "mixed"
