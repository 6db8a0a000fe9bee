"""/sys/kernel/slab/*/reclaim_account, and the debug files of zswap."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel import slab_kind, slabinfo, zswap_pool
from jinmaek.root import Root

HERE = Root(str(CAPTURES / "6.18"))
ZswapPool: Any = zswap_pool.ZswapPool


def test_which_caches_reclaim_can_shrink() -> None:
    rows = sampling.take(HERE, ["slab_kind"]).tables["slab_kind"]
    kinds = {row.name: row.reclaim_account for row in rows}  # type: ignore[attr-defined]
    assert (kinds["dentry"], kinds["ext4_inode_cache"], kinds["radix_tree_node"]) == (1, 1, 1)
    assert (kinds["kmalloc-64"], kinds["task_struct"], kinds["kmalloc-rcl-64"]) == (0, 0, 1)


def test_nearly_every_cache_has_a_kind() -> None:
    snapshot = sampling.take(HERE, ["slab_kind", "slabinfo"])
    kinds = {row.name for row in snapshot.tables["slab_kind"]}  # type: ignore[attr-defined]
    caches = [row for row in snapshot.tables["slabinfo"] if isinstance(row, slabinfo.Slab)]
    assert len([cache for cache in caches if cache.name in kinds]) > 0.95 * len(caches)


def test_malformed() -> None:
    with pytest.raises(Malformed):
        list(slab_kind.parse({"sys/kernel/slab/dentry/reclaim_account": "x"}))
    assert list(slab_kind.parse({"sys/kernel/slab/dentry/reclaim_account": ""})) == []


def test_zswap_pool() -> None:
    assert sampling.take(HERE, ["zswap_pool"]).tables["zswap_pool"] == (
        ZswapPool(pool_total_size=0, stored_pages=0, written_back_pages=0),
    )
    assert list(zswap_pool.parse({f"{zswap_pool.FOLDER}/stored_pages": "12\n"})) == [
        ZswapPool(stored_pages=12)
    ]
    with pytest.raises(Malformed):
        list(zswap_pool.parse({f"{zswap_pool.FOLDER}/stored_pages": "many"}))
