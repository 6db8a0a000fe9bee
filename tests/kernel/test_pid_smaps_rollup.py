"""The sums of a process' mappings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinmaek.columns import Malformed
from jinmaek.kernel.pid_smaps_rollup import Sizes, parse, uss

OLDEST = """5583a7a3e000-7ffd0a1f6000 ---p 00000000 00:00 0                          [rollup]
Rss:                 884 kB
Pss:                 385 kB
Shared_Clean:        696 kB
Shared_Dirty:          0 kB
Private_Clean:       108 kB
Private_Dirty:        80 kB
Swap:                  8 kB
"""


def test_missing_is_none_and_uss_is_the_private_part() -> None:
    row = parse(OLDEST)
    assert (row.Rss, row.Pss, row.Swap) == (884 << 10, 385 << 10, 8 << 10)
    assert row.SwapPss is None
    assert row.Pss_Anon is None
    assert uss(row) == 188 << 10


def test_huge_pages_of_its_own_are_part_of_uss() -> None:
    row = parse(OLDEST + "Private_Hugetlb:    2048 kB\nSwapPss:  3 kB\nNew_Key:  9 kB\n")
    assert uss(row) == (188 + 2048) << 10
    assert row.SwapPss == 3 << 10


@pytest.mark.parametrize("text", ["", OLDEST.replace("Pss:", "Pxx:"), OLDEST.replace("884", "8x4")])
def test_other_texts_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def figures(text: str) -> tuple[int, int, int, int, int | None] | None:
    try:
        row = parse(text)
    except Malformed:
        return None
    return uss(row), row.Pss, row.Rss, row.Swap, row.SwapPss


SIZES = Sizes()
NOW = Path("/proc/self/smaps_rollup").read_text()


@given(
    st.sampled_from([OLDEST, NOW]),
    st.lists(
        st.tuples(
            st.integers(0, 1200),
            st.integers(0, 30),
            st.sampled_from(["", "0", "1_0", "-1", " ", "\n", "Rss:", "9" * 12, "\u0663"]),
        ),
        max_size=2,
    ),
)
def test_the_quick_way_tells_what_parse_tells(text: str, edits: list[tuple[int, int, str]]) -> None:
    assert SIZES.of(text.encode()) == figures(text)
    for at, length, word in edits:
        text = text[:at] + word + text[at + length :]
    expected = figures(text.encode().decode("ascii", "replace"))
    if expected is None:
        with pytest.raises(Malformed):
            SIZES.of(text.encode())
    else:
        assert SIZES.of(text.encode()) == expected
