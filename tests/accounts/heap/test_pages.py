"""Pages that came between two looks, found from their states alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jinmaek.accounts.heap.pages import PIECE, came, choose, present
from jinmaek.tasks.process_memory import PAGE, PRESENT, SWAPPED

STATES = st.lists(st.sampled_from([0, PRESENT, SWAPPED]), max_size=40).map(bytes)


@given(STATES, st.integers(0, 50), STATES, st.integers(0, 50))
def test_came_is_present_now_and_nothing_before(before: bytes, at: int, now: bytes, since: int) -> None:
    known = {at + n: state for n, state in enumerate(before)}
    expected = {since + n for n, state in enumerate(now) if state == PRESENT and not known.get(since + n, 0)}
    runs = came([(at * PAGE, before)], [(since * PAGE, now)])
    found = [page for start, size in runs for page in range(start // PAGE, (start + size) // PAGE)]
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_earlier_ranges_may_be_many() -> None:
    before = [(n * 10 * PAGE, bytes([PRESENT])) for n in range(10)]
    runs = came(before, [(0, bytes([PRESENT]) * 100)])
    assert sum(size for _, size in runs) == 90 * PAGE


def test_present_leaves_out_swap() -> None:
    assert present([(PAGE, bytes([PRESENT, SWAPPED, PRESENT, PRESENT, 0]))]) == [
        (PAGE, PAGE),
        (3 * PAGE, 2 * PAGE),
    ]


@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(0, 20)), min_size=1, max_size=20),
    st.integers(1, 300),
)
def test_chosen_is_within_the_budget_and_the_runs(shape: list[tuple[int, int]], budget: int) -> None:
    runs, at = [], 0
    for pages, gap in shape:
        at += (gap + 1) * PAGE
        runs.append((at, pages * PAGE))
        at += pages * PAGE
    chosen = choose(runs, budget * PAGE, new=True)
    assert chosen.of == sum(size for _, size in runs)
    assert sum(size for _, size in chosen.ranges) <= budget * PAGE
    covered = {page for start, size in runs for page in range(start // PAGE, (start + size) // PAGE)}
    taken = [p for start, size in chosen.ranges for p in range(start // PAGE, (start + size) // PAGE)]
    assert len(taken) == len(set(taken))
    assert covered.issuperset(taken)
    if chosen.of <= budget * PAGE:
        assert set(taken) == covered
    elif budget > 4 * PIECE:
        assert len(taken) >= budget / 4
    # The end, where a heap grows, is always in it.
    last, size = runs[-1]
    tail = (size // PAGE - 1) % PIECE + 1
    assert set(taken) & set(range((last + size) // PAGE - tail, (last + size) // PAGE))


def test_no_budget_is_nothing() -> None:
    assert choose([(PAGE, PAGE)], 0, new=True).ranges == ()
