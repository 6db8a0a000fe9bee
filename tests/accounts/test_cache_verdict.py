"""What evictions mean: short RAM, a short limit, a shortage that has passed, or nothing at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.accounts.caches import CALM, GIB, MIB, SHM, cache, file, limited

from jinmaek.accounts.page_cache.account import Moved, PageCache, Totals
from jinmaek.accounts.page_cache.verdict import COMING_BACK, Verdict, judge
from jinmaek.kernel.cachestat import PAGE

SHORT = Totals(memory=16 * GIB, available=GIB, cached=4 * GIB, buffers=GIB, shmem=GIB)
BACK = Moved(span=2.0, refaults=3 * COMING_BACK, activated=2 * COMING_BACK, pressure=0.0)
STALLED = Moved(span=2.0, refaults=0, activated=0, pressure=0.2)
LOST = file("/data", 1000, 1, evicted=5000, recently=2000)


def told(made: PageCache) -> tuple[str, bool]:
    verdict = judge(made)
    return verdict.kind, verdict.felt


def test_a_full_cache_is_nothing() -> None:
    assert told(cache([file("/big", 10**6, 1)], totals=SHORT)) == ("kept", False)


def test_data_read_once_is_nothing() -> None:
    once = file("/backup", 100, 1, evicted=10**6)
    assert told(cache([once], totals=SHORT)) == ("passed", False)
    assert told(cache([once], totals=SHORT, moved=replace(CALM, refaults=49))) == ("passed", False)
    assert told(cache([once], totals=SHORT, moved=replace(CALM, refaults=50))) == ("cycled", True)


@pytest.mark.parametrize(("moved", "felt"), [(CALM, False), (BACK, True), (STALLED, True)])
def test_recent_evictions_with_little_available(moved: Moved, felt: bool) -> None:
    assert told(cache([LOST], totals=SHORT, moved=moved)) == ("short", felt)


@pytest.mark.parametrize(("moved", "felt"), [(CALM, False), (BACK, True)])
def test_a_limit_is_short_where_ram_is_not(moved: Moved, felt: bool) -> None:
    rows = [
        limited("/job", current=GIB, limit=GIB, hits=7, cache=0),
        limited("/job/inner", current=GIB, limit=None, hits=0, cache=0),
        limited("/idle", current=0, limit=GIB, hits=0, cache=0),
    ]
    made = cache([LOST, file("/kept", 9, 2)], cgroups={1: "/job/inner", 2: "/idle"}, rows=rows, moved=moved)
    verdict = judge(made)
    assert (verdict.kind, verdict.felt, verdict.cgroups) == ("limited", felt, ("/job",))


def test_a_limit_never_hit_is_not_blamed() -> None:
    rows = [limited("/job", current=0, limit=GIB, hits=0, cache=0)]
    made = cache([LOST], cgroups={1: "/job"}, rows=rows)
    assert told(made) == ("was short", False)
    assert told(replace(made, moved=BACK)) == ("was short", True)


def test_a_little_is_no_evidence() -> None:
    for cached, recently, kind in (
        (990, MIB // PAGE - 1, "little"),
        (990, MIB // PAGE, "short"),
        (99_000, 999, "little"),
        (99_000, 1000, "short"),
    ):
        made = cache([file("/data", cached, 1, evicted=5000, recently=recently)], totals=SHORT, moved=BACK)
        assert judge(made).kind == kind


def test_what_a_small_cgroup_lost_is_not_hidden_by_a_large_cache() -> None:
    rows = [limited("/small", current=GIB, limit=GIB, hits=7, cache=0)]
    large = file("/db", 10**7, 2)
    made = cache([LOST, large], cgroups={1: "/small", 2: "/large"}, rows=rows)
    assert told(made) == ("limited", False)


def test_only_files_in_use_are_asked_unless_others_were_named() -> None:
    closed = file("/closed", 1000, evicted=5000, recently=2000, given=True)
    assert told(cache([closed, file("/open", 1, 1)], totals=SHORT)) == ("kept", False)
    assert told(cache([closed], totals=SHORT)) == ("unknown", False)
    assert told(cache([closed], totals=SHORT, paths=("/closed",))) == ("short", False)


def test_swapped_out_tmpfs_is_no_evicted_cache() -> None:
    swapped = file("/dev/shm/x", 100, 1, system=SHM, evicted=50, recently=20)
    assert told(cache([swapped], totals=SHORT)) == ("unknown", False)


def test_mincore_cannot_tell() -> None:
    old = file("/data", 100, 1, dirty=None, evicted=None, recently=None)
    verdict: Verdict = judge(cache([old], totals=SHORT, mincore=True))
    assert verdict.kind == "unknown"
    assert "cachestat(2)" in verdict.sentence


def test_an_unknown_rate_is_unknown() -> None:
    moved = Moved(span=1.0, refaults=None, activated=None, pressure=None)
    verdict = judge(cache([LOST], totals=SHORT, moved=moved))
    assert (verdict.kind, verdict.felt) == ("short", False)
    assert verdict.values["activated"] == (None, "bytes/s")
    assert verdict.values["pressure"] == (None, "ratio")
