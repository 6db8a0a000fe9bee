"""/proc/sys/vm: the files' units become base units."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.sys_vm import SysVm, parse
from jinmaek.root import Root

Row: Any = SysVm
"""Columns that are not given are None."""

CAPTURE = Root(str(CAPTURES / "6.18"))


def test_capture() -> None:
    (row,) = sampling.take(CAPTURE, ["sys_vm"]).tables["sys_vm"]
    assert isinstance(row, SysVm)
    assert all(getattr(row, name) is not None for name in columns_of(SysVm))
    assert (row.overcommit_memory, row.overcommit_ratio, row.overcommit_kbytes) == (0, 0.5, 0)
    assert (row.min_free_kbytes, row.admin_reserve_kbytes) == (67584 * 1024, 8192 * 1024)
    assert (row.dirty_ratio, row.dirty_background_ratio) == (0.2, 0.1)
    assert (row.dirty_expire_centisecs, row.dirty_writeback_centisecs) == (30, 5)
    assert (row.swappiness, row.page_cluster, row.watermark_boost_factor) == (60, 3, 15000)


def test_what_is_not_there_is_none() -> None:
    (row,) = parse({"proc/sys/vm/swappiness": "0\n", "proc/sys/vm/page-cluster": ""})
    assert row == Row(swappiness=0)
    assert row.page_cluster is None


def test_malformed() -> None:
    with pytest.raises(Malformed):
        list(parse({"proc/sys/vm/dirty_ratio": "0x10\n"}))
