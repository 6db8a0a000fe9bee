"""/proc/net/softnet_stat."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.softnet_stat import Softnet, parse


def test_capture() -> None:
    assert list(parse((CAPTURES / "6.18/proc/net/softnet_stat").read_text())) == [
        Softnet(cpu=0, processed=0x14, dropped=0, time_squeeze=0, backlog_len=0),
        Softnet(cpu=1, processed=0xFEF, dropped=0, time_squeeze=0, backlog_len=0),
    ]


def test_an_old_kernel_has_no_backlog_and_counts_rows() -> None:
    rows = list(parse("0000000a 00000001 00000002" + " 00000000" * 8 + "\n" + "00000003 " * 11 + "\n"))
    assert [(row.cpu, row.processed, row.dropped, row.time_squeeze) for row in rows] == [
        (0, 10, 1, 2),
        (1, 3, 3, 3),
    ]
    assert [row.backlog_len for row in rows] == [None, None]


def test_the_cpu_is_named_where_the_kernel_names_it() -> None:
    (row,) = parse("00000001 " * 11 + "0000000c 00000007 00000000 00000000\n")
    assert (row.cpu, row.backlog_len) == (7, 12)


@pytest.mark.parametrize("text", ["\n", "00000001 00000002\n", "0000000g 00000000 00000000\n"])
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
