"""/proc/diskstats: exact figures of a capture, and every width a line ever had."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed
from jinmaek.kernel.diskstats import Disk, parse


def test_capture() -> None:
    rows = list(parse((CAPTURES / "6.18/proc/diskstats").read_text()))
    assert [row.device for row in rows] == [*(f"loop{i}" for i in range(8)), "vda", "zram0"]
    assert rows[8] == Disk(
        device="vda",
        read_ios=122235,
        read_merges=30895,
        read_sectors=4990090 * 512,
        read_ticks=43.498,
        write_ios=13356,
        write_merges=49404,
        write_sectors=6444752 * 512,
        write_ticks=19.598,
        in_flight=0,
        io_ticks=13.312,
        time_in_queue=64.145,
        discard_ios=11571,
        discard_merges=105,
        discard_sectors=814256 * 512,
        discard_ticks=0.979,
        flush_ios=1104,
        flush_ticks=0.069,
    )


@pytest.mark.parametrize(
    ("words", "discard_ios", "flush_ios"),
    [(14, None, None), (18, 12, None), (20, 12, 16), (24, 12, 16)],
)
def test_missing_fields_are_none(words: int, discard_ios: int | None, flush_ios: int | None) -> None:
    line = " ".join(["8", "0", "cciss/c0d0", *(str(n) for n in range(1, 22))][:words])
    (disk,) = parse(line)
    assert (disk.device, disk.time_in_queue) == ("cciss/c0d0", 0.011)
    assert (disk.discard_ios, disk.flush_ios) == (discard_ios, flush_ios)


def test_partition_lines_of_old_are_skipped() -> None:
    assert list(parse("   8    1 sda1 35486 0 35496 38030\n")) == []


@pytest.mark.parametrize("line", ["8 0 sda 1 2 3", "8 0 sda 1 2 3 4 5 6 7 8 9 x 11", "8 0 sda" + " -1" * 11])
def test_malformed(line: str) -> None:
    with pytest.raises(Malformed) as fault:
        list(parse("\n" + line))
    assert fault.value.line == 2
