"""How much of a glibc heap is free and kept: its chunks counted one by one, in a copy.

malloc/malloc.c of glibc, the same since 2.3 on 64-bit machines: a chunk starts with the size of the one
before it and its own, whose lowest bit says whether the one before is in use. A heap of another allocator
does not read as a chain of chunks, and no answer is given. Chunks in a thread's cache (tcache) and in
fast bins look used.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jinmaek.accounts.heap.layout import HEAP_MAX_SIZE
from jinmaek.tasks.process_memory import PAGE

PREV_INUSE = 1
FLAGS = 7
ALIGN = 16
SMALLEST = 32
HEADERS = (0x30, 0x20)
"""Bytes of heap_info: since 2.35, and before."""
STATE = range(0x800, 0x900, 8)
"""How long malloc_state may be; it follows the header in the first heap of an arena."""
FENCE = 16
"""What a heap that was followed by another ends with."""
CHAIN = 8
"""Chunks in a row that cannot be a coincidence; fewer are taken for a heap where they end with it."""
WORD = struct.Struct("<Q")
HEADER = struct.Struct("<QQ")

Read = Callable[[int], bytes]
"""Memory from this address on, some of it; nothing where it is not to be had."""
Resident = Callable[[int, int], int]
"""Bytes in RAM of the whole pages between two addresses."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """Sums over chunks, in bytes."""

    walked: int = 0
    free: int = 0
    """In chunks between used ones."""
    resident: int = 0
    """Whole pages inside free chunks that are in RAM: what malloc_trim(3) could hand back."""
    top: int = 0
    """Whole pages in RAM at the end of the heap, kept for what comes next; not part of ``walked``."""
    count: int = 0

    def __add__(self, other: Chunks) -> Chunks:
        return Chunks(
            self.walked + other.walked,
            self.free + other.free,
            self.resident + other.resident,
            self.top + other.top,
            self.count + other.count,
        )


def main_heap(start: int, end: int, read: Read, resident: Resident) -> Chunks | None:
    """The brk heap; None where another allocator uses it."""
    return _walk(start, end, read, resident)


def arena_heap(start: int, read: Read, resident: Resident) -> Chunks | None:
    """A heap of an arena from its aligned start; None where its header is not one."""
    data = read(start)
    if start % HEAP_MAX_SIZE or len(data) < STATE.stop + max(HEADERS):
        return None
    state, size = _word(data, 0), _word(data, 16)
    if not PAGE <= size <= HEAP_MAX_SIZE:
        return None
    for header in HEADERS:
        if state == start + header:
            firsts = [header + length + -(header + length) % ALIGN for length in STATE]
        elif state % HEAP_MAX_SIZE == header:
            firsts = [header]
        else:
            continue
        for first in dict.fromkeys(firsts):
            found = _walk(start + first, start + size, read, resident)
            if found is not None:
                return found
    return None


def total(heaps: Sequence[Chunks | None]) -> Chunks | None:
    """The sum of those that could be read; None where none could."""
    known = [heap for heap in heaps if heap is not None]
    return sum(known, Chunks()) if known else None


def _word(data: bytes, at: int) -> int:
    word: int = WORD.unpack_from(data, at)[0]
    return word


def _walk(first: int, end: int, read: Read, resident: Resident) -> Chunks | None:
    """From chunk to chunk to the end of the heap, as far as the chain holds and can be read."""
    unpack = HEADER.unpack_from
    block, data = first, read(first)
    at, size = first, 0
    free = held = top = count = 0
    ended = False
    while at < end:
        place = at - block
        if not 0 <= place <= len(data) - 16:
            block, data = at, read(at)
            place = 0
            if len(data) < 16:
                break
        before, word = unpack(data, place)
        if count and not word & PREV_INUSE:
            if before != size:
                break
            free += size
            if size >= PAGE:
                held += resident(at - size + SMALLEST, at)
        size = word & ~FLAGS
        if at + size == end:
            top = resident(at + SMALLEST, end)
            ended = True
            break
        # A running program changes it under us: an odd size ends the walk, it does not spoil it.
        if size < SMALLEST or size % ALIGN or at + size > end:
            ended = size == FENCE
            break
        count += 1
        at += size
    sound = count >= CHAIN or (ended and count)
    return Chunks(at - first, free, held, top, count) if sound else None
