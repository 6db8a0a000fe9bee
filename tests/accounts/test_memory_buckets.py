"""MemTotal as a sum of buckets that do not overlap, whatever the kernel."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.accounts.made_memory import AGES, COMMON, GIB, KIB, MIB, core, meminfo, zone
from tests.views.frozen import trees

from jinmaek.accounts.memory_band import band, threshold
from jinmaek.accounts.memory_buckets import balance
from jinmaek.accounts.memory_core import Balance, page_size
from jinmaek.accounts.memory_reading import read_core
from jinmaek.accounts.memory_titles import BAND, MEANINGS, PARTS, TITLES
from jinmaek.kernel import hugepages, vmstat, zfs, zram, zswap, zswap_pool
from jinmaek.root import LIVE, Root

HOSTS = trees(("proc/meminfo",))
CLOSED = ("6.1", "6.1-small", "6.1-oom", "6.1-nopsi", "6.1-rt", "6.12", "6.12-cache", "6.18")
"""Captures whose files are of nearly one moment."""
Vmstat: Any = vmstat.Vmstat
Zram: Any = zram.Zram
Zswap: Any = zswap.Zswap
ZswapPool: Any = zswap_pool.ZswapPool
Hugepages: Any = hugepages.Hugepages


def names(made: Balance) -> set[str]:
    return {bucket.name for bucket in made.buckets}


def adds_up(made: Balance) -> None:
    assert sum(bucket.bytes for bucket in made.buckets) + made.residual == made.total
    assert len(names(made)) == len(made.buckets)
    for bucket in made.buckets:
        assert bucket.name in TITLES
        assert bucket.name in MEANINGS
        assert {part.name for part in bucket.parts} <= PARTS.keys()


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_buckets_and_residual_are_the_total_on_every_captured_host(host: Path) -> None:
    found, movement, _ = read_core(Root(str(host)))
    adds_up(balance(found))
    assert movement is None


@pytest.mark.parametrize("host", CLOSED)
def test_captures_close_to_two_per_cent(host: str) -> None:
    """They were small machines, where a few MiB of the kernel's own pages are a per cent."""
    found, _, _ = read_core(Root(str(HOSTS[host])))
    made = balance(found)
    assert 0 < made.residual < max(0.02 * made.total, 6 * MIB)


def test_the_running_kernel_closes() -> None:
    def beyond() -> float:
        found, movement, _ = read_core(LIVE)
        made = balance(found)
        adds_up(made)
        assert movement is not None
        return abs(made.residual) - 0.01 * made.total - 64 * MIB

    # Others on the host may take much between two of the readings.
    assert any(beyond() <= 0 for _ in range(5))


@pytest.mark.parametrize("age", AGES)
def test_field_sets_of_other_kernels(age: str) -> None:
    made = balance(core(meminfo(AGES[age])))
    adds_up(made)
    told = 2_000_000 + 4_000 + 7_000_000 + 6_000_000 + 200_000 + 500_000 + 60_000
    match age:
        case "el7":
            told += 12_000 + 3_000 + 65_536
            assert made.inside == ("secondary-page-tables", "vmalloc", "huge pages of other sizes")
        case "4.4":
            told += 12_000 + 65_536
            assert made.inside == ("secondary-page-tables", "vmalloc", "percpu", "huge pages of other sizes")
        case "4.19":
            told += 12_000 + 3_000 + 1_114_112
            assert made.inside == ("secondary-page-tables", "vmalloc")
        case "5.4":
            told += 10_000 + 45_000 + 3_000 + 1_114_112
            assert made.inside == ("secondary-page-tables",)
        case "6.1":
            # Without vmstat nobody tells whether zswap's pool is in zsmalloc; it is counted once.
            told += 10_000 + 2_000 + 45_000 + 3_000 + 1_114_112 + 50_000
            assert made.inside == ()
        case "6.12":
            told += 10_000 + 2_000 + 45_000 + 3_000 + 1_114_112 + 50_000 + 4
            assert made.inside == ()
    assert made.total - made.residual == told * KIB
    assert ("kernel-stacks" in names(made)) == (age in ("el7", "4.4", "4.19"))
    assert ("vmalloc" in names(made)) == (age not in ("el7", "4.4", "4.19"))


SIZES = st.integers(0, 1 << 40)


@settings(
    max_examples=int(os.environ.get("JINMAEK_EXAMPLES", "200")),
    deadline=None,
    derandomize=True,
    database=None,
)
@given(age=st.sampled_from(sorted(AGES)), sizes=st.dictionaries(st.sampled_from(sorted(COMMON)), SIZES))
def test_any_figures_add_up(age: str, sizes: dict[str, int]) -> None:
    row = meminfo({**AGES[age], **sizes})
    for one in (core(row), core(row, zones=(), cpus=None)):
        made = balance(one)
        adds_up(made)
        reasons = band(one, 0, made.residual)
        assert (reasons is None) == (one.cpus is None)
        assert all(reason.bytes > 0 and reason.name in BAND for reason in reasons or ())


def test_stacks_that_do_not_fit_into_vmalloc_are_apart() -> None:
    made = balance(core(meminfo(AGES["6.1"], KernelStack=46_000)))
    assert made.size("kernel-stacks") == 46_000 * KIB
    assert made.size("vmalloc") == 45_000 * KIB


def test_stacks_may_be_outside_vmalloc_only_where_the_residual_has_room() -> None:
    row = meminfo(AGES["6.1"])
    for residual, room in ((-20 * MIB, False), (20 * MIB, True)):
        reasons = {reason.name for reason in band(core(row), 0, residual) or ()}
        assert ("stacks" in reasons) is room


def test_huge_pages_of_all_sizes_before_the_kernel_adds_them_up() -> None:
    pools = (Hugepages(size=2 * MIB, total=32), Hugepages(size=GIB, total=1))
    made = balance(core(meminfo(AGES["4.4"]), pools=pools))
    assert made.size("hugetlb") == 64 * MIB + GIB
    assert "huge pages of other sizes" not in made.inside


def test_page_cache_is_what_is_not_shmem_and_at_least_so_much_is_mapped() -> None:
    made = balance(core(meminfo(Mapped=1_000_000)))
    (cache,) = (bucket for bucket in made.buckets if bucket.name == "page-cache")
    assert cache.bytes == 5_600_000 * KIB
    assert {part.name: part.bytes for part in cache.parts} == {
        "dirty": 1_000 * KIB,
        "mapped-at-least": 600_000 * KIB,
        "mapped-at-most": 1_000_000 * KIB,
    }


@pytest.mark.parametrize(
    ("cached", "on_lists", "unmapped"),
    [(0, 0, 0), (100_000, 40_000, 40_000), (100_000, -500, 0), (100_000, 900_000, 100_000)],
)
def test_the_part_of_the_swap_cache_nobody_maps(cached: int, on_lists: int, unmapped: int) -> None:
    """AnonPages, Cached and Buffers are 13,200,000: what the lists have more is the swap cache."""
    made = balance(core(meminfo(SwapCached=cached, Active=8_000_000 + on_lists)))
    assert made.size("swap-cache") == unmapped * KIB


def test_without_lists_the_swap_cache_is_all_uncertain() -> None:
    one = core(meminfo(SwapCached=100_000, Active=None))
    assert "swap-cache" not in names(balance(one))
    assert {reason.name: reason.bytes for reason in band(one, 0, 0) or ()}["swap-cache"] == 100_000 * KIB


@pytest.mark.parametrize(
    ("tables", "size"),
    [
        ({"vmstat": Vmstat(nr_zspages=100)}, 100 * 4096),
        ({"vmstat": Vmstat(nr_zspages=100), "zswap": Zswap(zpool="zsmalloc")}, 100 * 4096),
        ({"vmstat": Vmstat(nr_zspages=100), "zswap": Zswap(zpool="zbud")}, 100 * 4096 + 50_000 * KIB),
        ({"vmstat": Vmstat(), "zram": (Zram(device="zram0", mem_used_total=7777),)}, 7777 + 50_000 * KIB),
    ],
)
def test_compressed_pages_are_counted_once(tables: dict[str, Any], size: int) -> None:
    assert balance(core(meminfo(AGES["6.1"]), **tables)).size("compressed") == size


def test_zswap_before_meminfo_had_it() -> None:
    row = meminfo(AGES["5.4"])
    assert "compressed" not in names(balance(core(row)))
    pool = ZswapPool(pool_total_size=MIB)
    assert balance(core(row, zswap_pool=pool)).size("compressed") == MIB
    assert "compressed" in balance(core(row, zswap=Zswap(enabled=1))).inside


def test_the_zfs_cache_is_its_own_pages_or_unknown() -> None:
    row = meminfo(AGES["6.1"])
    arc = zfs.Arcstats(size=900 * MIB, c=None, c_min=MIB, c_max=None)
    abd = zfs.Abdstats(linear_data_size=9, scatter_data_size=500 * MIB, scatter_chunk_waste=MIB)
    assert balance(core(row, arc=arc, abd=abd)).size("zfs-arc") == 501 * MIB
    unknown = balance(core(row, arc=arc))
    assert "zfs-arc" not in names(unknown)
    assert "zfs-arc" in unknown.inside


def test_a_balloon_is_in_the_total_where_there_is_room_for_it() -> None:
    row = meminfo(AGES["6.12"])
    rest = balance(core(row)).residual
    assert rest < 0  # of figures made by hand
    outside = balance(core(replace_(row, Balloon=MIB)))
    assert "balloon" not in names(outside)
    assert [(one.name, one.bytes) for one in outside.outside] == [("balloon", MIB)]
    roomy = meminfo(AGES["6.12"], MemTotal=20_000_000)
    inside = balance(core(replace_(roomy, Balloon=GIB)))
    assert inside.size("balloon") == GIB
    assert not inside.outside


def replace_(row: Any, **changed: int) -> Any:
    return type(row)(**{**{name: getattr(row, name) for name in row.__slots__}, **changed})


def test_free_pages_of_the_cpus_have_a_bucket_of_their_own() -> None:
    zones = (zone(pagesets_count=300), zone(zone="DMA", pagesets_count=None), zone(node=1, pagesets_count=5))
    assert balance(core(meminfo(), zones=zones)).size("cpu-free") == 305 * 4096
    unknown = balance(core(meminfo(), zones=()))
    assert "cpu-free" in unknown.inside
    assert band(core(meminfo(), zones=()), 0, 0) is None


def test_memory_that_is_not_set_up_yet_is_said() -> None:
    """A kernel that sets its pages up lazily counts them as free in meminfo and nowhere else."""
    found, _, _ = read_core(Root(str(HOSTS["6.18"])))
    (deferred,) = balance(found).outside
    assert found.vmstat is not None
    assert found.vmstat.nr_free_pages is not None
    assert deferred.name == "deferred"
    assert deferred.bytes == pytest.approx(
        found.meminfo.MemFree - found.vmstat.nr_free_pages * 4096, abs=64 * MIB
    )
    assert balance(replace(found, vmstat=None)).outside == ()


@pytest.mark.parametrize("host", [host for host in CLOSED if (HOSTS[host] / "proc/zoneinfo").is_file()])
def test_thresholds_of_the_per_cpu_counters_are_the_kernel_s(host: str) -> None:
    text = (HOSTS[host] / "proc/zoneinfo").read_text()
    cpus = (HOSTS[host] / "proc/stat").read_text().count("\ncpu")
    shown = []
    for part in text.split("Node ")[1:]:
        found = re.search(r"managed\s+(\d+)", part)
        told = re.search(r"vm stats threshold: (\d+)", part)
        if found and told:
            shown.append(int(told[1]))
            assert threshold(cpus, int(found[1]) * 4096) == shown[-1]
    assert shown


def test_the_counters_band_is_what_all_cpus_may_keep() -> None:
    reasons = band(core(meminfo(), zones=(zone(managed=1 << 20),)), None, 0) or ()
    residue = next(reason.bytes for reason in reasons if reason.name == "counters")
    assert residue == (3 + 8) * 2 * 28 * 4096
    many = band(core(meminfo(), zones=(zone(managed=1 << 24),), cpus=64), None, 0) or ()
    assert next(one.bytes for one in many if one.name == "counters") == (3 + 8) * 64 * 125 * 4096


@pytest.mark.parametrize(("anon", "pages", "size"), [(1000, 250, 4096), (1024, 16, 65536), (1000, 63, 16384)])
def test_pages_of_another_machine(anon: int, pages: int, size: int) -> None:
    assert page_size(meminfo(AnonPages=anon), Vmstat(nr_anon_pages=pages), 4096) == size
    assert page_size(meminfo(AnonPages=anon), None, 8192) == 8192
