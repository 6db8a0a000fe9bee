"""/proc/pagetypeinfo."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.pagetypeinfo import Pagetypeinfo, parse


def test_capture() -> None:
    rows = list(parse((CAPTURES / "6.18/proc/pagetypeinfo").read_text()))
    assert len(rows) == 3 * 5 * 11
    assert rows[8] == Pagetypeinfo(node=0, zone="DMA", migratetype="Unmovable", order=8, free_blocks=1)
    movable = [row.free_blocks for row in rows if (row.zone, row.migratetype) == ("Normal", "Movable")]
    assert movable == [300, 166, 89, 17, 17, 1, 1, 1, 0, 0, 166]


def test_types_add_up_to_buddyinfo() -> None:
    """Both files list the same blocks; zone DMA was not touched between the two reads."""
    rows = list(parse((CAPTURES / "6.18/proc/pagetypeinfo").read_text()))
    blocks = [0] * 11
    for row in rows:
        if row.zone == "DMA":
            blocks[row.order] += row.free_blocks or 0
    line = (CAPTURES / "6.18/proc/buddyinfo").read_text().splitlines()[0]
    assert blocks == [int(word) for word in line.split()[4:]]


def test_a_list_the_kernel_stopped_counting_is_not_known() -> None:
    rows = list(parse("Node    0, zone   Normal, type      Movable  2099 >100000  7\n"))
    assert [row.free_blocks for row in rows] == [2099, None, 7]


@pytest.mark.parametrize(
    "text",
    [
        "Node 0, zone Normal, type Movable\n",
        "Node x, zone Normal, type Movable 1\n",
        "Node 0, zone Normal, type Movable <1\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
