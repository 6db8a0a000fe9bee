"""What is read of one process beside its smaps: how large it is, its pages, its memory, who listens in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jinmaek import procfile
from jinmaek.accounts.heap import elf, runtime
from jinmaek.accounts.heap.malloc import Chunks, arena_heap, main_heap, total
from jinmaek.accounts.heap.pages import HERE, Chosen
from jinmaek.accounts.heap.regions import Region
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_status, pid_syscall
from jinmaek.kernel.pid_smaps import Vma
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.files import listing
from jinmaek.tasks.process_memory import PAGE, Pages, copy, pages
from jinmaek.tasks.watched import Mark, within

SPAN = 16 << 30
"""The most address space whose pages are asked for one by one, 1 byte of ours for each."""
BUDGET = 5.0
"""Seconds for each of page map, memory and malloc's heaps."""
HEAPS = 8
"""Of malloc's heaps the largest so many are walked."""
BLOCK = 1 << 14
THREADS = 256
RELEASE = 4096
LARGEST = 1 << 40
"""Offsets beyond it are no program's."""


class Copied(NamedTuple):
    """Memory by address, and why not all of it."""

    pieces: tuple[tuple[int, bytes], ...]
    gap: Gap | None


class Told(NamedTuple):
    """The page states of some ranges by address, and why not all of them."""

    states: tuple[Pages, ...]
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class Size:
    """What /proc/PID/status says at one moment; it takes no lock."""

    status: PidStatus
    text: str

    @property
    def own(self) -> int | None:
        """Bytes of its own: anonymous and shared memory in RAM, and what is in swap."""
        status = self.status
        if status.RssAnon is None or status.VmSwap is None:
            return None
        return status.RssAnon + (status.RssShmem or 0) + status.VmSwap


def size(root: Root, pid: int) -> Size:
    """Raises ``Unreadable`` and ``Malformed``."""
    text = procfile.read(root.path(f"proc/{pid}/status"))
    return Size(pid_status.parse(text), text)


def watched_ranges(vmas: Sequence[Vma]) -> tuple[list[tuple[int, int]], bool]:
    """The ranges whose pages may be of interest later, and whether they are too many."""
    ranges = [
        (vma.start, vma.end)
        for vma in vmas
        if not vma.perms.startswith("---")
        and (vma.sizes.get("Anonymous") or (vma.sizes.get("Rss") and not vma.path) or _is_shared(vma))
    ]
    return ranges, sum(end - start for start, end in ranges) > SPAN


def _is_shared(vma: Vma) -> bool:
    return vma.perms.endswith("s") and vma.path.startswith(("/memfd:", "/SYSV", "/dev/"))


def page_states(root: Root, pid: int, ranges: Sequence[tuple[int, int]]) -> Told:
    """Of every page of the ranges."""
    found: list[Pages] = []

    def work(mark: Mark) -> None:
        pages(root, pid, ranges, found, mark)

    missed = within(f"proc/{pid}/pagemap", work, budget=BUDGET)
    return Told(tuple(found), missed.gap() if missed else None)


def memory(root: Root, pid: int, chosen: Chosen) -> Copied:
    """What is at the ranges chosen."""
    found: list[tuple[int, bytes]] = []

    def work(mark: Mark) -> None:
        copy(root, pid, chosen.ranges, found, mark)

    missed = within(f"proc/{pid}/mem", work, budget=BUDGET)
    return Copied(tuple(found), missed.gap() if missed else None)


def malloc_heaps(
    root: Root, pid: int, regions: Sequence[Region], states: Sequence[Pages], budget: int
) -> Chunks | None:
    """The chunks of the largest glibc heaps, at most ``budget`` bytes read; None where none could be."""
    held = {start: flags.translate(HERE) for start, flags in states}
    heaps = sorted(
        (
            (vma, region.kind)
            for region in regions
            if region.kind in ("heap", "arena")
            for vma in region.mappings
        ),
        key=lambda item: -item[0].sizes.get("Anonymous", 0),
    )[:HEAPS]
    found: list[Chunks | None] = []

    def work(mark: Mark) -> None:
        for vma, kind in heaps:
            flags = held.get(vma.start, b"")
            left = [budget // len(heaps)]

            def read(at: int, vma: Vma = vma, flags: bytes = flags, left: list[int] = left) -> bytes:
                """From here to the end of the block, as far as its pages are in RAM and the budget goes."""
                first = (at - vma.start) // PAGE
                last = min(first + BLOCK // PAGE, len(flags))
                absent = flags.find(b"\0", first, last)
                end = vma.start + (last if absent < 0 else absent) * PAGE
                if not vma.start <= at < end or left[0] <= 0:
                    return b""
                left[0] -= end - at
                pieces: list[tuple[int, bytes]] = []
                copy(root, pid, [(at, end - at)], pieces, mark)
                return pieces[0][1] if pieces else b""

            def resident(start: int, end: int, vma: Vma = vma, flags: bytes = flags) -> int:
                low, high = -(-(start - vma.start) // PAGE), (end - vma.start) // PAGE
                return flags.count(b"\x01", low, high) * PAGE if low < high else 0

            if kind == "heap":
                found.append(main_heap(vma.start, vma.end, read, resident))
            else:
                found.append(arena_heap(vma.start, read, resident))

    within(f"proc/{pid}/mem", work, budget=BUDGET)
    return total(found)


def stack_pointers(root: Root, pid: int) -> tuple[int, ...]:
    """Of the threads that wait, sorted; fewer where the kernel does not tell."""
    found: list[int] = []
    folder = root.path(f"proc/{pid}/task")
    try:
        threads = listing(folder)[:THREADS]
    except procfile.Unreadable:
        return ()
    for tid in threads:
        try:
            pointer = pid_syscall.stack_pointer(procfile.read(f"{folder}/{tid}/syscall"))
        except (procfile.Unreadable, Malformed):
            continue
        if pointer is not None:
            found.append(pointer)
    return tuple(sorted(found))


def recognised(root: Root, pid: int, vmas: Sequence[Vma]) -> tuple[runtime.Runtime, Gap | None]:
    """What runs in the process; its program file is read as far as the section of Go's build information."""
    folder = root.path(f"proc/{pid}")
    files = [vma.path for vma in vmas if vma.inode]
    try:
        program = os.readlink(f"{folder}/exe")
        gap = None
    except OSError as error:
        why = procfile.REASONS.get(error.errno or 0)
        if why is None:
            raise
        program, gap = "", Gap(why, f"proc/{pid}/exe")
    go: list[str | None] = []
    release: list[str] = []
    home = runtime.java_home(files)

    def work(mark: Mark) -> None:
        with open(f"{folder}/exe", "rb", buffering=0) as file:

            def read(offset: int, length: int) -> bytes:
                mark()
                if offset >= LARGEST:
                    return b""
                file.seek(offset)
                return file.read(length) or b""

            go.append(elf.go_version(read))
        if home is not None:
            mark()
            with open(f"{folder}/root{home}/release", "rb", buffering=0) as file:
                release.append(file.read(RELEASE).decode("utf-8", "replace"))

    def opened(mark: Mark) -> None:
        try:
            work(mark)
        except OSError:
            mark()  # no program file, or an installation without a release file: nothing is told by it

    within(f"proc/{pid}/exe", opened, budget=BUDGET)
    return (
        runtime.recognise(program, files, go[0] if go else None, release[0] if release else None),
        gap,
    )
