"""Allocations by memory node."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.numastat import Numastat, parse
from jinmaek.root import Root
from jinmaek.sampling import take

PLACE = "sys/devices/system/node/node{}/numastat"


def test_two_nodes_of_a_captured_host() -> None:
    rows = take(Root(str(CAPTURES / "6.1")), ["numastat"]).tables["numastat"]
    assert [(r.node, r.numa_miss, r.numa_foreign) for r in rows if isinstance(r, Numastat)] == [
        (0, 5383, 0),
        (1, 0, 5383),
    ]


def test_what_a_kernel_lacks_is_unknown_and_what_is_new_is_skipped() -> None:
    (row,) = parse({PLACE.format(3): "numa_hit 7\nnuma_wonder 1\n"})
    assert (row.node, row.numa_hit, row.numa_miss) == (3, 7, None)


@pytest.mark.parametrize("text", ["numa_hit\n", "numa_hit x\n", "numa_hit -1\n"])
def test_nonsense(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse({PLACE.format(0): text}))
