"""CPU of cgroups: a throttled one captured in version 1, examples of the documented format of version 2."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.cgroup_cpu import CgroupCpu, parse
from jinmaek.root import Root

Row: Any = CgroupCpu
"""Columns that are not given are None."""

TOP = "sys/fs/cgroup"


def test_capture_of_version_1_beside_version_2() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.18")), ["cgroup_cpu"])
    root, slice_, nightly = snapshot.tables["cgroup_cpu"]
    assert isinstance(root, CgroupCpu)
    assert (root.cgroup, root.usage, root.quota, root.period) == ("/", 1067.201594507, None, 0.1)
    assert isinstance(slice_, CgroupCpu)
    assert (slice_.cgroup, slice_.nr_throttled) == ("/batch.slice", 0)
    assert nightly == Row(
        cgroup="/batch.slice/back up\\x2dnightly",
        usage=0.427374470,
        nr_periods=23,
        nr_throttled=21,
        throttled=1.495278805,
        nr_bursts=0,
        burst=0.0,
        quota=0.2,
        period=0.1,
    )


def test_version_2() -> None:
    """The format of Documentation/admin-guide/cgroup-v2.rst."""
    tree = {
        f"{TOP}/cpu.stat": "usage_usec 9000000\nuser_usec 1\nsystem_usec 2\n",
        f"{TOP}/web.slice/cpu.stat": "usage_usec 4000000\nnr_periods 10\nnr_throttled 4\n"
        "throttled_usec 2500000\nnr_bursts 1\nburst_usec 7000\ncore_sched.force_idle_usec 0\n",
        f"{TOP}/web.slice/cpu.max": "150000 100000\n",
        f"{TOP}/free.slice/cpu.max": "max 100000\n",
    }
    assert list(parse(tree)) == [
        Row(cgroup="/", usage=9.0),
        Row(cgroup="/free.slice", period=0.1),
        Row(
            cgroup="/web.slice",
            usage=4.0,
            nr_periods=10,
            nr_throttled=4,
            throttled=2.5,
            nr_bursts=1,
            burst=0.007,
            quota=1.5,
            period=0.1,
        ),
    ]


def test_before_5_15_there_are_no_bursts() -> None:
    (row,) = parse({f"{TOP}/cpu,cpuacct/a/cpu.stat": "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n"})
    assert row == Row(cgroup="/a", nr_periods=1, nr_throttled=0, throttled=0.0)
    assert row.nr_bursts is None
    assert row.usage is None


@pytest.mark.parametrize("text", ["100000", "lots 100000", "100000 x"])
def test_malformed_limit(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse({f"{TOP}/a/cpu.max": text}))


def test_a_period_of_nothing_is_no_quota() -> None:
    (row,) = parse({f"{TOP}/a/cpu.max": "1 0"})
    assert row.quota is None
