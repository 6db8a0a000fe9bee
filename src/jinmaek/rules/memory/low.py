"""Little memory is left that could be had for free."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, now, rate, slope, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import AVAILABLE, pressure

OWNED = now("meminfo.AnonPages") + now("meminfo.Shmem") + now("meminfo.SUnreclaim")

RULE = Rule(
    id="memory.low",
    title="Memory is running low",
    when=AVAILABLE < 0.1,
    agree=(
        Sign("threads wait for memory", pressure("memory") > 0.01),
        Sign("the kernel reclaims in the background", rate("vmstat.pgscan_kswapd") > 100),
        Sign("most memory is of a kind that cannot be dropped", OWNED / now("meminfo.MemTotal") > 0.8),
        Sign(
            "what is available shrinks by more than 1 % of memory in 10 minutes",
            slope("meminfo.MemAvailable") * 60000 < now("meminfo.MemTotal") * -1,
        ),
        Sign(
            "free pages are down near the low watermarks",
            total(now("zoneinfo.free")) < total(now("zoneinfo.low")) * 1.5,
        ),
    ),
    unless=(
        Sign(
            "memory is being given back quickly",
            slope("meminfo.MemAvailable") * 2000 > now("meminfo.MemTotal"),
        ),
    ),
    held=120,
    severity="warning",
    worse=(
        (
            "critical",
            all_of(
                AVAILABLE < 0.05,
                now("meminfo.SwapFree") <= now("meminfo.SwapTotal") * 0.05,
            ),
        ),
    ),
    why=(
        "Less than 10 % of the memory can be had without swapping or killing: free pages and droppable cache "
        "together. The next growth makes threads reclaim, swap, or wakes the OOM killer."
    ),
    helps=(
        "Limit or restart the process that holds most of it: systemctl set-property UNIT MemoryMax=4G",
        (
            "See whether it is programs, shared memory or the kernel: jinmaek free -w and grep -E "
            "'AnonPages|Shmem:|SUnreclaim|Hugetlb' /proc/meminfo"
        ),
        "Shared memory and slab belong to no process: df -h -t tmpfs, jinmaek slabtop",
        "More memory, if the holders need what they hold",
    ),
    does_not_help=(
        "Dropping the cache: MemAvailable counts it already",
        "vm.swappiness=0: it only takes away the pages that could still be moved",
        "More swap alone, while a process keeps growing",
    ),
    culprits=culprits.by_memory,
    sources=(
        "available < 10 %: prometheus node-mixin, awesome-prometheus-alerts, netdata",
        "5 % with swap 5 %: earlyoom",
        "the signs that must agree: proposed",
    ),
)
