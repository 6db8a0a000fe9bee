"""The page cache divided: whatever is shared among whomever, the parts add up to the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.caches import DISK, SHM, cache, file, limited

from jinmaek.accounts.page_cache.account import CachedFile, Holder
from jinmaek.accounts.page_cache.shares import by_cgroup, by_file_system, by_process, charged, divided
from jinmaek.kernel.cachestat import PAGE

CGROUPS: dict[Holder, str | None] = {1: "/a", 2: "/a", 3: "/b", 4: None, "loop0": None}
FILES = st.lists(
    st.builds(
        lambda number, cached, who, in_memory: file(
            f"/{number}", cached, *who, system=SHM if in_memory else DISK
        ),
        st.integers(0, 1000),
        st.integers(0, 100),
        st.sets(st.sampled_from(list(CGROUPS))),
        st.booleans(),
    ),
    max_size=20,
)


@given(st.integers(0, 10_000), st.integers(1, 500))
def test_pages_are_divided_evenly(pages: int, among: int) -> None:
    parts = divided(pages * PAGE, among)
    assert sum(parts) == pages * PAGE
    assert len(parts) == among
    assert max(parts) - min(parts) in (0, PAGE)
    assert all(part % PAGE == 0 for part in parts)


@given(FILES)
def test_every_arrangement_adds_up(files: list[CachedFile]) -> None:
    whole = cache(files, cgroups=CGROUPS)
    found = sum(one.told.nr_cache for one in files)
    assert (whole.found or 0) + (whole.found_in_memory or 0) == found
    for parts in (by_process(files), by_cgroup(files, whole.holders), by_file_system(files)):
        assert sum(part.share for part in parts.values()) == found
        for part in parts.values():
            assert part.own <= part.share <= part.uses
        shares = [part.share for part in parts.values()]
        assert shares == sorted(shares, reverse=True)


@given(FILES)
def test_cached_is_what_it_is_made_of(files: list[CachedFile]) -> None:
    whole = cache(files)
    assert whole.totals.cached is not None
    assert whole.totals.shmem is not None
    assert whole.unattributed is not None
    assert whole.found is not None
    assert whole.totals.cached == whole.found + whole.totals.shmem + whole.unattributed


def test_a_shared_file_counts_once_and_is_used_by_both() -> None:
    files = [file("/lib", 9, 1, 2, 3, dirty=4), file("/log", 5, 1), file("/closed", 2)]
    parts = by_process(files)
    assert {holder: (part.share, part.own, part.uses) for holder, part in parts.items()} == {
        1: (8 * PAGE, 5 * PAGE, 14 * PAGE),
        2: (3 * PAGE, 0, 9 * PAGE),
        3: (3 * PAGE, 0, 9 * PAGE),
        None: (2 * PAGE, 2 * PAGE, 2 * PAGE),
    }
    assert parts[2].dirty == 4 * PAGE
    cgroups = by_cgroup(files, cache(files, cgroups=CGROUPS).holders)
    assert {path: (part.share, part.own, len(part.holders)) for path, part in cgroups.items()} == {
        "/a": (11 * PAGE, 5 * PAGE, 2),
        "/b": (3 * PAGE, 0, 1),
        None: (2 * PAGE, 2 * PAGE, 0),
    }


def test_what_is_not_known_is_not_zero() -> None:
    unknown = file("/old", 3, 1, dirty=None, evicted=None, recently=None)
    (part,) = by_process([unknown]).values()
    assert (part.dirty, part.evicted, part.recently_evicted) == (None, None, None)
    (part,) = by_process([unknown, file("/new", 1, 1, dirty=1)]).values()
    assert (part.dirty, part.evicted) == (PAGE, 0)
    # Dirty pages of tmpfs wait for no disk.
    (part,) = by_process([file("/shm", 3, 1, system=SHM, dirty=3)]).values()
    assert part.dirty is None


def test_charges_are_a_cgroup_s_own() -> None:
    rows = {
        path: limited(path if path != "/" else "", current=0, limit=None, hits=0, cache=size)
        for path, size in {"/": 100, "/a": 70, "/a/b": 50, "/a/c": 20, "/d/e": 5}.items()
    }
    assert charged(rows) == {"/": 30, "/a": 0, "/a/b": 50, "/a/c": 20, "/d/e": 5}
