"""Growers among processes: restarts, many short lives, crowds, shared memory, mapped files, a JVM's heap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.advice.made import BEGIN, GIB, MIB, Shape, asked, process, watched

from jinmaek.accounts.heap.regions import Kind, Region, Sizes
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.advice.capacity.grower import Grower
from jinmaek.advice.capacity.mapped import Mapped
from jinmaek.advice.capacity.series import Crowd, Process, Watched


def growers(w: Watched) -> Sequence[Grower]:
    return asked(w).case.growers


def only(w: Watched) -> Grower:
    (grower,) = growers(w)
    return grower


def line(start: float, rate: float) -> Shape:
    return lambda second: start + rate * second


def test_a_leak_survives_restarts() -> None:
    """Three lives of one service: each grows the same way, the last too short to tell alone."""
    lives = [
        process(10, line(100 * MIB, 5 * MIB), name="web", cgroup="/web", born=0, died=24),
        process(11, line(100 * MIB, 5 * MIB), name="web", cgroup="/web", born=26, died=50),
        process(12, line(100 * MIB, 5 * MIB), name="web", cgroup="/web", born=52),
    ]
    found = only(watched(*lives))
    assert (found.kind, found.pid, found.restarts, found.members) == ("leak", 12, 2, 1)
    assert found.rate is not None
    assert found.rate.rate == pytest.approx(5 * MIB, rel=0.01)
    assert any("restarted" in note.text for note in found.notes)


def test_another_program_of_the_same_name_does_not_inherit_its_leak() -> None:
    lives = [
        process(10, line(100 * MIB, 5 * MIB), name="python3", born=0, died=48),
        process(11, line(300 * MIB, 0), name="python3", born=52),
        process(12, 40 * MIB, name="python3"),
    ]
    assert [one.kind for one in growers(watched(*lives))] == ["steady"]


def test_only_those_that_leak_are_counted_as_members() -> None:
    calm = process(21, lambda second: (50 if second < 30 else 60) * MIB, name="worker")
    found = only(watched(process(20, line(GIB, MIB), name="worker"), calm))
    assert (found.kind, found.pid, found.members) == ("leak", 20, 1)


def test_the_same_name_in_another_cgroup_is_another_program() -> None:
    lives = [
        process(10, line(0, 5 * MIB), name="web", cgroup="/a"),
        process(11, line(GIB, 0), name="web", cgroup="/b"),
    ]
    assert [(one.kind, one.cgroup) for one in growers(watched(*lives))] == [("leak", "/a"), ("steady", "/b")]


def test_workers_that_leak_together_are_one_grower() -> None:
    workers = [process(pid, line(GIB, MIB), name="worker") for pid in range(20, 28)]
    found = only(watched(*workers))
    assert (found.kind, found.members, found.restarts) == ("leak", 8, 0)
    assert found.rate is not None
    assert found.rate.rate == pytest.approx(8 * MIB, rel=0.01)
    assert found.own == pytest.approx(8 * (GIB + 60 * MIB))


def test_many_short_lives_that_come_and_go_are_steady() -> None:
    parent = process(1, 64 * MIB, name="forker")
    children = [
        process(100 + n, line(60 * MIB, 0.6 * MIB), name="forker", born=n, died=min(60, n + 4))
        for n in range(57)
    ]
    found = only(watched(parent, *children, process(99, line(60 * MIB, 0.6 * MIB), name="forker", born=58)))
    assert found.kind in ("steady", None)


def test_a_job_that_came_and_went_is_a_burst() -> None:
    found = only(watched(process(10, line(0, 100 * MIB), name="job", born=10, died=20)))
    assert (found.kind, found.members, found.own) == ("burst", 0, 0)
    assert found.course.peak == 1000 * MIB
    assert found.course.lasted == 10


def test_what_came_and_went_small_is_not_named() -> None:
    assert not growers(watched(process(10, line(0, MIB), born=10, died=20)))


def crowd(each: float | None, *counts: float) -> Crowd:
    return Crowd(
        name="child",
        times=[BEGIN + n for n in range(len(counts))],
        counts=counts,
        each=each,
        pid=900,
        start_time=BEGIN,
        cgroup="/app",
        parent=(12, "forker"),
    )


def test_ever_more_processes_are_a_leak_of_their_number() -> None:
    found = only(watched(crowds=[crowd(2.0 * MIB, *range(3, 64))]))
    assert (found.kind, found.name, found.pid, found.members) == ("leak", "child", 900, 63)
    assert found.rate is not None
    assert found.rate.rate == pytest.approx(2 * MIB)
    assert found.notes[0].values["parent"] == "forker [12]"


def test_a_crowd_of_unknown_size_has_no_rate() -> None:
    found = only(watched(crowds=[crowd(None, *range(3, 64))]))
    assert (found.kind, found.rate, found.own) == ("leak", None, None)


@pytest.mark.parametrize("counts", [range(64, 3, -1), [3 + n % 20 for n in range(60)]])
def test_a_crowd_that_shrinks_or_comes_and_goes_is_none(counts: Sequence[float]) -> None:
    assert not growers(watched(crowds=[crowd(2.0 * MIB, *counts)]))


def test_shared_memory_counts_where_the_host_s_grew_too() -> None:
    life = process(10, 50 * MIB, shmem=line(0, 4 * MIB))
    grown = growers(watched(life, meminfo={"Shmem": line(GIB, 4 * MIB)}))
    assert [(one.kind, one.pid) for one in grown if one.pid == 10] == [("leak", 10)]
    mapped_anew = growers(watched(life, meminfo={"Shmem": GIB}))
    assert [one.kind for one in mapped_anew if one.pid == 10] == ["steady"]


def test_tmpfs_of_no_process_is_named_by_the_kernel_s_word() -> None:
    grown = growers(watched(meminfo={"Shmem": line(GIB, 4 * MIB)}))
    assert [(one.kind, one.name, one.pid) for one in grown] == [("leak", "Shmem", None)]
    slab = growers(watched(meminfo={"SUnreclaim": line(GIB, 4 * MIB)}, available=line(12 * GIB, -4 * MIB)))
    assert [(one.kind, one.name) for one in slab] == [("leak", "SUnreclaim")]


def test_page_tables_that_grow_beside_a_leak_are_not_named() -> None:
    w = watched(
        process(10, line(GIB, 64 * MIB)),
        meminfo={"PageTables": line(50 * MIB, 0.128 * MIB)},
        available=line(12 * GIB, -64 * MIB),
    )
    assert [one.name for one in growers(w)] == ["worker"]


def test_rss_that_grows_by_a_mapped_file_is_cache() -> None:
    found = only(watched(process(10, 50 * MIB, file=line(0, 20 * MIB))))
    assert (found.kind, found.pid) == ("cache", 10)
    assert found.rate is not None
    assert found.rate.rate == pytest.approx(20 * MIB)


def mapped(
    kind: Kind,
    *,
    java: tuple[int, int] | None = None,
    files: tuple[int, int] = (9, 9),
    lazy: int = 0,
) -> Mapped:
    region = Region(kind, "", 0, 1, (), Sizes(), Sizes(rss=GIB))
    return Mapped(region, 0.9, Runtime("native", None, ()), files=files, java=java, lazy=lazy)


def looked(life: Process, told: Mapped, **more: Any) -> Watched:
    return watched(life, mapped={life.identity: told}, **more)


def test_a_jvm_below_its_maximum_is_in_its_warm_up() -> None:
    life = process(10, line(GIB, 8 * MIB), name="java")
    w = looked(life, mapped("java-heap", java=(2 * GIB, 4 * GIB)), available=line(12 * GIB, -8 * MIB))
    answer = asked(w)
    assert [(one.kind, one.ceiling) for one in answer.case.growers] == [("warm-up", 2 * GIB)]
    assert (answer.verdict, answer.cause) == ("no", "enough")
    assert answer.case.outlooks[0].eta is None, "its own limit stops it first"


def test_a_jvm_whose_maximum_is_more_than_there_is_will_fill_memory() -> None:
    life = process(10, line(GIB, 8 * MIB), name="java")
    w = looked(life, mapped("java-heap", java=(2 * GIB, 64 * GIB)), available=line(12 * GIB, -8 * MIB))
    assert asked(w).case.outlooks[0].eta == pytest.approx((12 * GIB - 480 * MIB) / (8 * MIB), rel=0.01)


def test_descriptors_that_grow_with_it_are_said() -> None:
    found = only(looked(process(10, line(GIB, 8 * MIB)), mapped("heap", files=(20, 320))))
    assert any("descriptors" in note.text for note in found.notes)


def test_what_was_given_back_lazily_is_said() -> None:
    found = only(looked(process(10, line(GIB, 8 * MIB)), mapped("heap", lazy=99 * MIB)))
    assert any("MADV_FREE" in note.text for note in found.notes)


def test_garbage_is_said_of_a_collected_heap_in_a_short_look() -> None:
    life = process(10, line(GIB, 8 * MIB))
    assert any("Garbage" in note.text for note in only(looked(life, mapped("go-heap"))).notes)
    assert not any("Garbage" in note.text for note in only(looked(life, mapped("heap"))).notes)


@pytest.mark.parametrize(
    ("anon", "kind", "word"),
    [
        (lambda second: (200 + 40 * (second % 7)) * MIB, "steady", "lows do not rise"),
        (lambda second: (200 + 40 * (second % 6) + 4 * second) * MIB, "leak", "lows rise"),
        (lambda second: min(200.0, 5 * second) * MIB, "warm-up", "stopped growing"),
        (lambda second: (200 if second < 30 else 400) * MIB, "steady", "at once"),
        (lambda second: (400 if 20 <= second < 30 else 200) * MIB, "burst", "gave it back"),
    ],
)
def test_how_it_moved_is_said(anon: Shape, kind: str, word: str) -> None:
    found = only(watched(process(10, anon)))
    assert found.kind == kind
    assert any(word in note.text for note in found.notes)


def test_the_next_high_of_a_saw_tooth_counts_against_what_is_left() -> None:
    def anon(second: float) -> float:
        return (1000 + 100 * ((second + 1) % 6) + 4 * second) * MIB

    w = watched(process(10, anon), available=lambda second: 12 * GIB - anon(second))
    outlook = asked(w).case.outlooks[0]
    assert outlook.rate is not None
    assert outlook.above > 0
    assert outlook.eta == pytest.approx((outlook.limit.left - outlook.above) / outlook.rate.rate)
