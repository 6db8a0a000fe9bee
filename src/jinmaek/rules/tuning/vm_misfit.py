"""A setting of the memory management works against this host, and the counters show it."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import Expr, all_of, any_of, limit, named, now, rate, unless
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import WAITS
from jinmaek.rules.terms import AVAILABLE

TOTAL = now("meminfo.MemTotal")
# Scans count reclaim of the host only: a cgroup at its own limit is not the business of these settings.
RECLAIM = named(
    "pages looked at for reclaim", rate("vmstat.pgscan_kswapd") + rate("vmstat.pgscan_direct")
) > limit("scanned", 100)
FILE, ANON = rate("vmstat.workingset_refault_file"), rate("vmstat.workingset_refault_anon")
REFAULTS, TIMES = limit("refaults", 100), limit("times", 10)
ROOM = all_of(
    now("meminfo.SwapTotal") > 0, now("meminfo.SwapFree") > now("meminfo.SwapTotal") * limit("swap-free", 0.5)
)


def _stalls() -> Expr:
    """Allocations that had to reclaim, of all zones (4.8)."""
    whole: Expr = rate("vmstat.allocstall_normal")
    for zone in ("dma", "dma32", "movable"):
        whole = whole + any_of(rate(f"vmstat.allocstall_{zone}"), rate("vmstat.allocstall_normal") * 0)
    return named("allocations that had to reclaim", whole)


SWAPPINESS_LOW = all_of(
    FILE > REFAULTS,
    FILE > ANON * TIMES,
    RECLAIM,
    ROOM,
    now("meminfo.Inactive_anon") > TOTAL * limit("idle", 0.1),
    now("sys_vm.swappiness") < limit("swappiness-low", 60, "the kernel's default"),
)
"""Files come back again and again while idle memory of programs could go to swap that is free."""

SWAPPINESS_HIGH = unless(
    all_of(
        ANON > REFAULTS,
        ANON > FILE * TIMES,
        RECLAIM,
        now("meminfo.Inactive_file") > TOTAL * limit("idle", 0.1),
        now("sys_vm.swappiness") >= limit("swappiness-high", 60, "the kernel's default"),
    ),
    now("swaps.size", ("filename", "=~", "/dev/zram.*")) > 0,
)
"""Pages of programs come back from a slow device while there is cache nobody uses."""

SWAPPINESS_OFF = all_of(
    now("sys_vm.swappiness") <= 0,
    ROOM,
    AVAILABLE < limit("available", 0.1, "prometheus node-mixin, netdata"),
)
"""Swap is there and is not used before the very end."""

INODES_KEPT = all_of(
    now("sys_vm.vfs_cache_pressure") < limit("vfs-cache-pressure", 50),
    now("meminfo.SReclaimable") > TOTAL * limit("reclaimable", 0.25),
    RECLAIM,
)
"""Names and inodes are kept while everything else is reclaimed."""

RESERVE_LARGE = all_of(
    now("sys_vm.min_free_kbytes") > TOTAL * limit("reserve", 0.05),
    rate("vmstat.pgscan_direct") > limit("scanned", 100),
)
"""Threads reclaim to keep free what nobody may have."""

KSWAPD_LATE = all_of(
    _stalls() > limit("stalls", 1),
    rate("vmstat.kswapd_low_wmark_hit_quickly") > limit("hit-quickly", 1),
    AVAILABLE > limit("plenty", 0.15),
    now("sys_vm.watermark_scale_factor") < limit("scale-factor", 100, "drgn-tools"),
)
"""There is memory to be had, and kswapd is woken too late to have it ready."""

OWN_NODE_FIRST = all_of(
    now("sys_vm.zone_reclaim_mode") > 0,
    named(
        "reclaims of the own node", rate("vmstat.zone_reclaim_failed") + rate("vmstat.zone_reclaim_success")
    )
    > limit("node-reclaims", 1),
)
"""A node is reclaimed although another has memory."""

RULE = Rule(
    id="tuning.vm-misfit",
    title="A vm.* setting works against this host",
    when=any_of(
        SWAPPINESS_LOW,
        SWAPPINESS_HIGH,
        SWAPPINESS_OFF,
        INODES_KEPT,
        RESERVE_LARGE,
        KSWAPD_LATE,
        OWN_NODE_FIRST,
    ),
    agree=(
        Sign("threads wait for memory", WAITS),
        Sign(
            "page faults have to read from disk",
            rate("vmstat.pgmajfault") > limit("major-faults", 100),
        ),
        Sign("threads reclaim memory themselves", rate("vmstat.pgscan_direct") > limit("scanned", 100)),
    ),
    unless=(
        Sign(
            "memory and swap are used up: no setting makes more of them",
            all_of(
                AVAILABLE < limit("used-up", 0.05, "earlyoom"),
                now("meminfo.SwapFree") <= now("meminfo.SwapTotal") * limit("used-up", 0.05, "earlyoom"),
            ),
        ),
    ),
    held=300,
    severity="info",
    why=(
        "The setting named in the evidence and a pair of counters disagree: what is reclaimed is what is "
        "missed, what is kept is what nobody uses, or the reserves do not fit. Without such a pair of "
        "counters no setting is worth changing."
    ),
    helps=(
        (
            "vm.swappiness: higher where files come back and swap is free (60; 100 and more with zram or "
            "zswap), lower where pages of programs come back from a slow disk (10): sysctl vm.swappiness=N"
        ),
        (
            "Version 1 of cgroups has a memory.swappiness in each cgroup; vm.swappiness is that of the root "
            "and of version 2"
        ),
        "vm.vfs_cache_pressure=100: names and inodes are reclaimed as the cache is",
        "vm.min_free_kbytes: about 0.5 % of the memory; too much of it is memory nobody may have",
        "kswapd comes too late: sysctl vm.watermark_scale_factor=100, step by step, and watch allocstall_*",
        "vm.zone_reclaim_mode=0, unless every program fits into its node",
        "What each setting would change on this host: jinmaek tune",
    ),
    does_not_help=(
        "Settings copied from elsewhere: each of them costs something else",
        "vm.swappiness=0 against swapping: the OOM killer comes earlier",
        "Several changes at once: nobody knows then which one it was",
    ),
    culprits=culprits.by_major_faults,
    sources=(
        "vm.*: Documentation/admin-guide/sysctl/vm.rst",
        "min_free_kbytes of 0.5 %: drgn-tools",
    ),
)
