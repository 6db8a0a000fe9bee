"""Which pages of a region came between two looks, and which of them to read."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from jinmaek.tasks.process_memory import PAGE, PRESENT, SWAPPED, Pages

PIECE = 16
"""Pages read in one go: a string may cross a page, and is cut where a piece ends."""
HERE = bytes(1 if value & PRESENT else 0 for value in range(256))
HELD = bytes(1 if value & (PRESENT | SWAPPED) else 0 for value in range(256))
RUN = re.compile(b"\x01+")

Range = tuple[int, int]
"""An address and a size, in bytes."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to read of a region."""

    ranges: tuple[Range, ...]
    new: bool
    """Pages that were neither in RAM nor in swap at the first look; otherwise any that are in RAM."""
    of: int
    """Bytes there are of the kind."""


def came(before: Sequence[Pages], now: Sequence[Pages]) -> list[Range]:
    """Runs of pages in RAM now that were neither in RAM nor in swap before; both sorted by address."""
    starts = [start for start, _ in before]
    found = []
    for start, states in now:
        here = int.from_bytes(states.translate(HERE), "little")
        held = int.from_bytes(_overlaid(before, starts, start, len(states)), "little")
        found += _runs(start, (here & ~held).to_bytes(len(states), "little"))
    return found


def present(now: Sequence[Pages]) -> list[Range]:
    """Runs of pages in RAM."""
    return [run for start, states in now for run in _runs(start, states.translate(HERE))]


def choose(runs: Sequence[Range], budget: int, *, new: bool) -> Chosen:
    """At most ``budget`` bytes of the runs in pieces spread evenly over them, the last one included."""
    of = sum(size for _, size in runs)
    step = PIECE * PAGE
    pieces = [
        (at, min(step, start + size - at)) for start, size in runs for at in range(start, start + size, step)
    ]
    taken: list[Range] = []
    left = budget - budget % PAGE
    count = min(len(pieces), max(1, len(pieces) * left // of)) if of else 0
    # From the end: what was mapped last is where a heap grows.
    for n in range(count):
        if left <= 0:
            break
        address, size = pieces[-1 - n * len(pieces) // count]
        taken.append((address, min(size, left)))
        left -= size
    return Chosen(tuple(reversed(taken)), new, of)


def _overlaid(before: Sequence[Pages], starts: Sequence[int], start: int, count: int) -> bytes:
    """A byte for each of ``count`` pages from ``start``: 1 where it was held in the earlier look."""
    end = start + count * PAGE
    states = bytearray(count)
    for at in range(max(0, bisect_right(starts, start) - 1), len(before)):
        base, known = before[at]
        if base >= end:
            break
        low, high = max(start, base), min(end, base + len(known) * PAGE)
        if low < high:
            part = known[(low - base) // PAGE : (high - base) // PAGE]
            states[(low - start) // PAGE : (high - start) // PAGE] = part.translate(HELD)
    return bytes(states)


def _runs(start: int, flags: bytes) -> list[Range]:
    return [(start + run.start() * PAGE, (run.end() - run.start()) * PAGE) for run in RUN.finditer(flags)]
