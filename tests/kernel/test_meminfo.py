"""/proc/meminfo."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.meminfo import Meminfo, parse

TEXT = (CAPTURES / "6.18/proc/meminfo").read_text()


def known(row: Meminfo) -> dict[str, int]:
    return {name: value for name in columns_of(Meminfo) if (value := getattr(row, name)) is not None}


def test_capture() -> None:
    (row,) = parse(TEXT)
    assert row.MemTotal == 24684084 * 1024
    assert row.MemAvailable == 23485700 * 1024
    assert row.Active == 66152 * 1024
    assert row.Active_anon == 1424 * 1024
    assert row.Inactive_file == 367360 * 1024
    assert row.SwapTotal == 8184 * 1024
    assert row.SwapCached == 156 * 1024
    assert row.VmallocTotal == 34359738367 * 1024
    assert row.HugePages_Total == 0
    assert row.Hugepagesize == 2 << 20
    assert row.DirectMap1G == 25165824 * 1024
    assert row.HighTotal is None
    assert row.HardwareCorrupted is None


def test_every_line_of_every_capture_is_known() -> None:
    for path in CAPTURES.glob("*/proc/meminfo"):
        text = path.read_text()
        (row,) = parse(text)
        assert len(known(row)) == len(text.splitlines()), path


def test_unknown_lines_are_skipped_and_missing_ones_are_none() -> None:
    (row,) = parse(
        "        total:    used:    free:  shared: buffers:  cached:\n"
        "Mem:  261709824 253407232  8302592        0 120745984 48689152\n"
        "MemTotal:  255576 kB\nMemFree:     8108 kB\nMemShared:       0 kB\nNothing at all\n\n"
        "HugePages_Total:    3\n"
    )
    assert known(row) == {"MemTotal": 255576 * 1024, "MemFree": 8108 * 1024, "HugePages_Total": 3}


def test_exported_names() -> None:
    names = {name: column.metric.name for name, column in columns_of(Meminfo).items() if column.metric}
    assert len(names) == len(columns_of(Meminfo))
    assert names["MemAvailable"] == "node_memory_MemAvailable_bytes"
    assert names["Active_anon"] == "node_memory_Active_anon_bytes"
    assert names["HugePages_Total"] == "node_memory_HugePages_Total"
    assert names["Hugepagesize"] == "node_memory_Hugepagesize_bytes"


@pytest.mark.parametrize(
    "line",
    [
        "Dirty:",
        "Dirty: 5",
        "Dirty: 5 MB",
        "Dirty: -5 kB",
        "Dirty: 1_0 kB",
        "HugePages_Free: 5 kB",
        "HugePages_Free:",
    ],
)
def test_malformed(line: str) -> None:
    with pytest.raises(Malformed) as caught:
        list(parse(f"MemTotal: 9 kB\nMemFree: 8 kB\n{line}\n"))
    assert caught.value.line == 3


@pytest.mark.parametrize("text", ["", "MemTotal: 9 kB\n", "MemFree: 9 kB\n"])
def test_without_the_total_there_is_no_row(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
