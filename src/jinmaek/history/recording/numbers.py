"""Numbers as whole numbers without loss, and whole numbers as few bytes.

The kernel tells times in ticks, micro- or nanoseconds, and readers divide once. A ``code`` says how; the
number before the division is what is stored, and only where dividing it again gives the same float to the
last bit.
"""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import accumulate, pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Value = float | str | None
    """What a reader says: an int, a float, a text, or None."""
    Coded = float | str | list[int] | None
    """An int is a number under its code; a float is exact; [n] is an int where floats are usual."""

PLAIN, BITS, CENTS, SHARE, MILLI, MICRO, TASK_NANO, NANO = 0, 1, 2, 3, 4, 5, 6, 7
"""Codes. Append-only: recordings hold them."""
DECODE: Mapping[int, Callable[[int], float]] = {
    PLAIN: lambda n: n,
    BITS: lambda n: struct.unpack("<d", n.to_bytes(8, "little", signed=True))[0],
    CENTS: lambda n: n / 100,
    SHARE: lambda n: n / 100 / 100,
    MILLI: lambda n: n / 1_000,
    MICRO: lambda n: n / 1_000_000,
    TASK_NANO: lambda n: n * 1e-9,
    NANO: lambda n: n / 1_000_000_000,
}
"""From the stored number to the value."""
DIVISORS: Mapping[int, float] = {PLAIN: 1, CENTS: 100, MILLI: 1_000, MICRO: 1_000_000, NANO: 1_000_000_000}
"""The codes that are one division. Large whole numbers are rounded as ``float`` does."""
_TIMES = {CENTS: 100, SHARE: 10_000, MILLI: 1_000, MICRO: 1_000_000, TASK_NANO: 1e9, NANO: 1_000_000_000}
FINEST = (NANO, SHARE, TASK_NANO, BITS)
"""What is tried, in this order: the first holds all that the decimal codes hold."""
COARSER = ((CENTS, 10_000_000), (MILLI, 1_000_000), (MICRO, 1_000))
"""Decimal codes, and by what a number of nanoseconds is divided for them."""
LARGEST = 1 << 63


def number(value: float, code: int) -> int | None:
    """The whole number that stands for a float; None where this code loses something."""
    if code == BITS:
        return int.from_bytes(struct.pack("<d", value), "little", signed=True)
    try:
        n = round(value * _TIMES[code])
    except (OverflowError, ValueError):  # infinite, or not a number
        return None
    if DECODE[code](n) != value or not -LARGEST <= n < LARGEST or (n == 0 and str(value) != "0.0"):
        return None
    return n


def code_for(values: Iterable[Value], tried: Sequence[int] = FINEST) -> int:
    """The code under which most of the floats among the values are whole numbers; ``PLAIN`` of ints."""
    floats = [value for value in values if isinstance(value, float)]
    if not floats:
        return PLAIN
    misfits = [sum(number(value, code) is None for value in floats) for code in tried]
    least = min(misfits[:-1])
    # Bits compress badly: a few values in their own way are better.
    return tried[misfits.index(least)] if least * 10 <= len(floats) else tried[-1]


def encode(value: Value, code: int) -> Coded:
    """A value under a code, or as it is where that would lose something."""
    if isinstance(value, float):
        n = None if code == PLAIN else number(value, code)
        return value if n is None else n
    if isinstance(value, int):
        return value if code == PLAIN else [value]
    return value


def decode(coded: Coded, code: int) -> Value:
    """The value that was encoded, of the same type and to the last bit."""
    if isinstance(coded, int):
        return DECODE[code](coded)
    return coded[0] if isinstance(coded, list) else coded


def coarsened(numbers: Sequence[int], code: int) -> tuple[int, Sequence[int]]:
    """The same values under the coarsest decimal code: fewer digits."""
    if code == NANO:
        for coarser, factor in COARSER:
            if not any(n % factor for n in numbers):
                return coarser, [n // factor for n in numbers]
    return code, numbers


TYPES = {1: "b", 2: "h", 4: "i", 8: "q"}
"""Array types by bytes of an item."""
assert all(array(kind).itemsize == size for size, kind in TYPES.items())


def pack(numbers: Sequence[int]) -> tuple[int, bytes]:
    """Signed 64-bit numbers in as few bytes as the largest needs: that width, and the bytes by significance.

    All lowest bytes come first, then all second ones: alike stands beside alike, which compresses well.
    """
    most = max(max(numbers, default=0), ~min(numbers, default=0))
    if not most:
        if not any(numbers):
            return 0, b""
        most = 1
    width = 1 if most < 1 << 7 else 2 if most < 1 << 15 else 4 if most < 1 << 31 else 8
    data = array(TYPES[width], numbers)
    if sys.byteorder == "big":
        data.byteswap()
    flat = data.tobytes()
    return width, b"".join([flat[at::width] for at in range(width)])


def unpack(width: int, planes: bytes, count: int) -> array[int]:
    """What ``pack`` made of so many numbers. Raises ``ValueError`` of bytes that it did not make."""
    if not width:
        return array("b", bytes(count))
    if width not in TYPES or len(planes) != width * count:
        raise ValueError("not so many numbers")
    flat = bytearray(width * count)
    for at in range(width):
        flat[at::width] = planes[at * count : (at + 1) * count]
    data = array(TYPES[width])
    data.frombytes(bytes(flat))
    if sys.byteorder == "big":
        data.byteswap()
    return data


def wrapped(n: int) -> int:
    """A number modulo 2^64, from -2^63: differences are taken so."""
    return n if -LARGEST <= n < LARGEST else (n + LARGEST) % (2 * LARGEST) - LARGEST


def steps(numbers: Sequence[int]) -> list[int]:
    """Differences from each number to the next."""
    return [b - a for a, b in pairwise(numbers)]


def climb(first: int, differences: Iterable[int]) -> list[int]:
    """The numbers that start with ``first`` and have these differences."""
    return list(accumulate(differences, initial=first))
