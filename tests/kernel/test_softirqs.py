"""/proc/softirqs: kinds of deferred work by CPU."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.softirqs import Softirq, parse


def test_capture() -> None:
    rows = list(parse((CAPTURES / "6.18/proc/softirqs").read_text()))
    assert len(rows) == 20
    assert Softirq(cpu=1, vector="NET_RX", count=2892) in rows
    assert Softirq(cpu=0, vector="BLOCK", count=0) in rows
    assert sum(row.count for row in rows if row.vector == "RCU") == 33370 + 43689


def test_cpus_are_named_by_the_heading() -> None:
    assert [row.cpu for row in parse("  CPU0  CPU4\n HI: 1 2\n")] == [0, 4]


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("CPUx\nHI: 1", 1), ("CPU0 CPU1\nHI: 1", 2), ("CPU0\nHI: -1", 2)]
)
def test_malformed(text: str, line: int) -> None:
    with pytest.raises(Malformed) as fault:
        list(parse(text))
    assert fault.value.line == line
