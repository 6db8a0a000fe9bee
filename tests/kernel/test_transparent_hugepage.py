"""/sys/kernel/mm/transparent_hugepage: the chosen words and khugepaged's numbers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.transparent_hugepage import FOLDER, TransparentHugepage, parse
from jinmaek.root import Root

Row: Any = TransparentHugepage
"""Columns that are not given are None."""


def test_capture() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.18")), ["transparent_hugepage"])
    assert snapshot.tables["transparent_hugepage"] == (
        Row(
            enabled="madvise",
            defrag="madvise",
            shmem_enabled="never",
            hpage_pmd_size=2 * 1024**2,
            use_zero_page=1,
            pages_collapsed=0,
            full_scans=3,
            pages_to_scan=4096,
            max_ptes_none=511,
            scan_sleep=10.0,
            alloc_sleep=60.0,
        ),
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [("[always] madvise never\n", "always"), ("always defer [defer+madvise] never", "defer+madvise")]
    + [(text, None) for text in ("", "always never", "always [mad", "always []")],
)
def test_the_word_in_brackets(text: str, word: str | None) -> None:
    (row,) = parse({f"{FOLDER}/enabled": text})
    assert row == Row(enabled=word, defrag=None, shmem_enabled=None)


def test_malformed() -> None:
    with pytest.raises(Malformed):
        list(parse({f"{FOLDER}/khugepaged/full_scans": "some"}))
