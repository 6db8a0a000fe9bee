"""Allocators known by where they put their memory: glibc's arenas, and the heap a JVM reserves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinmaek.kernel.pid_smaps import Vma

HEAP_MAX_SIZE = 64 << 20
"""glibc malloc/arena.c on 64-bit machines: every heap of an arena but the main one is aligned to it."""
GO_ARENAS = range(0xC0 << 32, 0xD0 << 32)
"""Where the Go runtime asks for its arenas on 64-bit machines (runtime/malloc.go mallocinit)."""
COMPRESSED = 1 << 35
"""Below this a JVM addresses its heap with 32 bits (UseCompressedOops), and puts it there if it fits."""
SMALLEST_JAVA_HEAP = 2 << 20


def is_anonymous(vma: Vma) -> bool:
    """Private memory without a file and without a name."""
    return not vma.path and not vma.inode and vma.perms[3] == "p"


def touching(before: Vma | None, vma: Vma) -> bool:
    return before is not None and before.end == vma.start


def arenas(vmas: Sequence[Vma]) -> frozenset[int]:
    """Where glibc's heaps start: aligned, writable, and the rest up to the next boundary reserved.

    A heap that is full has no rest. It is taken for one where others beside it show that there are arenas.
    Go reserves its own arenas in the same way, at addresses of their own.
    """
    partly: set[int] = set()
    full: set[int] = set()
    n = 0
    while n < len(vmas):
        first = n
        if vmas[n].start % HEAP_MAX_SIZE or not _usable(vmas[n]) or vmas[n].start in GO_ARENAS:
            n += 1
            continue
        while n + 1 < len(vmas) and touching(vmas[n], vmas[n + 1]) and _usable(vmas[n + 1]):
            n += 1
        start, end = vmas[first].start, vmas[n].end
        boundary = -(-end // HEAP_MAX_SIZE) * HEAP_MAX_SIZE
        after = vmas[n + 1] if n + 1 < len(vmas) else None
        if end == boundary:
            full.add(start)
        elif (
            after is not None
            and touching(vmas[n], after)
            and is_anonymous(after)
            and after.perms.startswith("---")
            and after.end == boundary
        ):
            partly.add(start)
        n += 1
    return frozenset(partly | full) if partly else frozenset()


def _usable(vma: Vma) -> bool:
    return is_anonymous(vma) and vma.perms.startswith("rw")


def java_heap(vmas: Sequence[Vma], max_heap: int | None) -> tuple[int, int] | None:
    """The span a JVM has reserved for its heap, used or not; None where none stands out.

    It is as long as -Xmx where that is said; otherwise the longest below 32 GiB, or the longest of all.
    """
    skip = arenas(vmas)
    spans = [span for span in _spans(vmas, skip) if span[1] - span[0] >= SMALLEST_JAVA_HEAP]
    if max_heap is not None:
        fitting = [span for span in spans if max_heap <= span[1] - span[0] <= max_heap * 1.1 + (32 << 20)]
        if fitting:
            return min(fitting, key=lambda span: span[1] - span[0])
    low = [span for span in spans if span[1] <= COMPRESSED]
    return max(low or spans, key=lambda span: span[1] - span[0], default=None)


def _spans(vmas: Sequence[Vma], arena_starts: frozenset[int]) -> Iterator[tuple[int, int]]:
    """Unbroken runs of anonymous memory, reserved or used, and the class archive mapped into it."""
    start = end = 0
    for vma in vmas:
        in_run = is_anonymous(vma) or vma.path.endswith(".jsa")
        if not in_run or vma.start != end or vma.start in arena_starts:
            if end > start:
                yield start, end
            start = end = vma.start
        if in_run and vma.start not in arena_starts:
            end = vma.end
        else:
            start = end = 0
    if end > start:
        yield start, end
