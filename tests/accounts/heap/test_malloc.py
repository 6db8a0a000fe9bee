"""Chunks of glibc's malloc: a heap laid out by hand, and the real one of a process that frees."""

from __future__ import annotations

import struct
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from jinmaek.accounts.heap.layout import HEAP_MAX_SIZE
from jinmaek.accounts.heap.malloc import Chunks, arena_heap, main_heap, total
from jinmaek.tasks.process_memory import PAGE

BASE = 20 * HEAP_MAX_SIZE


def chain(sizes: list[tuple[int, bool]], top: int) -> bytes:
    """Chunks of these sizes, used or free, and the top chunk behind them."""
    data = bytearray()
    before_used, before_size = True, 0
    for size, used in [*sizes, (top, True)]:
        data += struct.pack("<QQ", 0 if before_used else before_size, size | before_used) + bytes(size - 16)
        before_used, before_size = used, size
    return bytes(data)


def reader(base: int, data: bytes, most: int = 4096) -> Callable[[int], bytes]:
    return lambda at: data[at - base : at - base + most] if base <= at else b""


def everything(start: int, end: int) -> int:
    low, high = -(-start // PAGE), end // PAGE
    return max(0, high - low) * PAGE


SIZES = st.lists(
    st.tuples(st.integers(2, 2000).map(lambda n: n * 16), st.booleans()), min_size=10, max_size=60
)


def apart(sizes: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
    """malloc merges free neighbours."""
    kept: list[tuple[int, bool]] = []
    for size, used in sizes:
        kept.append((size, used or (bool(kept) and not kept[-1][1])))
    return kept


@given(SIZES)
def test_free_chunks_are_counted(sizes: list[tuple[int, bool]]) -> None:
    chunks = apart(sizes)
    data = chain(chunks, 64)
    found = main_heap(0x10000, 0x10000 + len(data), reader(0x10000, data), everything)
    assert found is not None
    assert found.count == len(chunks)
    assert found.walked == sum(size for size, _ in chunks)
    assert found.free == sum(size for size, used in chunks if not used)


def test_whole_pages_of_free_chunks_and_the_top() -> None:
    data = chain([(32, True), (10 * PAGE, False), (32, True)], 4 * PAGE - 64)
    found = main_heap(BASE, BASE + len(data), reader(BASE, data), everything)
    # The ten pages begin and end within one: nine are whole. Of the top the header's is not.
    assert found == Chunks(walked=10 * PAGE + 64, free=10 * PAGE, resident=9 * PAGE, top=3 * PAGE, count=3)


def test_another_allocator_is_no_answer() -> None:
    assert main_heap(BASE, BASE + PAGE * 4, reader(BASE, bytes(PAGE * 4)), everything) is None
    junk = bytes(range(1, 255)) * 64
    assert main_heap(BASE, BASE + len(junk), reader(BASE, junk), everything) is None
    assert main_heap(BASE, BASE + PAGE, lambda at: b"", everything) is None


def test_heaps_of_arenas() -> None:
    body = chain([(48, True), (64, False)] * 20, 128)
    for header, first in ((0x30, 0x30 + 0x8A0), (0x20, 0x20 + 0x890), (0x30, 0x30)):
        # In the first heap the arena itself follows the header; a later one points back to it.
        state = BASE + header if first > 0x100 else 7 * HEAP_MAX_SIZE + header
        size = -(-(first + len(body)) // PAGE) * PAGE
        filled = chain([(48, True), (64, False)] * 20, 128 + size - first - len(body))
        head = struct.pack("<QQQQ", state, 0, size, size)
        data = head + bytes(first - len(head)) + filled
        found = arena_heap(BASE, reader(BASE, data), everything)
        assert found is not None, (header, first)
        assert (found.free, found.walked) == (20 * 64, 20 * 112)
    assert arena_heap(BASE, reader(BASE, bytes(HEAP_MAX_SIZE >> 8)), everything) is None
    assert arena_heap(BASE + PAGE, reader(BASE, data), everything) is None


def test_a_walk_that_cannot_go_on_keeps_what_it_saw() -> None:
    data = chain([(64, True)] * 100, 64)
    found = main_heap(BASE, BASE + len(data), reader(BASE, data[:3200]), everything)
    assert found is not None
    assert found.count == 50


def test_sums() -> None:
    assert total([None, None]) is None
    assert total([Chunks(1, 2, 3, 4, 5), None, Chunks(1, 1, 1, 1, 1)]) == Chunks(2, 3, 4, 5, 6)
