"""The sums of a process' mappings."""

from __future__ import annotations

import pytest

from jinmaek.columns import Malformed
from jinmaek.kernel.pid_smaps_rollup import parse, uss

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
