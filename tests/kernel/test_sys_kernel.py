"""/proc/sys/kernel: one row of what is there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek import sampling
from jinmaek.columns import Malformed
from jinmaek.kernel.sys_kernel import SysKernel, parse
from jinmaek.root import Root

Row: Any = SysKernel
"""Columns that are not given are None."""


def test_capture() -> None:
    snapshot = sampling.take(Root(str(CAPTURES / "6.18")), ["sys_kernel"])
    assert snapshot.tables["sys_kernel"] == (
        Row(
            pid_max=32768,
            threads_max=192730,
            hung_task_detect_count=0,
            hung_task_timeout_secs=120,
            task_delayacct=0,
        ),
    )


def test_what_is_not_there_is_none() -> None:
    (row,) = parse({"proc/sys/kernel/threads-max": "7801\n", "proc/sys/kernel/pid_max": ""})
    assert row == Row(threads_max=7801)
    assert row.pid_max is None


def test_malformed() -> None:
    with pytest.raises(Malformed):
        list(parse({"proc/sys/kernel/pid_max": "many\n"}))
