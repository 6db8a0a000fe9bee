"""/proc/net/sockstat: sockets by protocol."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.sockstat import Sockstat, parse

Row: Any = Sockstat
"""Columns that are not given are None."""


def test_capture() -> None:
    assert list(parse((CAPTURES / "6.18/proc/net/sockstat").read_text())) == [
        Row(
            sockets_used=15,
            TCP_inuse=1,
            TCP_orphan=0,
            TCP_tw=0,
            TCP_alloc=1,
            TCP_mem=457,
            UDP_inuse=0,
            UDP_mem=0,
            UDPLITE_inuse=0,
            RAW_inuse=0,
            FRAG_inuse=0,
            FRAG_memory=0,
        )
    ]


def test_a_protocol_without_a_line_is_none() -> None:
    (row,) = parse("sockets: used 5\nTCP: inuse 1 new 9\nSMC: inuse x\n")
    assert row == Row(sockets_used=5, TCP_inuse=1)
    assert row.UDPLITE_inuse is None


@pytest.mark.parametrize("text", ["", "TCP inuse 1", "TCP: inuse one", "sockets:"])
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
