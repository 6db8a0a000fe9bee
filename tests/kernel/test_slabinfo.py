"""/proc/slabinfo."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.slabinfo import Slab, parse

HEAD = "slabinfo - version: 2.1\n# name\n"


def test_capture() -> None:
    slabs = {row.name: row for row in parse((CAPTURES / "6.18/proc/slabinfo").read_text())}
    assert len(slabs) == 235
    assert slabs["ext4_inode_cache"] == Slab(
        name="ext4_inode_cache",
        active_objs=82096,
        num_objs=82096,
        objsize=1128,
        objperslab=14,
        pagesperslab=4,
        active_slabs=5864,
        num_slabs=5864,
    )


def test_a_name_may_hold_spaces() -> None:
    (row,) = parse(HEAD + "a b  c 1 2 3 4 5 : tunables 0 0 0 : slabdata 6 7 0\n")
    assert (row.name, row.active_objs, row.pagesperslab, row.num_slabs) == ("a b  c", 1, 5, 7)


def test_words_of_slab_debugging_are_skipped() -> None:
    (row,) = parse(
        "slabinfo - version: 2.1 (statistics)\n"
        "dentry 1 2 3 4 5 : tunables 120 60 8 : slabdata 6 7 0 : globalstat 1 2 3 : cpustat 4 5\n"
    )
    assert (row.active_slabs, row.num_slabs) == (6, 7)


def test_version_1() -> None:
    (row,) = parse("slabinfo - version: 1.1 (SMP)\nkmem_cache 80 90 248 5 6 1 : 252 126\n")
    assert row == Slab(
        name="kmem_cache",
        active_objs=80,
        num_objs=90,
        objsize=248,
        objperslab=None,
        active_slabs=5,
        num_slabs=6,
        pagesperslab=1,
    )


def test_exported_names() -> None:
    metrics = [column.metric for column in columns_of(Slab).values() if column.metric]
    assert [metric.name for metric in metrics] == [
        "node_slabinfo_active_objects",
        "node_slabinfo_objects",
        "node_slabinfo_object_size_bytes",
        "node_slabinfo_objects_per_slab",
        "node_slabinfo_pages_per_slab",
    ]
    assert all(metric.rename == {"name": "slab"} for metric in metrics)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "slabinfo - version: 3.0\n",
        "dentry 1 2 3 4 5 : tunables 0 0 0 : slabdata 6 7 0\n",
        HEAD + "dentry 1 2 3 4 : tunables 0 0 0 : slabdata 6 7 0\n",
        HEAD + "dentry 1 2 3 4 5 : tunables 0 0 0\n",
        HEAD + "dentry 1 2 3 4 5 : tunables 0 0 0 : slabdata 6\n",
        HEAD + "dentry 1 2 -3 4 5 : tunables 0 0 0 : slabdata 6 7 0\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
