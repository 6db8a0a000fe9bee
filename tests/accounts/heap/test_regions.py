"""Real smaps of five runtimes, grouped; and regions that survive splits, merges and newcomers.

The files hold the Rss, Anonymous, LazyFree and Swap lines of one look at a small program on Linux 6.18.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.accounts.heap.made import vma

from jinmaek.accounts.heap.layout import arenas, java_heap
from jinmaek.accounts.heap.names import title
from jinmaek.accounts.heap.regions import Kind, Region, group, own
from jinmaek.kernel.pid_smaps import Vma, parse

SMAPS = Path(__file__).parent / "smaps"
KIB, MIB = 1 << 10, 1 << 20
HEAP = 64 * MIB


def captured(name: str) -> list[Vma]:
    return list(parse((SMAPS / f"{name}.txt").read_text()))


def by_kind(regions: tuple[Region, ...]) -> Mapping[Kind, Region]:
    return {one.kind: one for one in reversed(regions)}


def largest(name: str, runtime: str) -> list[Kind]:
    look = captured(name)
    ours = sorted(group([look, look], runtime), key=lambda one: own(one.kind, one.last), reverse=True)
    return [one.kind for one in ours[:3]]


def test_what_each_runtime_is_made_of() -> None:
    assert largest("cpython", "cpython") == ["anonymous", "heap", "file"]
    assert largest("node", "node") == ["v8-heap", "heap", "arena"]
    assert largest("jvm", "jvm")[:2] == ["java-heap", "arena"]
    assert largest("go", "go")[0] == "go-heap"
    assert largest("arenas", "native")[0] == "arena"


@pytest.mark.parametrize("name", ["cpython", "node", "jvm", "go", "arenas"])
def test_nothing_is_lost_or_counted_twice(name: str) -> None:
    look = captured(name)
    regions = group(
        [look, look], {"cpython": "cpython", "node": "node", "jvm": "jvm", "go": "go"}.get(name, "")
    )
    for size in ("Rss", "Anonymous", "Swap"):
        field = {"Rss": "rss", "Anonymous": "anonymous", "Swap": "swap"}[size]
        whole = sum(one.sizes.get(size, 0) for one in look)
        assert sum(getattr(one.last, field) for one in regions) == whole
    assert all(one.growth == 0 for one in regions)


def test_six_threads_six_arenas_six_stacks() -> None:
    look = captured("arenas")
    assert len(arenas(look)) == 6
    regions = by_kind(group([look, look], "native"))
    assert len(regions["arena"].mappings) == 6
    assert len(regions["thread-stack"].mappings) == 6
    assert not regions["thread-stack"].sure
    pointers = sorted(one.end - 4096 for one in regions["thread-stack"].mappings)
    told = by_kind(group([look, look], "native", pointers))
    assert told["thread-stack"].sure
    assert title(told["thread-stack"]).text == "thread stacks ({count})"


def test_go_arenas_are_not_glibc_s() -> None:
    assert all(start >= 1 << 40 for start in arenas(captured("go")))


def test_the_java_heap_is_what_is_reserved() -> None:
    look = captured("jvm")
    assert java_heap(look, None) == (0x687400000, 0x800000000)
    assert java_heap(look, 0x800000000 - 0x687400000) == (0x687400000, 0x800000000)


def test_a_full_heap_is_an_arena_only_among_arenas() -> None:
    full = vma(10 * HEAP, HEAP)
    assert not arenas([full])
    partly = [vma(20 * HEAP, MIB), vma(20 * HEAP + MIB, HEAP - MIB, "---p")]
    assert arenas([full, *partly]) == {10 * HEAP, 20 * HEAP}
    # A reservation of another size is somebody else's.
    assert not arenas([vma(20 * HEAP, MIB), vma(20 * HEAP + MIB, 2 * HEAP - MIB, "---p")])
    assert not arenas([vma(20 * HEAP + 4096, MIB), vma(20 * HEAP + 4096 + MIB, HEAP - MIB - 4096, "---p")])


def test_an_arena_that_fills_up_stays_one_region() -> None:
    other = [vma(40 * HEAP, MIB), vma(40 * HEAP + MIB, HEAP - MIB, "---p")]
    before = [vma(20 * HEAP, MIB), vma(20 * HEAP + MIB, HEAP - MIB, "---p"), *other]
    after = [vma(20 * HEAP, HEAP), *other]
    (region,) = group([before, after], "native")
    assert (region.kind, region.growth) == ("arena", HEAP - MIB)


def test_splits_and_merges_leave_the_growth_alone() -> None:
    base = 0x7F00_0000_0000
    before = [vma(base, 4 * MIB), vma(base + 4 * MIB, 4 * MIB, "r--p")]
    merged = [vma(base, 10 * MIB)]
    split = [vma(base + n * MIB, MIB, "rw-p" if n % 2 else "r--p") for n in range(10)]
    for after in (merged, split):
        (region,) = group([before, after], "native")
        assert (region.kind, region.growth, region.start, region.end) == (
            "anonymous",
            2 * MIB,
            base,
            base + 10 * MIB,
        )
    (region,) = group([split, merged], "native")
    assert region.growth == 0


def test_far_apart_is_told_apart() -> None:
    base = 0x7F00_0000_0000
    before = [vma(base, MIB), vma(base + 100 * MIB, MIB)]
    after = [vma(base, MIB), vma(base + 99 * MIB, 2 * MIB)]
    first, second = group([before, after], "native")
    assert (first.start, first.growth) == (base + 99 * MIB, MIB)
    assert (second.start, second.growth) == (base, 0)


def test_reclaim_does_not_hide_growth_and_lazy_free_is_none() -> None:
    base = 0x7F00_0000_0000
    before = [vma(base, 8 * MIB, Rss=4 * MIB, Anonymous=4 * MIB, Swap=0, LazyFree=0)]
    after = [vma(base, 8 * MIB, Rss=3 * MIB, Anonymous=3 * MIB, Swap=4 * MIB, LazyFree=0)]
    assert group([before, after], "native")[0].growth == 3 * MIB
    lazily = [vma(base, 8 * MIB, Rss=6 * MIB, Anonymous=6 * MIB, Swap=0, LazyFree=2 * MIB)]
    assert group([before, lazily], "native")[0].growth == 0


def test_a_file_that_is_read_is_cache_not_growth() -> None:
    before = [vma(0x1000, 8 * MIB, "r--s", "/data/big", 7, Rss=0, Anonymous=0)]
    after = [vma(0x1000, 8 * MIB, "r--s", "/data/big", 7, Rss=8 * MIB, Anonymous=0)]
    (region,) = group([before, after], "native")
    assert (region.kind, region.growth, region.cache_growth) == ("file", 0, 8 * MIB)
    copied = [vma(0x1000, 8 * MIB, "rw-p", "/data/big", 7, Rss=8 * MIB, Anonymous=2 * MIB)]
    (region,) = group([before, copied], "native")
    assert (region.growth, region.cache_growth) == (2 * MIB, 6 * MIB)


@pytest.mark.parametrize(
    ("path", "inode", "perms", "kind", "name"),
    [
        ("/memfd:cache (deleted)", 5, "rw-s", "memfd", "cache"),
        ("/dev/shm/x", 5, "rw-s", "shm", "/dev/shm/x"),
        ("/SYSV0000002a (deleted)", 77, "rw-s", "sysv", "77"),
        ("/dev/zero (deleted)", 5, "rw-s", "shared-anonymous", ""),
        ("[anon:jemalloc]", 0, "rw-p", "named", "jemalloc"),
        ("[anon: Go: heap]", 0, "rw-p", "go-heap", ""),
        ("[anon_shmem:pool]", 5, "rw-s", "shared-anonymous", "pool"),
        ("/anon_hugepage (deleted)", 5, "rw-p", "hugetlb", "/anon_hugepage"),
        ("[heap]", 0, "rw-p", "heap", ""),
        ("[vdso]", 0, "r-xp", "kernel", "[vdso]"),
    ],
)
def test_what_the_kernel_names(path: str, inode: int, perms: str, kind: Kind, name: str) -> None:
    look = [vma(0x10000, MIB, perms, path, inode)]
    (region,) = group([look, look], "native")
    assert (region.kind, region.name) == (kind, name)


def test_shared_memory_and_huge_pages_grow() -> None:
    before = [
        vma(0x1000000, MIB, "rw-s", "/memfd:a (deleted)", 5, Rss=0, Anonymous=0),
        vma(0x2000000, MIB, "rw-p", "/anon_hugepage (deleted)", 6, Rss=0, Private_Hugetlb=0),
    ]
    after = [
        vma(0x1000000, MIB, "rw-s", "/memfd:a (deleted)", 5, Rss=MIB, Anonymous=0),
        vma(0x2000000, MIB, "rw-p", "/anon_hugepage (deleted)", 6, Rss=0, Private_Hugetlb=2 * MIB),
    ]
    assert [(one.kind, one.growth) for one in group([before, after], "native")] == [
        ("hugetlb", 2 * MIB),
        ("memfd", MIB),
    ]


def test_a_stack_has_a_guard_or_a_stack_pointer() -> None:
    base = 0x7F00_0000_0000
    guarded = [vma(base, 4 * KIB, "---p"), vma(base + 4 * KIB, 8 * MIB)]
    assert group([guarded, guarded], "native")[0].kind == "thread-stack"
    bare = [vma(base, 8 * MIB)]
    assert group([bare, bare], "native")[0].kind == "anonymous"
    assert group([bare, bare], "native", [base + 8 * MIB - 64])[0].kind == "thread-stack"
    assert group([bare, bare], "native", [base + 8 * MIB])[0].kind == "anonymous"
    code = [vma(base, 4 * KIB, "---p"), vma(base + 4 * KIB, 8 * MIB, "rwxp")]
    assert group([code, code], "native")[0].kind == "anonymous"
