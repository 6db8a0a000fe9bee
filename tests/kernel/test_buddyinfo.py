"""/proc/buddyinfo."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.buddyinfo import Buddyinfo, parse


def test_capture() -> None:
    rows = list(parse((CAPTURES / "6.18/proc/buddyinfo").read_text()))
    assert len(rows) == 33
    assert rows[0] == Buddyinfo(node=0, zone="DMA", order=0, free_blocks=0)
    assert rows[-1] == Buddyinfo(node=0, zone="Normal", order=10, free_blocks=166)
    assert [row.free_blocks for row in rows if row.zone == "Normal"][:4] == [1561, 1480, 1099, 851]


def test_as_many_orders_as_the_kernel_has() -> None:
    rows = list(parse("Node 3, zone   Normal  " + "1 " * 14 + "\n"))
    assert [row.order for row in rows] == list(range(14))
    assert {row.node for row in rows} == {3}


def test_the_exporter_calls_the_order_size() -> None:
    metric = columns_of(Buddyinfo)["free_blocks"].metric
    assert metric
    assert (metric.name, metric.rename) == ("node_buddyinfo_blocks", {"order": "size"})


@pytest.mark.parametrize(
    "text",
    ["Node 0, zone Normal\n", "Node 0, zone\n", "Node x, zone Normal 1\n", "Node 0, zone Normal 1 -1\n"],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
