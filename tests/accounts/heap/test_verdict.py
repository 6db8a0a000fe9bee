"""What may be said after two looks, and what may not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.accounts.heap.made import vma

from jinmaek.accounts.heap.content import Content
from jinmaek.accounts.heap.malloc import Chunks
from jinmaek.accounts.heap.regions import Region, group
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.verdict import Seen, Verdict, growth, judge

KIB, MIB = 1 << 10, 1 << 20
BASE = 0x7F00_0000_0000
CONTENT = Content(
    sampled=MIB,
    start=BASE,
    end=BASE + MIB,
    new=True,
    of=MIB,
    zero_share=0.3,
    entropy_bits=4.0,
    pointer_share=0.1,
    printable_share=0.5,
    kind="text",
    strings=(),
)


def grown(before: int, after: int, **sizes: Any) -> tuple[Region, ...]:
    first = [vma(BASE, 1 << 30, Rss=before, Anonymous=before)]
    last = [vma(BASE, 1 << 30, Rss=after, Anonymous=after, **sizes)]
    return group([first, last], "native")


def straight(before: int, after: int, steps: int = 10) -> list[tuple[float, int]]:
    return [(float(n), before + (after - before) * n // steps) for n in range(steps + 1)]


def seen(before: int, after: int, **more: Any) -> Seen:
    plain = Seen(
        pid=1,
        window=10.0,
        regions=grown(before, after),
        samples=straight(before, after),
        runtime=Runtime("native", None, ()),
    )
    return replace(plain, **more)


def notes(verdict: Verdict) -> str:
    return " ".join(note.text for note in verdict.notes)


def test_growth_is_said_with_its_window_and_never_called_a_leak() -> None:
    verdict = judge(seen(100 * MIB, 110 * MIB))
    assert verdict.state == "growing"
    assert verdict.sentence.values["amount"] == (10 * MIB, "bytes")
    assert verdict.sentence.values["rate"] == (60 * MIB, "bytes")
    assert verdict.sentence.values["share"] == (1.0, "ratio")
    assert "A leak if that goes on without the load growing" in verdict.sentence.text
    assert "jinmaek capacity" in verdict.sentence.text
    assert not verdict.notes


def test_steady_is_not_growing_and_says_how_slow_a_leak_it_would_miss() -> None:
    verdict = judge(seen(100 * MIB, 100 * MIB + 64 * KIB))
    assert verdict.state == "not growing"
    assert verdict.sentence.values["floor"] == (128 * KIB * 6, "bytes")


def test_a_little_beside_a_lot_counts_only_if_it_never_falls() -> None:
    whole, more = 10 << 30, MIB
    assert judge(seen(whole, whole + more)).state == "growing"
    saw = [(float(n), whole + (n % 2) * 8 * MIB + n * more // 10) for n in range(11)]
    assert judge(seen(whole, whole + more, samples=saw)).state == "not growing"
    assert (
        judge(seen(whole, whole + more, samples=[(0.0, whole), (10.0, whole + more)])).state == "not growing"
    )


def test_shrinking() -> None:
    verdict = judge(seen(110 * MIB, 100 * MIB))
    assert (verdict.state, verdict.sentence.values["amount"]) == ("shrinking", (10 * MIB, "bytes"))


def test_without_a_second_look_at_the_mappings_the_status_still_tells() -> None:
    verdict = judge(seen(100 * MIB, 110 * MIB, regions=None))
    assert verdict.state == "growing"
    assert "which mapping does is not known" in verdict.sentence.text
    blind = seen(1, 1, regions=None, samples=[])
    assert growth(blind) is None
    assert judge(blind).state == "unknown"


def test_the_course_of_the_growth() -> None:
    low, high = 100 * MIB, 110 * MIB
    jump = [(float(n), low if n < 5 else high) for n in range(11)]
    assert "one step" in notes(judge(seen(low, high, samples=jump)))
    ending = [(float(n), low + min(n, 4) * 10 * MIB // 4) for n in range(11)]
    assert "It was ending" in notes(judge(seen(low, high, samples=ending)))


def test_retention_and_fragmentation_and_use() -> None:
    steady = {"before": 100 * MIB, "after": 100 * MIB}
    kept = judge(seen(**steady, chunks=Chunks(8 * MIB, 7 * MIB, 6 * MIB, 0, 99)))
    assert "Retention suspected" in notes(kept)
    loose = judge(seen(**steady, chunks=Chunks(8 * MIB, 4 * MIB, 0, 0, 99)))
    assert "Fragmented" in notes(loose)
    used = judge(seen(**steady, chunks=Chunks(8 * MIB, MIB, 0, 0, 99)))
    assert "in use: not retention" in notes(used)
    little = judge(seen(**steady, chunks=Chunks(KIB, KIB, KIB, 0, 9)))
    assert not little.notes


def test_lazily_freed_and_page_cache() -> None:
    lazy = seen(100 * MIB, 110 * MIB, regions=grown(100 * MIB, 110 * MIB, LazyFree=10 * MIB))
    assert judge(lazy).state == "not growing"
    assert "MADV_FREE" in notes(judge(lazy))
    first = [vma(BASE, 1 << 30, "r--s", "/data", 7, Rss=0, Anonymous=0)]
    last = [vma(BASE, 1 << 30, "r--s", "/data", 7, Rss=50 * MIB, Anonymous=0)]
    cache = judge(seen(MIB, MIB, regions=group([first, last], "native")))
    assert cache.state == "not growing"
    assert "page cache" in notes(cache)


def test_a_java_heap_may_grow_to_its_limit() -> None:
    first = [vma(0x700000000, 64 * MIB), vma(0x700000000 + 64 * MIB, 192 * MIB, "---p")]
    last = [vma(0x700000000, 96 * MIB), vma(0x700000000 + 96 * MIB, 160 * MIB, "---p")]
    java = seen(
        64 * MIB,
        96 * MIB,
        regions=group([first, last], "jvm"),
        runtime=Runtime("jvm", "21", ()),
        java_reserved=256 * MIB,
    )
    verdict = judge(java)
    assert "grows without a leak" in notes(verdict)
    assert "Garbage is part of this" in notes(verdict)
    assert "Garbage" not in notes(judge(replace(java, window=600.0)))


def test_zeros_and_huge_pages() -> None:
    empty = replace(CONTENT, zero_share=0.95, kind="zeros: allocated but not used")
    assert "What came is zeros" in notes(judge(seen(100 * MIB, 110 * MIB, content=empty)))
    bloated = grown(100 * MIB, 110 * MIB, AnonHugePages=100 * MIB)
    half = replace(CONTENT, zero_share=0.6)
    verdict = judge(seen(100 * MIB, 110 * MIB, regions=bloated, content=half))
    assert "huge pages" in notes(verdict)


def test_threads() -> None:
    first = [vma(BASE, 4096, "---p"), vma(BASE + 4096, 8 * MIB, Rss=MIB, Anonymous=MIB)]
    last = [vma(BASE, 4096, "---p"), vma(BASE + 4096, 8 * MIB, Rss=3 * MIB, Anonymous=3 * MIB)]
    stacks = seen(MIB, 3 * MIB, regions=group([first, last], "native"), threads=(3, 9))
    assert judge(stacks).notes[-1].values == {"before": "3", "after": "9"}
