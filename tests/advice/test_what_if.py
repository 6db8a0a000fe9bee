"""What another value would change on made hosts, by the kernel's formulas, and which values are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.advice.made_host import GIB, MIB, PAGE, cgroup, host, knob, thp, zone

from jinmaek.advice import tuning
from jinmaek.advice.knobs import knobs
from jinmaek.advice.tuning import Tried, tried
from jinmaek.model import Gap

SCANNED = {"vmstat.pgscan_anon": 50_000, "vmstat.pgscan_file": 150_000}
ONLY_FILES = {"vmstat.pgscan_anon": 100, "vmstat.pgscan_file": 150_000}
STRICT = {"sys_vm.overcommit_memory": 2}
IN_SWAP = {"meminfo.SwapFree": 1 * GIB}
WRITING = {"vmstat.nr_dirtied": 25_600, "vmstat.nr_written": 25_600}


def ask(name: str, value: int | str, **made: Any) -> Tried:
    return tried(knob(name), host(**made), value)


def figures(of: Tried) -> dict[str, tuple[float, float]]:
    return {now.name.template: (now.value, then.value) for now, then in of.figures}


CASES: tuple[tuple[str, int | str, dict[str, Any], str, bool], ...] = (
    # knob, value, host, effect, whether --apply refuses it
    ("swappiness", 60, {"grew": SCANNED}, "nothing", False),
    ("swappiness", 10, {"now": {"meminfo.SwapTotal": 0, "meminfo.SwapFree": 0}}, "nothing", False),
    ("swappiness", 10, {}, "nothing", False),
    ("swappiness", 10, {"grew": ONLY_FILES}, "nothing", False),
    ("swappiness", 100, {"grew": ONLY_FILES}, "shifts", False),
    ("swappiness", 10, {"grew": SCANNED}, "shifts", False),
    ("swappiness", 0, {"grew": SCANNED}, "shifts", False),
    ("swappiness", 0, {"grew": SCANNED, "now": IN_SWAP}, "shifts", True),
    ("swappiness", 1, {"grew": SCANNED, "now": IN_SWAP}, "shifts", False),
    (
        "swappiness",
        10,
        {"grew": SCANNED, "rows": {"cgroup_memory": (cgroup("/a", 3 * GIB, 3 * GIB, 60),)}},
        "nothing",
        False,
    ),
    ("vfs_cache_pressure", 200, {}, "nothing", False),
    ("vfs_cache_pressure", 200, {"grew": SCANNED}, "shifts", False),
    ("vfs_cache_pressure", 0, {"grew": SCANNED}, "shifts", True),
    ("overcommit_memory", 1, {}, "nothing", False),
    ("overcommit_memory", 2, {}, "shifts", False),
    ("overcommit_memory", 2, {"now": {"meminfo.Committed_AS": 5.8 * GIB}}, "shifts", True),
    ("overcommit_memory", 0, {"now": STRICT}, "shifts", False),
    ("overcommit_ratio", 10, {}, "nothing", False),
    ("overcommit_ratio", 80, {"now": STRICT}, "shifts", False),
    ("overcommit_ratio", 10, {"now": STRICT}, "shifts", True),
    ("overcommit_kbytes", MIB // 2, {"now": STRICT}, "shifts", True),
    ("min_free_kbytes", 65536, {}, "shifts", False),
    ("min_free_kbytes", 1000, {}, "shifts", True),
    ("min_free_kbytes", 8 * MIB // 16, {}, "shifts", True),
    ("min_free_kbytes", 200_000, {"now": {"meminfo.MemFree": 100 * MIB}}, "shifts", True),
    ("watermark_scale_factor", 100, {}, "shifts", False),
    ("watermark_scale_factor", 1001, {}, "shifts", True),
    ("watermark_scale_factor", 1, {"now": {"sys_vm.watermark_scale_factor": 2}}, "nothing", False),
    ("watermark_scale_factor", 900, {"now": {"meminfo.MemFree": 100 * MIB}}, "shifts", False),
    (
        "watermark_scale_factor",
        900,
        {"now": {"meminfo.MemFree": 100 * MIB, "meminfo.Inactive_file": GIB}},
        "shifts",
        True,
    ),
    ("dirty_ratio", 30, {}, "nothing", False),
    ("dirty_ratio", 5, {"now": {"vmstat.nr_dirty": 150_000}}, "shifts", False),
    ("dirty_ratio", 0, {}, "shifts", True),
    ("dirty_ratio", 100, {}, "nothing", True),
    ("dirty_bytes", 8192, {}, "nothing", True),
    ("dirty_bytes", 64 * GIB, {}, "nothing", True),
    ("dirty_bytes", 512 * MIB, {}, "nothing", False),
    ("dirty_background_ratio", 100, {}, "nothing", True),
    ("dirty_background_bytes", 64 * MIB, {"now": {"vmstat.nr_dirty": 20_000}}, "shifts", False),
    ("dirty_expire_centisecs", 500, {"grew": WRITING}, "shifts", False),
    ("dirty_expire_centisecs", 500, {}, "nothing", False),
    ("dirty_expire_centisecs", 500, {"look": None}, "unknown", False),
    ("dirty_expire_centisecs", 1_000_000, {"grew": WRITING}, "shifts", True),
    ("dirty_writeback_centisecs", 0, {"grew": WRITING}, "shifts", True),
    ("zone_reclaim_mode", 1, {}, "nothing", False),
    ("zone_reclaim_mode", 1, {"rows": {"zoneinfo": (zone(0), zone(1))}}, "shifts", False),
    ("thp.enabled", "never", {}, "nothing", False),
    ("thp.enabled", "never", {"now": {"vmstat.thp_fault_alloc": 9}}, "shifts", False),
    ("thp.enabled", "always", {}, "shifts", False),
    ("thp.defrag", "always", {}, "nothing", False),
    ("thp.defrag", "always", {"now": {"vmstat.thp_fault_fallback": 9}}, "shifts", False),
    ("thp.defrag", "defer", {"rows": {"transparent_hugepage": (thp("never"),)}}, "nothing", False),
    ("page-cluster", 0, {}, "nothing", False),
    ("page-cluster", 0, {"now": {"vmstat.pswpin": 9}}, "shifts", False),
    ("page-cluster", 9, {}, "nothing", True),
    ("nr_hugepages", 512, {}, "shifts", False),
    ("nr_hugepages", 2400, {}, "shifts", True),
    ("nr_hugepages", 0, {"now": {"meminfo.HugePages_Total": 9, "sys_vm.nr_hugepages": 9}}, "nothing", False),
    ("swappiness", 10, {"gaps": {"meminfo": Gap("denied", "proc/meminfo")}}, "unknown", False),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "made", "kind", "refused"),
    CASES,
    ids=[f"{index}: {name}={value}" for index, (name, value, *_) in enumerate(CASES)],
)
def test_what_if(name: str, value: int | str, made: Mapping[str, Any], kind: str, refused: bool) -> None:
    found = ask(name, value, **made)
    assert found.effect.kind == kind, found.effect
    assert (found.refused is not None) == refused, found.refused
    assert (found.effect.gap is not None) == (kind == "unknown")


def test_every_knob_is_asked() -> None:
    assert {knob(name).name for name, *_ in CASES} == {one.name for one in knobs()}


def test_watermarks_and_memavailable() -> None:
    found = figures(ask("min_free_kbytes", 65536))
    # 16384 pages kept; a quarter of it is more than a thousandth of the zone
    assert found["zone {zone}: min"] == (2896, 16384)
    assert found["zone {zone}: low, kswapd wakes"] == (4993, 20480)
    assert found["zone {zone}: high, kswapd sleeps"] == (7090, 24576)
    lost = (24576 - 7090) + 2 * (20480 - 4993)
    now, then = found["MemAvailable"]
    assert now - then == lost * PAGE


def test_commit_limit_and_what_users_can_have() -> None:
    found = figures(ask("overcommit_ratio", 80, now=STRICT))
    assert found["CommitLimit"] == (6 * GIB, 8 * GIB * 80 // 100 // PAGE * PAGE + 2 * GIB)
    now, _ = found["of it for a large process of an ordinary user"]
    assert now == 6 * GIB - 136 * MIB


def test_bytes_take_the_place_of_the_ratio() -> None:
    found = figures(ask("dirty_bytes", 256 * MIB))
    now, then = found["never more dirty than"]
    assert then == 256 * MIB
    assert now == pytest.approx(0.2 * (5 * GIB - 7090 * PAGE), rel=0.01)
    _, background = found["flushing begins at"]
    assert background == 128 * MIB, "10 % is above 256 MiB: the kernel takes half"


def test_drain_time_is_told_only_while_the_disk_works_at_its_limit() -> None:
    name = "time to write that at the rate of this look"
    assert name not in figures(ask("dirty_ratio", 10, grew=WRITING))
    found = figures(ask("dirty_bytes", 100 * MIB, grew=WRITING, now={"vmstat.nr_dirty": 200_000}))
    assert found[name][1] == pytest.approx(10.0)  # 100 MiB at 10 MiB/s


def test_the_way_back_of_a_pair_is_the_partner() -> None:
    back = ask("dirty_bytes", 512 * MIB).undo
    assert [(other.name, value) for other, value in back] == [("dirty_ratio", 20)]
    back = ask("overcommit_ratio", 60).undo
    assert [(other.name, value) for other, value in back] == [("overcommit_ratio", 50)]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("swappiness", "swappiness"),
        ("vm.swappiness", "swappiness"),
        ("vm.page-cluster", "page-cluster"),
        ("page_cluster", "page-cluster"),
        ("thp.enabled", "transparent_hugepage/enabled"),
        ("thp/defrag", "transparent_hugepage/defrag"),
        ("transparent_hugepage/enabled", "transparent_hugepage/enabled"),
    ],
)
def test_names(typed: str, name: str) -> None:
    assert knob(typed).name == name


@pytest.mark.parametrize(
    "typed", ["", "vm.", "drop_caches", "kernel.pid_max", "../swappiness", "swappiness\n"]
)
def test_what_is_not_on_the_list(typed: str) -> None:
    assert tuning.find(typed) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("swappiness", "201"),
        ("swappiness", "-1"),
        ("swappiness", "1 0"),
        ("swappiness", "1\n"),
        ("swappiness", ""),
        ("swappiness", "٣"),
        ("swappiness", "1e2"),
        ("swappiness", "0x10"),
        ("dirty_bytes", "8191"),
        ("overcommit_memory", "3"),
        ("min_free_kbytes", "9" * 40),
        ("thp.enabled", "always; reboot"),
        ("thp.enabled", "1"),
        ("thp.enabled", "[always]"),
    ],
)
def test_only_numbers_in_range_and_known_words_are_values(name: str, text: str) -> None:
    with pytest.raises(ValueError):
        tuning.value_of(knob(name), text)
