"""/proc/spl/kstat/zfs: no kernel that could be run here has it, others' captures do."""

from __future__ import annotations

import pytest
from tests.conftest import OTHER_HOSTS

from jinmaek.columns import Malformed
from jinmaek.kernel.zfs import Abdstats, Arcstats, parse_abdstats, parse_arcstats

HEAD = "6 1 0x01 91 4368 5266997922 97951858082072\nname                            type data\n"
ARC = (
    HEAD + "c                               4    17\nc_min                           4    5\nsize   4    9\n"
)
ABD = (
    HEAD + "linear_cnt 4 1\nlinear_data_size 4 2048\nscatter_data_size 4 16384\nscatter_chunk_waste 4 512\n"
    "scatter_order_0 4 7\n"
)


def test_the_sizes_among_a_hundred_numbers() -> None:
    assert list(parse_arcstats(ARC)) == [Arcstats(size=9, c=17, c_min=5, c_max=None)]
    assert list(parse_abdstats(ABD)) == [
        Abdstats(linear_data_size=2048, scatter_data_size=16384, scatter_chunk_waste=512)
    ]


@pytest.mark.skipif(not OTHER_HOSTS.is_dir(), reason="captures of other hosts are not here")
def test_another_host() -> None:
    folder = OTHER_HOSTS / "node_exporter/proc/spl/kstat/zfs"
    assert list(parse_arcstats((folder / "arcstats").read_text())) == [
        Arcstats(size=1603939792, c=1643208777, c_min=33554432, c_max=8367976448)
    ]
    assert list(parse_abdstats((folder / "abdstats").read_text())) == [
        Abdstats(linear_data_size=223232, scatter_data_size=16384, scatter_chunk_waste=0)
    ]


@pytest.mark.parametrize("text", ["", HEAD, "size 4 9\n", ARC.replace("9\n", "-9\n")])
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse_arcstats(text))
    with pytest.raises(Malformed):
        list(parse_abdstats(text))
