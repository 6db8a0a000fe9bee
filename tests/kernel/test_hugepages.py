"""/sys/kernel/mm/hugepages: one row per page size."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.hugepages import FOLDER, Hugepages, parse
from jinmaek.root import Root

Row: Any = Hugepages
"""Columns that are not given are None."""


def test_capture() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.18")), ["hugepages"])
    assert snapshot.tables["hugepages"] == tuple(
        Row(size=size, page_size=size, total=0, free=0, reserved=0, surplus=0, overcommit=0)
        for size in (2 * 1024**2, 1024**3)
    )


def test_each_file_is_its_column() -> None:
    rows = parse(
        {
            f"{FOLDER}/hugepages-64kB/nr_hugepages": "9\n",
            f"{FOLDER}/hugepages-64kB/free_hugepages": "8\n",
            f"{FOLDER}/hugepages-64kB/resv_hugepages": "7\n",
            f"{FOLDER}/hugepages-64kB/surplus_hugepages": "6\n",
            f"{FOLDER}/hugepages-32kB/nr_hugepages": "5\n",
            f"{FOLDER}/hugepages-32kB/demote": "x\n",
        }
    )
    assert list(rows) == [
        Row(size=32768, page_size=32768, total=5),
        Row(size=65536, page_size=65536, total=9, free=8, reserved=7, surplus=6),
    ]


@pytest.mark.parametrize("path", ["hugepages-bigkB/nr_hugepages", "nr_hugepages"])
def test_malformed(path: str) -> None:
    with pytest.raises(Malformed):
        list(parse({f"{FOLDER}/{path}": "1"}))
