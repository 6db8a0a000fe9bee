"""Mappings grouped into the regions a person names: the heap, arenas, stacks, memfds, files, the rest.

A mapping splits and merges from one look to the next (mprotect, a neighbour that comes or goes), a region
does not: all looks are grouped together, and each mapping of each look belongs to exactly one region.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from jinmaek.accounts.heap.layout import GO_ARENAS, HEAP_MAX_SIZE, arenas, is_anonymous, java_heap, touching
from jinmaek.kernel.pid_smaps import Vma

Kind = Literal[
    "heap", "arena", "java-heap", "go-heap", "v8-heap", "named", "anonymous", "stack", "thread-stack",
    "memfd", "shm", "sysv", "shared-anonymous", "hugetlb", "file", "kernel",
]  # fmt: skip
SHARED: tuple[Kind, ...] = ("memfd", "shm", "sysv", "shared-anonymous")
"""Regions of tmpfs: memory without a file on a disk, that is not anonymous in smaps."""

SHM = "/dev/shm/"  # noqa: S108 - the tmpfs of shm_open(3), compared with and never opened
KIB = 1 << 10
MIB = 1 << 20
NEAR = 4 * MIB
"""Anonymous mappings this close are one region: mmap fills the address space downwards, libraries between."""
GUARD = 64 * KIB
STACKS = (64 * KIB, 64 * MIB)
V8_PAGE = 256 * KIB


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sums over the mappings of a region in one look, in bytes."""

    rss: int = 0
    pss: int = 0
    anonymous: int = 0
    swap: int = 0
    lazy_free: int = 0
    """Given back with MADV_FREE: still in RSS, the kernel takes it when it needs it."""
    huge: int = 0
    """Of ``anonymous``, in transparent huge pages."""
    hugetlb: int = 0
    """Not part of ``rss``."""


@dataclass(frozen=True, slots=True)
class Region:
    """``start`` and ``end`` span its mappings; between them there may be mappings of other regions."""

    kind: Kind
    name: str
    start: int
    end: int
    mappings: tuple[Vma, ...]
    """As they are in the last look."""
    first: Sizes
    last: Sizes
    sure: bool = True
    """False where the kind is told by shape alone: thread stacks."""

    @property
    def growth(self) -> int:
        """Bytes by which what is its own grew, in RAM and in swap together: reclaim cannot hide it."""
        return own(self.kind, self.last) - own(self.kind, self.first)

    @property
    def cache_growth(self) -> int:
        """Bytes by which mapped page cache of a file grew: not the process' own memory."""
        if self.kind != "file":
            return 0
        return (self.last.rss - self.last.anonymous) - (self.first.rss - self.first.anonymous)


def own(kind: Kind, sizes: Sizes) -> int:
    """Bytes nobody can take back without the process: in RAM or swap, less what it gave back lazily."""
    resident = sizes.rss if kind in SHARED else sizes.anonymous
    return resident + sizes.swap + sizes.hugetlb - sizes.lazy_free


Key = tuple[Kind, str]
ARENA: Key = ("arena", "")
REST: Key = ("anonymous", "")
"""Told apart by address, over all looks."""


def group(
    looks: Sequence[Sequence[Vma]],
    runtime: str,
    pointers: Sequence[int] = (),
    max_heap: int | None = None,
) -> tuple[Region, ...]:
    """The regions of the first and the last look, largest growth first.

    ``pointers`` are the sorted stack pointers of its threads, ``max_heap`` is what -Xmx says.
    """
    heaps = frozenset[int]().union(*(arenas(look) for look in looks))
    java = java_heap(looks[-1], max_heap) if runtime == "jvm" else None
    labelled = [_labels(look, runtime, pointers, heaps, java) for look in looks]
    rest = [
        (vma.start, vma.end)
        for look, keys in zip(looks, labelled, strict=True)
        for vma, key in zip(look, keys, strict=True)
        if key == REST
    ]
    clusters = _clusters(rest)
    starts = [start for start, _ in clusters]
    members: dict[Key, list[list[Vma]]] = {}
    for at, (look, keys) in enumerate(zip(looks, labelled, strict=True)):
        for vma, key in zip(look, keys, strict=True):
            if key is None:
                continue
            name = key[1]
            if key == REST:
                start, end = clusters[bisect_right(starts, vma.start) - 1]
                name = f"{start:x}-{end:x}"
            members.setdefault((key[0], name), [[] for _ in looks])[at].append(vma)
    found = [_region(key, held, pointers) for key, held in members.items()]
    return tuple(sorted(found, key=lambda one: (-one.growth, -own(one.kind, one.last), one.start)))


def _region(key: Key, held: list[list[Vma]], pointers: Sequence[int]) -> Region:
    kind, name = key
    every = [vma for look in held for vma in look]
    return Region(
        kind=kind,
        name=name,
        start=min(vma.start for vma in every),
        end=max(vma.end for vma in every),
        mappings=tuple(held[-1]),
        first=_sum(held[0]),
        last=_sum(held[-1]),
        sure=kind != "thread-stack" or all(_holds(vma, pointers) for vma in held[-1]),
    )


def _sum(vmas: Iterable[Vma]) -> Sizes:
    total = dict.fromkeys(
        ("Rss", "Pss", "Anonymous", "Swap", "LazyFree", "AnonHugePages", "Shared_Hugetlb", "Private_Hugetlb"),
        0,
    )
    for vma in vmas:
        for name in total:
            total[name] += vma.sizes.get(name, 0)
    return Sizes(
        rss=total["Rss"],
        pss=total["Pss"],
        anonymous=total["Anonymous"],
        swap=total["Swap"],
        lazy_free=total["LazyFree"],
        huge=total["AnonHugePages"],
        hugetlb=total["Shared_Hugetlb"] + total["Private_Hugetlb"],
    )


def _clusters(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start - merged[-1][1] <= NEAR:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _labels(
    vmas: Sequence[Vma],
    runtime: str,
    pointers: Sequence[int],
    heaps: Collection[int],
    java: tuple[int, int] | None,
) -> list[Key | None]:
    """The region of each mapping; nothing for address space that is only reserved."""
    keys: list[Key | None] = []
    for n, vma in enumerate(vmas):
        before = vmas[n - 1] if n else None
        if not is_anonymous(vma):
            keys.append(_named(vma))
        elif vma.perms.startswith("---") and not vma.sizes.get("Rss") and not vma.sizes.get("Swap"):
            keys.append(None)
        elif java and java[0] <= vma.start < java[1]:
            keys.append(("java-heap", ""))
        elif vma.start in heaps or (
            keys and keys[-1] == ARENA and touching(before, vma) and vma.start % HEAP_MAX_SIZE
        ):
            keys.append(ARENA)
        elif runtime == "go" and vma.start in GO_ARENAS:
            keys.append(("go-heap", ""))
        elif _is_stack(before, vma, pointers):
            keys.append(("thread-stack", ""))
        elif runtime == "node" and vma.start % V8_PAGE == 0:
            keys.append(("v8-heap", ""))
        else:
            keys.append(REST)
    return keys


def _named(vma: Vma) -> Key:
    """By what the kernel prints after the inode (fs/proc/task_mmu.c show_map_vma)."""
    path = vma.path
    plain = path.removesuffix(" (deleted)")
    if path.startswith(("[anon:", "[anon_shmem:")):
        name = path.partition(":")[2].removesuffix("]")
        if name.strip().startswith("Go: heap"):
            return "go-heap", ""
        return ("named", name) if path.startswith("[anon:") else ("shared-anonymous", name)
    if path in ("[heap]", "[stack]"):
        return ("heap", "") if path == "[heap]" else ("stack", "")
    if path.startswith("["):
        return "kernel", path
    if plain == "/anon_hugepage" or vma.sizes.get("Private_Hugetlb") or vma.sizes.get("Shared_Hugetlb"):
        return "hugetlb", plain
    if plain == "/dev/zero" and vma.perms.endswith("s"):
        return "shared-anonymous", ""
    if path.startswith("/SYSV") and not vma.major:
        return "sysv", str(vma.inode)
    if path.startswith("/memfd:"):
        return "memfd", plain.removeprefix("/memfd:")
    return ("shm" if path.startswith(SHM) else "file"), path


def _is_stack(before: Vma | None, vma: Vma, pointers: Sequence[int]) -> bool:
    """A thread's stack pointer is in it, or it has the shape: a small guard below, writable, not code."""
    size = vma.end - vma.start
    if "x" in vma.perms or "w" not in vma.perms or size > STACKS[1]:
        return False
    if _holds(vma, pointers):
        return True
    return (
        before is not None
        and size >= STACKS[0]
        and touching(before, vma)
        and before.perms.startswith("---")
        and is_anonymous(before)
        and before.end - before.start <= GUARD
    )


def _holds(vma: Vma, pointers: Sequence[int]) -> bool:
    at = bisect_left(pointers, vma.start)
    return at < len(pointers) and pointers[at] < vma.end
