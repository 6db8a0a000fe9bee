"""zram, zswap and the multi-generational LRU: what changes the meaning of swappiness."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel import lru_gen, zram, zswap
from jinmaek.root import Root

Zram: Any = zram.Zram
Zswap: Any = zswap.Zswap
LruGen: Any = lru_gen.LruGen
"""Columns that are not given are None."""


def table(capture: str, name: str) -> tuple[object, ...]:
    return sampling.take(Root(str(CAPTURES / capture)), [name]).tables[name]


def test_zram_in_use() -> None:
    assert table("6.12", "zram") == (
        Zram(
            device="zram0",
            disksize=62914560,
            orig_data_size=23527424,
            compr_data_size=23392236,
            mem_used_total=23834624,
            mem_limit=0,
            mem_used_max=23834624,
            same_pages=0,
            pages_compacted=0,
            huge_pages=5701,
            huge_pages_since=5701,
        ),
    )


def test_zram_of_older_kernels_has_fewer_numbers() -> None:
    text = "  1 2 3 4 5 6 7\n"
    (row,) = zram.parse({"sys/block/zram1/mm_stat": text})
    assert row == Zram(
        device="zram1",
        orig_data_size=1,
        compr_data_size=2,
        mem_used_total=3,
        mem_limit=4,
        mem_used_max=5,
        same_pages=6,
        pages_compacted=7,
    )
    with pytest.raises(Malformed):
        list(zram.parse({"sys/block/zram1/mm_stat": "1 2 3"}))


def test_zswap() -> None:
    assert table("6.1-rt", "zswap") == (Zswap(enabled=0, max_pool_percent=0.2, zpool="zbud"),)
    assert table("6.18", "zswap") == (Zswap(enabled=0, max_pool_percent=0.2, shrinker_enabled=0),)
    (row,) = zswap.parse({f"{zswap.FOLDER}/enabled": "Y\n", f"{zswap.FOLDER}/shrinker_enabled": "Y\n"})
    assert row == Zswap(enabled=1, shrinker_enabled=1)
    with pytest.raises(Malformed):
        list(zswap.parse({f"{zswap.FOLDER}/enabled": "maybe"}))


def test_lru_gen() -> None:
    assert table("6.12", "lru_gen") == (LruGen(enabled=7, min_ttl=0.0),)
    assert table("6.1", "lru_gen") == (LruGen(enabled=0, min_ttl=0.0),)
    assert "lru_gen" in sampling.take(Root(str(CAPTURES / "6.18")), ["lru_gen"]).gaps
