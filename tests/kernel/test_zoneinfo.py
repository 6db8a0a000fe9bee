"""/proc/zoneinfo."""

from __future__ import annotations

import pytest
from tests.conftest import CAPTURES

from jinmaek.columns import Malformed, columns_of
from jinmaek.kernel.zoneinfo import Zone, parse

TEXT = (CAPTURES / "6.18/proc/zoneinfo").read_text()


def test_capture() -> None:
    zones = {row.zone: row for row in parse(TEXT)}
    assert list(zones) == ["DMA", "DMA32", "Normal", "Movable", "Device"]
    assert zones["Normal"] == Zone(
        node=0,
        zone="Normal",
        free=247437,
        boost=0,
        min=7517,
        low=9396,
        high=11275,
        promo=13154,
        spanned=5505024,
        present=5505024,
        managed=622592,
        cma=0,
        protection_max=0,
        pagesets_count=zones["Normal"].pagesets_count,
        nr_zone_inactive_anon=197422,
        nr_zone_active_anon=zones["Normal"].nr_zone_active_anon,
        nr_zone_inactive_file=zones["Normal"].nr_zone_inactive_file,
        nr_zone_active_file=16182,
        nr_zone_unevictable=4771,
        nr_zone_write_pending=43197,
        nr_mlock=4546,
        nr_zspages=0,
        nr_free_cma=0,
        numa_hit=3463245,
        numa_miss=0,
        numa_foreign=0,
        numa_interleave=1132,
        numa_local=3463245,
        numa_other=0,
    )
    assert zones["Normal"].nr_zone_active_anon is not None
    protection = zones["DMA"].protection_max
    assert protection is not None
    assert protection > 4000


def test_free_pages_of_the_cpus_are_added_up() -> None:
    zones = {row.zone: row for row in parse(TEXT)}
    counts = [line.split()[1] for line in TEXT.split("zone   Normal")[1].splitlines() if "count:" in line]
    assert zones["Normal"].pagesets_count == sum(map(int, counts[:2])) > 0
    assert zones["Movable"].pagesets_count is None


def test_a_zone_without_memory_has_no_counters() -> None:
    movable = next(row for row in parse(TEXT) if row.zone == "Movable")
    assert (movable.free, movable.managed, movable.numa_hit) == (0, 0, None)


def test_counters_of_the_node_and_of_the_page_sets_are_not_the_zones() -> None:
    (row,) = parse(
        "Node 1, zone   Normal\n"
        "  per-node stats\n      nr_mlock 77\n      low 88\n"
        "  pages free     5\n        min      1\n        low      2\n        high     3\n"
        "      nr_mlock     4\n"
        "  pagesets\n    cpu: 0\n              count: 6\n              high 99\n              nr_mlock 99\n"
    )
    known = {name: value for name in columns_of(Zone) if (value := getattr(row, name)) is not None}
    assert (row.node, row.zone) == (1, "Normal")
    assert known == {"free": 5, "min": 1, "low": 2, "high": 3, "nr_mlock": 4, "pagesets_count": 6}


def test_two_nodes() -> None:
    zone = "zone Normal\n pages free 5\n min 1\n low 2\n high 3\n"
    assert [(row.node, row.zone) for row in parse(f"Node 0, {zone}Node 11, {zone}")] == [
        (0, "Normal"),
        (11, "Normal"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Node 0, zone Normal\n",
        "Node x, zone Normal\n pages free 5\n min 1\n low 2\n high 3\n",
        "Node 0, zone Normal\n pages free 5\n min 1\n low 2\n",
        "Node 0, zone Normal\n pages free -5\n min 1\n low 2\n high 3\n",
        "Node 0, zone Normal\n pages free 5\n min 1\n low 2\n high 3\n protection: ()\n",
        "Node 0, zone Normal\n pages free 5\n min 1\n low 2\n high 3\n protection: (0, x)\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        list(parse(text))
