"""Little memory is left that could be had for free."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, limit, now, rate, slope, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import AVAILABLE, pressure

OWNED = now("meminfo.AnonPages") + now("meminfo.Shmem") + now("meminfo.SUnreclaim")

RULE = Rule(
    id="memory.low",
    title="Memory is running low",
    when=AVAILABLE < limit("available", 0.1, "prometheus node-mixin, awesome-prometheus-alerts, netdata"),
    agree=(
        Sign("threads wait for memory", pressure("memory") > limit("pressure", 0.01)),
        Sign(
            "the kernel reclaims in the background",
            rate("vmstat.pgscan_kswapd") > limit("scanned", 100),
        ),
        Sign(
            "most memory is of a kind that cannot be dropped",
            OWNED / now("meminfo.MemTotal") > limit("owned", 0.8),
        ),
        Sign(
            "what is available shrinks",
            slope("meminfo.MemAvailable") * 600 / now("meminfo.MemTotal") < limit("shrinking", -0.01),
        ),
        Sign(
            "free pages are down near the low watermarks",
            total(now("zoneinfo.free")) < total(now("zoneinfo.low")) * limit("watermark", 1.5),
        ),
    ),
    unless=(
        Sign(
            "memory is being given back quickly",
            slope("meminfo.MemAvailable") * 600 / now("meminfo.MemTotal") > limit("growing", 0.3),
        ),
    ),
    held=120,
    severity="warning",
    worse=(
        (
            "critical",
            all_of(
                AVAILABLE < limit("available-critical", 0.05, "earlyoom"),
                now("meminfo.SwapFree")
                <= now("meminfo.SwapTotal") * limit("swap-critical", 0.05, "earlyoom"),
            ),
        ),
    ),
    why=(
        "Little of the memory can be had without swapping or killing: free pages and droppable cache "
        "together. The next growth makes threads reclaim, swap, or wakes the OOM killer."
    ),
    helps=(
        "Limit or restart the process that holds most of it: systemctl set-property UNIT MemoryMax=4G",
        "See whether it is programs, shared memory or the kernel, and who holds each: jinmaek memory",
        "More memory, if the holders need what they hold",
    ),
    does_not_help=(
        "Dropping the cache: MemAvailable counts it already",
        "vm.swappiness=0: it only takes away the pages that could still be moved",
        "More swap alone, while a process keeps growing",
    ),
    culprits=culprits.by_memory,
)
