"""Pressure of cgroups, captured while a quota and a memory limit held one back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.cgroup_pressure import CgroupPressure, parse
from jinmaek.root import Root

Row: Any = CgroupPressure
"""Columns that are not given are None."""


def test_capture() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.18")), ["cgroup_pressure"])
    rows = snapshot.tables["cgroup_pressure"]
    assert len(rows) == 9
    assert rows[6] == Row(
        cgroup="/batch.slice/back up\\x2dnightly",
        resource="cpu",
        some_avg10=10.38 / 100,
        some_total=1.439995,
        full_avg10=10.38 / 100,
        full_total=1.439975,
    )


def test_a_resource_that_is_not_there_has_no_row() -> None:
    tree = {
        "sys/fs/cgroup/a/irq.pressure": "full avg10=0.00 avg60=0.00 avg300=0.00 total=5000000\n",
        "sys/fs/cgroup/a/io.pressure": "",
    }
    assert list(parse(tree)) == [Row(cgroup="/a", resource="irq", full_avg10=0.0, full_total=5.0)]


def test_malformed() -> None:
    with pytest.raises(Malformed):
        list(parse({"sys/fs/cgroup/a/io.pressure": "some total=x"}))
