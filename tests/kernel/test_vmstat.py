"""/proc/vmstat."""

from __future__ import annotations

import re

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.vmstat import Vmstat, parse, stock

TEXT = (CAPTURES / "6.18/proc/vmstat").read_text()


def known(row: Vmstat) -> dict[str, int]:
    return {name: value for name in columns_of(Vmstat) if (value := getattr(row, name)) is not None}


def test_capture() -> None:
    (row,) = parse(TEXT)
    assert row.nr_free_pages == 1024192
    assert row.pswpout == 39
    assert row.oom_kill == 0
    assert row.pgpgin == 1844509 * 1024
    assert row.nr_kernel_stack == 2148 * 1024
    assert row.nr_unstable == 0
    assert row.allocstall is None
    assert row.workingset_refault is None


def test_every_field_of_every_capture_is_known() -> None:
    for path in CAPTURES.glob("*/proc/vmstat"):
        names = {line.split()[0] for line in path.read_text().splitlines()}
        assert names <= set(columns_of(Vmstat)), path


def test_an_old_kernel_counts_stacks_not_kib() -> None:
    (row,) = parse("nr_free_pages 5\nnr_inactive_anon 4\nnr_kernel_stack 300\nallocstall 7\n")
    assert known(row) == {"nr_free_pages": 5, "nr_inactive_anon": 4, "allocstall": 7}


def test_stock_is_the_default_of_node_exporter() -> None:
    default = re.compile(r"^(oom_kill|pgpg|pswp|pg.*fault).*")
    names = columns_of(Vmstat)
    assert [name for name in names if stock(name)] == [name for name in names if default.match(name)]
    assert stock("pswpin")
    assert not stock("allocstall_normal")


def test_exported_names_and_units() -> None:
    columns = columns_of(Vmstat)
    for name, column in columns.items():
        assert column.metric
        assert column.metric.name == f"node_vmstat_{name}"
        assert (column.metric.factor == 1024) == (column.unit == "bytes")
    assert [name for name, column in columns.items() if column.unit == "bytes"] == [
        "nr_kernel_stack",
        "pgpgin",
        "pgpgout",
    ]
    assert columns["nr_dirty"].kind == "gauge"
    assert columns["nr_dirtied"].kind == "counter"
    assert columns["nr_anon_transparent_hugepages"].unit == "count"


@pytest.mark.parametrize("text", ["", "what 5\n", "pswpin\n", "pswpin -5\n", "pswpin x\n", "pswpin 1_0\n"])
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
