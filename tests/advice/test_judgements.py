"""What each knob is judged to be on made hosts: misfit, irrelevant, fits, unknown, and on which evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.advice.made_host import (
    GIB,
    MIB,
    NOW,
    PAGE,
    SWAP_ON_ZRAM,
    answer,
    cgroup,
    host,
    knob,
    slab,
    thp,
    zone,
)

from jinmaek.advice import reclaim
from jinmaek.advice.knobs import knobs
from jinmaek.advice.seen import Seen
from jinmaek.advice.tuning import everything, tried
from jinmaek.model import Gap

GIB_PAGES = GIB // PAGE
SCAN_BOTH = {
    "vmstat.pgscan_anon": 50_000,
    "vmstat.pgscan_file": 150_000,
    "vmstat.pgsteal_anon": 40_000,
    "vmstat.pgsteal_file": 140_000,
}
FILE_COMES_BACK = {
    **SCAN_BOTH,
    "vmstat.workingset_refault_file": 90_000,
    "vmstat.workingset_refault_anon": 10,
}
ANON_COMES_BACK = {
    **SCAN_BOTH,
    "vmstat.workingset_refault_anon": 35_000,
    "vmstat.workingset_refault_file": 10,
}
STALLING = {
    "vmstat.allocstall_normal": 500,
    "vmstat.pageoutrun": 40,
    "vmstat.pgscan_direct": 50_000,
    "vmstat.pgscan_kswapd": 50_000,
}
RECLAIM = {**SCAN_BOTH, "vmstat.slabs_scanned": 10_000}
BIG_SLAB = {"slabinfo": (slab("dentry", GIB), slab("xfs_inode", 2 * GIB))}
STRICT = {"sys_vm.overcommit_memory": 2}
TWO_NODES = {"zoneinfo": (zone(0), zone(1))}
POOL = {"meminfo.HugePages_Total": 1024, "meminfo.HugePages_Free": 1000, "meminfo.HugePages_Rsvd": 100}
DENIED = {"vmstat": Gap("denied", "proc/vmstat")}

CASES: tuple[tuple[str, str, dict[str, Any], str, tuple[str, Any] | None], ...] = (
    # swappiness
    ("no swap", "swappiness", {"now": {"meminfo.SwapTotal": 0, "meminfo.SwapFree": 0}}, "irrelevant", None),
    ("swap full", "swappiness", {"now": {"meminfo.SwapFree": 0}, "grew": SCAN_BOTH}, "irrelevant", None),
    ("no reclaim", "swappiness", {}, "irrelevant", None),
    (
        "97 % file",
        "swappiness",
        {"grew": {"vmstat.pgscan_file": 97_000, "vmstat.pgsteal_file": 96_000, "vmstat.pgscan_anon": 300}},
        "irrelevant",
        None,
    ),
    ("file pages come back", "swappiness", {"grew": FILE_COMES_BACK}, "misfit", ("swappiness", 100)),
    (
        "far too low",
        "swappiness",
        {"grew": FILE_COMES_BACK, "now": {"sys_vm.swappiness": 1}},
        "misfit",
        ("swappiness", 60),
    ),
    (
        "zram",
        "swappiness",
        {"grew": FILE_COMES_BACK, "rows": {"swaps": SWAP_ON_ZRAM}, "now": {"sys_vm.swappiness": 100}},
        "misfit",
        ("swappiness", 133),
    ),
    ("anonymous pages come back", "swappiness", {"grew": ANON_COMES_BACK}, "misfit", ("swappiness", 20)),
    (
        "but there is no cache to take",
        "swappiness",
        {"grew": ANON_COMES_BACK, "now": {"meminfo.Inactive_file": MIB}},
        "fits",
        None,
    ),
    (
        "file pages come back, but nothing lies idle",
        "swappiness",
        {"grew": FILE_COMES_BACK, "now": {"meminfo.Inactive_anon": MIB}},
        "fits",
        None,
    ),
    (
        "file pages come back, and the value leans that way already",
        "swappiness",
        {"grew": FILE_COMES_BACK, "now": {"sys_vm.swappiness": 150}},
        "fits",
        None,
    ),
    ("both, unharmed", "swappiness", {"grew": SCAN_BOTH}, "fits", None),
    (
        "cgroups of version 1",
        "swappiness",
        {"grew": FILE_COMES_BACK, "rows": {"cgroup_memory": (cgroup("/a", 2 * GIB, 3 * GIB, 60),)}},
        "irrelevant",
        None,
    ),
    (
        "cgroups of version 2",
        "swappiness",
        {"grew": FILE_COMES_BACK, "rows": {"cgroup_memory": (cgroup("/a", 2 * GIB, 3 * GIB, None),)}},
        "misfit",
        ("swappiness", 100),
    ),
    ("cgroups denied", "swappiness", {"gaps": {"cgroup_memory": Gap("denied", "x")}}, "unknown", None),
    (
        "one-sided refaults before 5.9",
        "swappiness",
        {"grew": SCAN_BOTH, "now": {"vmstat.workingset_refault_anon": None}},
        "unknown",
        None,
    ),
    ("counters denied", "swappiness", {"gaps": DENIED}, "unknown", None),
    # vfs_cache_pressure
    ("no reclaim", "vfs_cache_pressure", {}, "irrelevant", None),
    (
        "nothing held",
        "vfs_cache_pressure",
        {"grew": RECLAIM, "rows": {"slabinfo": (slab("dentry", MIB),)}},
        "irrelevant",
        None,
    ),
    (
        "never reclaimed",
        "vfs_cache_pressure",
        {"grew": SCAN_BOTH, "now": {"sys_vm.vfs_cache_pressure": 0}},
        "misfit",
        ("vfs_cache_pressure", 100),
    ),
    (
        "cache missed, names kept",
        "vfs_cache_pressure",
        {"grew": {**FILE_COMES_BACK, "vmstat.slabs_scanned": 5}, "rows": BIG_SLAB},
        "misfit",
        ("vfs_cache_pressure", 200),
    ),
    (
        "and set low",
        "vfs_cache_pressure",
        {"grew": FILE_COMES_BACK, "rows": BIG_SLAB, "now": {"sys_vm.vfs_cache_pressure": 20}},
        "misfit",
        ("vfs_cache_pressure", 100),
    ),
    (
        "inodes take their pages along",
        "vfs_cache_pressure",
        {
            "grew": RECLAIM,
            "now": {
                "sys_vm.vfs_cache_pressure": 1000,
                "vmstat.pginodesteal": 60_000,
                "vmstat.pgsteal_file": 90_000,
            },
        },
        "misfit",
        ("vfs_cache_pressure", 100),
    ),
    ("at work", "vfs_cache_pressure", {"grew": RECLAIM}, "fits", None),
    (
        "slabinfo denied, and it may be much",
        "vfs_cache_pressure",
        {"grew": RECLAIM, "gaps": {"slabinfo": Gap("denied", "proc/slabinfo")}},
        "unknown",
        None,
    ),
    (
        "slabinfo denied, but it cannot be much",
        "vfs_cache_pressure",
        {
            "grew": RECLAIM,
            "gaps": {"slabinfo": Gap("denied", "proc/slabinfo")},
            "now": {"meminfo.SReclaimable": MIB},
        },
        "irrelevant",
        None,
    ),
    # overcommit
    ("mode 0", "overcommit_memory", {}, "fits", None),
    ("mode 1", "overcommit_memory", {"now": {"sys_vm.overcommit_memory": 1}}, "fits", None),
    ("mode 2", "overcommit_memory", {"now": STRICT}, "fits", None),
    ("not enforced", "overcommit_ratio", {}, "irrelevant", None),
    ("room left", "overcommit_ratio", {"now": STRICT}, "fits", None),
    (
        "about to refuse",
        "overcommit_ratio",
        {"now": {**STRICT, "meminfo.Committed_AS": 5.7 * GIB}},
        "misfit",
        ("overcommit_ratio", 70),  # (5.7 / 0.75 - 2) / 8 GiB
    ),
    (
        "about to refuse, and memory is short too",
        "overcommit_ratio",
        {"now": {**STRICT, "meminfo.Committed_AS": 5.7 * GIB, "meminfo.MemAvailable": 0.2 * GIB}},
        "fits",
        None,
    ),
    ("the other counts", "overcommit_kbytes", {"now": STRICT}, "irrelevant", None),
    (
        "about to refuse",
        "overcommit_kbytes",
        {
            "now": {
                **STRICT,
                "sys_vm.overcommit_kbytes": 4 * GIB,
                "sys_vm.overcommit_ratio": 0,
                "meminfo.Committed_AS": 6 * GIB,
            }
        },
        "misfit",
        ("overcommit_kbytes", 6 * MIB),
    ),
    ("no limit told", "overcommit_ratio", {"now": {**STRICT, "meminfo.CommitLimit": None}}, "unknown", None),
    # watermarks
    ("never low", "min_free_kbytes", {}, "irrelevant", None),
    ("never low", "watermark_scale_factor", {}, "irrelevant", None),
    (
        "a quarter of memory kept",
        "min_free_kbytes",
        {"now": {"sys_vm.min_free_kbytes": 2 * GIB}, "grew": {"vmstat.pageoutrun": 100}},
        "misfit",
        ("min_free_kbytes", 22528),
    ),
    (
        "small, and threads stall",
        "min_free_kbytes",
        {
            "now": {"sys_vm.min_free_kbytes": 4 * MIB},
            "grew": STALLING,
            "rows": {"transparent_hugepage": (thp("never"),)},
        },
        "misfit",
        ("min_free_kbytes", 11585),
    ),
    ("kswapd alone", "min_free_kbytes", {"grew": {"vmstat.pageoutrun": 5}}, "fits", None),
    ("threads stall", "watermark_scale_factor", {"grew": STALLING}, "misfit", ("watermark_scale_factor", 50)),
    (
        "wide, nobody waits, cache missed",
        "watermark_scale_factor",
        {
            "now": {"sys_vm.watermark_scale_factor": 500},
            "grew": {"vmstat.pageoutrun": 9, "vmstat.workingset_refault_file": GIB_PAGES},
        },
        "misfit",
        ("watermark_scale_factor", 10),
    ),
    ("kswapd alone", "watermark_scale_factor", {"grew": {"vmstat.pageoutrun": 5}}, "fits", None),
    (
        "stalls long ago, not now",
        "watermark_scale_factor",
        {"now": {"vmstat.allocstall_normal": 20}, "grew": {"vmstat.pageoutrun": 2}},
        "fits",
        None,
    ),
    (
        "before 3.8",
        "watermark_scale_factor",
        {"gaps": {"zoneinfo": Gap("absent", "z")}, "grew": STALLING},
        "unknown",
        None,
    ),
    # dirty
    ("little dirty", "dirty_ratio", {}, "irrelevant", None),
    ("the other counts", "dirty_bytes", {}, "irrelevant", None),
    ("little dirty", "dirty_background_ratio", {}, "irrelevant", None),
    ("the other counts", "dirty_background_bytes", {}, "irrelevant", None),
    (
        "slow disk",
        "dirty_ratio",
        {"now": {"vmstat.nr_dirty": 240_000}, "grew": {"vmstat.nr_written": 25_600}},
        "misfit",
        ("dirty_bytes", 50 * MIB),  # 10 MiB/s for 5 s
    ),
    (
        "fast disk",
        "dirty_ratio",
        {"now": {"vmstat.nr_dirty": 240_000}, "grew": {"vmstat.nr_written": 2_560_000}},
        "fits",
        None,
    ),
    ("disk stands still", "dirty_ratio", {"now": {"vmstat.nr_dirty": 240_000}}, "fits", None),
    (
        "flushing",
        "dirty_background_ratio",
        {"now": {"vmstat.nr_dirty": 150_000}, "grew": {"vmstat.nr_written": 2_560}},
        "fits",
        None,
    ),
    ("one reading", "dirty_ratio", {"now": {"vmstat.nr_dirty": 240_000}, "look": None}, "unknown", None),
    ("one reading, little dirty", "dirty_ratio", {"look": None}, "irrelevant", None),
    ("nothing written", "dirty_expire_centisecs", {}, "irrelevant", None),
    ("writing", "dirty_expire_centisecs", {"grew": {"vmstat.nr_dirtied": 9}}, "fits", None),
    (
        "switched off",
        "dirty_writeback_centisecs",
        {"now": {"sys_vm.dirty_writeback_centisecs": 0, "vmstat.nr_dirty": 50_000}},
        "misfit",
        ("dirty_writeback_centisecs", 500),
    ),
    (
        "switched off",
        "dirty_expire_centisecs",
        {"now": {"sys_vm.dirty_writeback_centisecs": 0, "vmstat.nr_dirty": 50_000}},
        "irrelevant",
        None,
    ),
    ("one reading", "dirty_writeback_centisecs", {"look": None}, "unknown", None),
    # zone_reclaim_mode
    ("one node", "zone_reclaim_mode", {"now": {"sys_vm.zone_reclaim_mode": 1}}, "irrelevant", None),
    ("off", "zone_reclaim_mode", {"rows": TWO_NODES}, "fits", None),
    (
        "on, idle",
        "zone_reclaim_mode",
        {"rows": TWO_NODES, "now": {"sys_vm.zone_reclaim_mode": 1}},
        "irrelevant",
        None,
    ),
    (
        "on, harmful",
        "zone_reclaim_mode",
        {
            "rows": TWO_NODES,
            "now": {
                "sys_vm.zone_reclaim_mode": 1,
                "vmstat.zone_reclaim_failed": 500,
                "vmstat.workingset_refault_file": 9000,
            },
        },
        "misfit",
        ("zone_reclaim_mode", 0),
    ),
    (
        "on, harmless",
        "zone_reclaim_mode",
        {"rows": TWO_NODES, "now": {"sys_vm.zone_reclaim_mode": 1, "vmstat.zone_reclaim_success": 500}},
        "fits",
        None,
    ),
    ("nodes unknown", "zone_reclaim_mode", {"gaps": {"zoneinfo": Gap("denied", "z")}}, "unknown", None),
    # transparent huge pages
    ("nobody asks", "thp.enabled", {}, "irrelevant", None),
    ("given and kept", "thp.enabled", {"now": {"vmstat.thp_fault_alloc": 500}}, "fits", None),
    (
        "split again",
        "thp.enabled",
        {
            "rows": {"transparent_hugepage": (thp("always"),)},
            "now": {"vmstat.thp_fault_alloc": 500, "vmstat.thp_split_page": 400},
        },
        "misfit",
        ("transparent_hugepage/enabled", "madvise"),
    ),
    (
        "off, with page tables",
        "thp.enabled",
        {"rows": {"transparent_hugepage": (thp("never"),)}, "now": {"meminfo.PageTables": 300 * MIB}},
        "misfit",
        ("transparent_hugepage/enabled", "madvise"),
    ),
    ("off", "thp.enabled", {"rows": {"transparent_hugepage": (thp("never"),)}}, "fits", None),
    (
        "no such kernel",
        "thp.enabled",
        {"gaps": {"transparent_hugepage": Gap("absent", "t")}},
        "unknown",
        None,
    ),
    ("off", "thp.defrag", {"rows": {"transparent_hugepage": (thp("never"),)}}, "irrelevant", None),
    ("none wanting", "thp.defrag", {}, "irrelevant", None),
    (
        "stalls in vain",
        "thp.defrag",
        {
            "rows": {"transparent_hugepage": (thp("always", "always"),)},
            "grew": {
                "vmstat.compact_stall": 300,
                "vmstat.thp_fault_fallback": 900,
                "vmstat.thp_fault_alloc": 100,
            },
        },
        "misfit",
        ("transparent_hugepage/defrag", "madvise"),
    ),
    ("some fallback", "thp.defrag", {"grew": {"vmstat.thp_fault_fallback": 900}}, "fits", None),
    # page-cluster
    ("no swap", "page-cluster", {"now": {"meminfo.SwapTotal": 0}}, "irrelevant", None),
    ("nothing read", "page-cluster", {}, "irrelevant", None),
    (
        "read in vain",
        "page-cluster",
        {"grew": {"vmstat.pswpin": 9000, "vmstat.swap_ra": 8000, "vmstat.swap_ra_hit": 800}},
        "misfit",
        ("page-cluster", 2),
    ),
    (
        "in zram",
        "page-cluster",
        {
            "grew": {"vmstat.pswpin": 9000, "vmstat.swap_ra": 8000, "vmstat.swap_ra_hit": 800},
            "rows": {"swaps": SWAP_ON_ZRAM},
        },
        "misfit",
        ("page-cluster", 0),
    ),
    (
        "read and needed",
        "page-cluster",
        {"grew": {"vmstat.pswpin": 9000, "vmstat.swap_ra": 8000, "vmstat.swap_ra_hit": 7000}},
        "fits",
        None,
    ),
    ("before 4.14", "page-cluster", {"now": {"vmstat.swap_ra": None}}, "unknown", None),
    # nr_hugepages
    ("no pool", "nr_hugepages", {}, "irrelevant", None),
    (
        "idle pool, memory short",
        "nr_hugepages",
        {"now": {**POOL, "meminfo.MemAvailable": GIB}},
        "misfit",
        ("nr_hugepages", 124),
    ),
    ("idle pool, memory ample", "nr_hugepages", {"now": POOL}, "fits", None),
    ("no huge pages here", "nr_hugepages", {"now": {"meminfo.HugePages_Total": None}}, "unknown", None),
)


@pytest.mark.parametrize(
    ("name", "made", "kind", "attempt"),
    [case[1:] for case in CASES],
    ids=[f"{name}: {title}" for title, name, *_ in CASES],
)
def test_judgement(name: str, made: Mapping[str, Any], kind: str, attempt: tuple[str, Any] | None) -> None:
    found = answer(name, host(**made))
    assert found.kind == kind, found
    assert found.attempt == attempt
    if kind == "misfit":
        assert len({fact.column for fact in found.evidence}) >= 2, "a misfit needs a pair of counters"
    if kind == "unknown":
        assert found.gap is not None


def test_every_knob_has_a_case_of_each_answer_it_can_give() -> None:
    told = {(name, kind) for _, name, _, kind, _ in CASES}
    names = {name for name, _ in told}
    from jinmaek.advice.tuning import find

    assert {one.name for one in knobs()} == {found.name for name in names if (found := find(name))}


def test_a_quiet_look_falls_back_to_since_boot_and_says_so() -> None:
    boot = {"now": {column: value * 20 for column, value in FILE_COMES_BACK.items()}}
    found = answer("swappiness", host(**boot))  # type: ignore[arg-type]
    assert found.kind == "misfit"
    assert {fact.span for fact in found.evidence} == {"since boot", "now"}
    busy = answer("swappiness", host(grew=FILE_COMES_BACK))
    assert {fact.span for fact in busy.evidence} == {"in this look", "now"}


def test_an_old_burst_does_not_outweigh_a_look_that_has_enough_to_tell() -> None:
    boot = {column: value * 20 for column, value in FILE_COMES_BACK.items()}
    assert answer("swappiness", host(boot, grew=SCAN_BOTH)).kind == "fits"


def test_missing_is_never_zero() -> None:
    """Without any counter nothing is irrelevant, fitting or a misfit for want of events."""
    gaps = {table: Gap("denied", table) for table in ("vmstat", "meminfo", "zoneinfo", "sys_vm")}
    found = everything(host(gaps=gaps))
    assert {one.answer.kind for one in found} == {"unknown"}


def test_the_worst_stands_first() -> None:
    kinds = [one.answer.kind for one in everything(host(grew={**FILE_COMES_BACK, **STALLING}))]
    order = ["misfit", "irrelevant", "fits", "unknown"]
    assert kinds == sorted(kinds, key=order.index)
    assert kinds[0] == "misfit"


def test_single_reading_uses_counters_since_boot() -> None:
    seen: Seen = host({"vmstat.pgscan_file": 5000, "vmstat.pgsteal_file": 5000}, look=None)
    found = answer("swappiness", seen)
    assert found.kind == "irrelevant"
    assert all(fact.span == "since boot" for fact in found.evidence)


REQUIRED = frozenset(
    column
    for column in NOW
    if column.startswith(("dentry_state.", "inode_nr.", "uptime.", "meminfo.MemTotal", "meminfo.MemFree"))
)
"""Columns without which their reader gives no row."""
SUMMED = frozenset(reclaim.STALLS)
"""One counter per zone: a kernel without the zone lacks the counter."""


@pytest.mark.parametrize(
    ("name", "made", "kind"),
    [(name, made, kind) for _, name, made, kind, _ in CASES],
    ids=[f"{name}: {title}" for title, name, *_ in CASES],
)
def test_a_source_taken_away_may_make_an_answer_unknown_but_never_another(
    name: str, made: dict[str, Any], kind: str
) -> None:
    whole = host(**made)
    for table in {*whole.last.tables, *whole.last.gaps}:
        gaps = {**made.get("gaps", {}), table: Gap("denied", table)}
        rows = {other: of for other, of in made.get("rows", {}).items() if other != table}
        found = answer(name, host(**{**made, "gaps": gaps, "rows": rows}))
        assert found.kind in (kind, "unknown"), f"without {table}: {found}"
    for column in NOW:
        if column not in SUMMED and column not in REQUIRED:
            now = {**made.get("now", {}), column: None}
            grew = {other: by for other, by in made.get("grew", {}).items() if other != column}
            found = answer(name, host(**{**made, "now": now, "grew": grew}))
            assert found.kind in (kind, "unknown"), f"without {column}: {found}"


@pytest.mark.parametrize(
    ("name", "made"),
    [(name, made) for _, name, made, kind, _ in CASES if kind == "misfit"],
    ids=[f"{name}: {title}" for title, name, _, kind, _ in CASES if kind == "misfit"],
)
def test_what_is_advised_is_safe_and_would_change_something(name: str, made: dict[str, Any]) -> None:
    seen = host(**made)
    attempt = answer(name, seen).attempt
    assert attempt is not None
    found = tried(knob(attempt[0]), seen, attempt[1])
    assert found.refused is None
    assert found.effect.kind == "shifts", found.effect
    assert found.undo, "and can be taken back"
