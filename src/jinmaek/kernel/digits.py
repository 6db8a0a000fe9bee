"""Numbers as the kernel prints them: ASCII digits and nothing else.

``int()`` and ``float()`` also take ``1_0``, ``٣``, ``nan``, ``1e999`` and digits without end, which no
kernel file holds; a value that passes here fits a float and a 64-bit word.
"""

from __future__ import annotations

from jinmaek.columns import Malformed

HEX = frozenset("0123456789abcdefABCDEF")


def unsigned(word: str, line: int) -> int:
    """A whole number of at most 20 digits (2**64 - 1 has 20); ``line`` is where it stands."""
    if len(word) > 20 or not (word.isdigit() and word.isascii()):
        raise Malformed(line, f"not an unsigned number: {word[:40]!r}")
    return int(word)


def hexadecimal(word: str, line: int) -> int:
    """A whole number of at most 16 hexadecimal digits, without ``0x``."""
    if not word or len(word) > 16 or not HEX.issuperset(word):
        raise Malformed(line, f"not a hexadecimal number: {word[:40]!r}")
    return int(word, 16)


def decimal(word: str, line: int) -> float:
    """A number with an optional fraction: ``0.21``."""
    whole, _, fraction = word.partition(".")
    digits = whole + fraction
    if not whole or len(word) > 40 or not (digits.isdigit() and digits.isascii()):
        raise Malformed(line, f"not a decimal number: {word[:40]!r}")
    return float(word)
