"""/proc/net/dev: figures of a capture and names an interface may have."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.net_dev import NetDev, parse

COUNTS = " ".join(str(n) for n in range(1, 17))


def test_capture() -> None:
    rows = list(parse((CAPTURES / "6.18/proc/net/dev").read_text()))
    assert [row.device for row in rows] == ["lo", "ifb0", "ifb1", "eth0"]
    eth0 = rows[3]
    assert (eth0.receive_bytes, eth0.receive_packets) == (201388418, 4115)
    assert (eth0.transmit_bytes, eth0.transmit_packets) == (200154, 2377)


def test_every_count_in_its_place() -> None:
    (row,) = parse(f"eth0:{COUNTS}\n")
    assert row.device == "eth0"
    assert [getattr(row, name) for name in columns_of(NetDev)] == list(range(1, 17))


@pytest.mark.parametrize(
    "name", ["eth0.100@x", "a\x1cb", "a\x85b", "a\u2028b", "\u00a0", "eth0:1", "\x1b[2J"]
)
def test_names(name: str) -> None:
    rows = list(parse(f"  {name}: {COUNTS}\n    lo: {COUNTS}\n"))
    assert [row.device for row in rows] == [name, "lo"]


@pytest.mark.parametrize("line", ["eth0: 1 2 3", "eth0:", f"eth0: x{COUNTS}"])
def test_malformed(line: str) -> None:
    with pytest.raises(Malformed) as fault:
        list(parse(f"lo: {COUNTS}\n{line}"))
    assert fault.value.line == 2
