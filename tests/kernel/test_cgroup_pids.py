"""Threads of cgroups, captured while forks were refused."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.cgroup_pids import CgroupPids, parse
from jinmaek.root import Root


def test_capture() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.18")), ["cgroup_pids"])
    assert snapshot.tables["cgroup_pids"] == (
        CgroupPids(cgroup="/batch.slice", current=3, max=None, events_max=0),
        CgroupPids(cgroup="/batch.slice/back up\\x2dnightly", current=3, max=3, events_max=4),
    )


def test_version_2() -> None:
    """The format of Documentation/admin-guide/cgroup-v2.rst."""
    top = "sys/fs/cgroup/user.slice"
    rows = parse(
        {f"{top}/pids.current": "12\n", f"{top}/pids.max": "4915\n", f"{top}/pids.events": "max 2\n"}
    )
    assert list(rows) == [CgroupPids(cgroup="/user.slice", current=12, max=4915, events_max=2)]


def test_malformed() -> None:
    with pytest.raises(Malformed):
        list(parse({"sys/fs/cgroup/a/pids.current": "few"}))
