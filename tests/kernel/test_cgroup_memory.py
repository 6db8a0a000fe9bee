"""Memory of cgroups: version 1 captured, examples of the documented format of version 2."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.cgroup_memory import CgroupMemory, parse
from jinmaek.root import Root

Row: Any = CgroupMemory
"""Columns that are not given are None."""

TOP = "sys/fs/cgroup"


def test_capture_of_version_1() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.18")), ["cgroup_memory"])
    root, slice_, nightly = snapshot.tables["cgroup_memory"]
    assert isinstance(root, CgroupMemory)
    assert (root.cgroup, root.max, root.current, root.anon) == ("/", None, 341794816, 41574400)
    assert (root.shmem, root.pgfault, root.kernel) == (9084928, 5516299, 160108544)
    assert isinstance(slice_, CgroupMemory)
    assert (slice_.max, slice_.file) == (64 * 1024**2, 16777216)
    assert nightly == Row(
        cgroup="/batch.slice/back up\\x2dnightly",
        current=23064576,
        max=24 * 1024**2,
        swap_current=0,
        events_max=55,
        events_oom_kill=0,
        anon=5287936,
        file=16777216,
        shmem=0,
        kernel=811008,
        inactive_file=14680064,
        active_file=2097152,
        inactive_anon=5287936,
        active_anon=0,
        pgfault=1698,
        pgmajfault=0,
    )


def test_swappiness_of_version_1_is_that_of_each_cgroup() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.1-rt")), ["cgroup_memory"])
    found = {row.cgroup: row.swappiness for row in snapshot.tables["cgroup_memory"]}  # type: ignore[attr-defined]
    assert found["/batch"] == 60
    assert found["/"] == 60


@pytest.mark.parametrize(
    ("limit", "with_swap", "max_", "swap_max"),
    [
        ("1048576", "3145728", 1048576, 2097152),
        ("1048576", "9223372036854771712", 1048576, None),
        ("9223372036854771712", "9223372036854771712", None, None),
        ("9223372036854710272", "9223372036854710272", None, None),  # pages of 64 KiB
        ("9223372036854775807", "9223372036854775807", None, None),  # 3.10
    ],
)
def test_limits_of_version_1(limit: str, with_swap: str, max_: int | None, swap_max: int | None) -> None:
    (row,) = parse(
        {
            f"{TOP}/memory/a/memory.usage_in_bytes": "5\n",
            f"{TOP}/memory/a/memory.max_usage_in_bytes": "6\n",
            f"{TOP}/memory/a/memory.limit_in_bytes": limit,
            f"{TOP}/memory/a/memory.memsw.limit_in_bytes": with_swap,
        }
    )
    assert row == Row(cgroup="/a", current=5, peak=6, max=max_, swap_max=swap_max)


@pytest.mark.parametrize(("with_swap", "hits"), [({}, 3), ({"memory.memsw.failcnt": "40\n"}, 43)])
def test_hits_of_either_limit_of_version_1(with_swap: dict[str, str], hits: int) -> None:
    files = {"memory.usage_in_bytes": "5\n", "memory.failcnt": "3\n", **with_swap}
    (row,) = parse({f"{TOP}/memory/a/{name}": text for name, text in files.items()})
    assert row.events_max == hits
    (other,) = parse({f"{TOP}/memory/a/memory.usage_in_bytes": "5\n"})
    assert other.events_max is None


def test_version_2() -> None:
    """The format of Documentation/admin-guide/cgroup-v2.rst."""
    tree = {
        f"{TOP}/memory.stat": "anon 7\nfile 8\n",
        f"{TOP}/db/memory.current": "1000\n",
        f"{TOP}/db/memory.peak": "1200\n",
        f"{TOP}/db/memory.max": "max\n",
        f"{TOP}/db/memory.high": "4096\n",
        f"{TOP}/db/memory.low": "0\n",
        f"{TOP}/db/memory.swap.current": "11\n",
        f"{TOP}/db/memory.swap.max": "0\n",
        f"{TOP}/db/memory.events": "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n",
        f"{TOP}/db/memory.stat": "anon 1\nfile 2\nkernel 3\nshmem 4\ninactive_anon 5\nactive_anon 6\n"
        "inactive_file 7\nactive_file 8\nslab_reclaimable 9\nslab_unreclaimable 10\nslab 19\n"
        "workingset_refault_anon 11\nworkingset_refault_file 12\npgfault 13\npgmajfault 14\n"
        "pgscan 15\npgsteal 16\nsomething_new 17\n",
    }
    assert list(parse(tree)) == [
        Row(cgroup="/", anon=7, file=8),
        Row(
            cgroup="/db",
            current=1000,
            peak=1200,
            max=None,
            high=4096,
            low=0,
            swap_current=11,
            swap_max=0,
            events_low=1,
            events_high=2,
            events_max=3,
            events_oom=4,
            events_oom_kill=5,
            anon=1,
            file=2,
            kernel=3,
            shmem=4,
            inactive_anon=5,
            active_anon=6,
            inactive_file=7,
            active_file=8,
            slab_reclaimable=9,
            slab_unreclaimable=10,
            workingset_refault_anon=11,
            workingset_refault_file=12,
            pgfault=13,
            pgmajfault=14,
            pgscan=15,
            pgsteal=16,
        ),
    ]


def test_one_refault_number_before_5_9_is_of_file_pages() -> None:
    (row,) = parse({f"{TOP}/a/memory.stat": "anon 1\nworkingset_refault 9\n"})
    assert (row.workingset_refault_file, row.workingset_refault_anon) == (9, None)


@pytest.mark.parametrize("file", ["memory.current", "memory.stat", "memory.events"])
def test_malformed(file: str) -> None:
    with pytest.raises(Malformed):
        list(parse({f"{TOP}/a/{file}": "anon what"}))
