"""I/O of cgroups: captured in version 1, examples of the documented format of version 2."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.cgroup_io import CgroupIo, parse
from jinmaek.root import Root

Row: Any = CgroupIo
TOP = "sys/fs/cgroup"


def test_capture_of_version_1_counts_what_is_below_too() -> None:
    rows = sampling.take(Root(str(CAPTURES / "6.18")), ["cgroup_io"]).tables["cgroup_io"]
    nightly = {"rbytes": 917504, "wbytes": 1310720, "dbytes": 0, "rios": 7, "wios": 20, "dios": 0}
    assert [row for row in rows if getattr(row, "cgroup", "") != "/"] == [
        Row(cgroup="/batch.slice", device="7:0", **nightly),
        Row(cgroup="/batch.slice/back up\\x2dnightly", device="7:0", **nightly),
    ]
    assert {row.device for row in rows if isinstance(row, CgroupIo)} == {"7:0", "7:1"}


def test_version_2() -> None:
    """The format of Documentation/admin-guide/cgroup-v2.rst."""
    tree = {
        f"{TOP}/io.stat": "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n"
        "8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021\n",
        f"{TOP}/a/io.stat": "8:0 rbytes=1 cost.vrate=100.00\n253:1\n",
        f"{TOP}/b/io.stat": "",
    }
    assert list(parse(tree)) == [
        Row(
            cgroup="/", device="8:16", rbytes=1459200, wbytes=314773504, rios=192, wios=353, dbytes=0, dios=0
        ),
        Row(
            cgroup="/",
            device="8:0",
            rbytes=90430464,
            wbytes=299008000,
            rios=8950,
            wios=1252,
            dbytes=50331648,
            dios=3021,
        ),
        Row(cgroup="/a", device="8:0", rbytes=1),
        Row(cgroup="/a", device="253:1"),
    ]


def test_version_1_before_it_told_of_those_below() -> None:
    folder = f"{TOP}/blkio/a"
    tree = {
        f"{folder}/blkio.throttle.io_service_bytes": "8:0 Read 7\n8:0 Write 9\n8:0 Sync 16\nTotal 16\n",
        f"{folder}/blkio.throttle.io_serviced": "8:0 Read 1\n8:0 Write 2\nTotal 3\n",
    }
    assert list(parse(tree)) == [Row(cgroup="/a", device="8:0", rbytes=7, wbytes=9, rios=1, wios=2)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("io.stat", "8:0 rbytes=x\n"),
        ("blkio.throttle.io_serviced", "8:0 Read\n"),
        ("blkio.throttle.io_service_bytes", "8:0 Read -1\n"),
    ],
)
def test_malformed(name: str, text: str) -> None:
    with pytest.raises(Malformed):
        list(parse({f"{TOP}/blkio/a/{name}": text}))
