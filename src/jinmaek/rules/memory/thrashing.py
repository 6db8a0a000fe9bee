"""Threads stand still because memory they need was taken away from them."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, limit, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import REFAULTS, pressure, waiting
from jinmaek.tasks.waits import MEMORY

# Global scan counters stay flat where a cgroup reclaims under its own limit; refaults, major faults,
# swap-in and pressure count both.
RULE = Rule(
    id="memory.thrashing",
    title="Threads are stalled on memory",
    when=pressure("memory") > limit("pressure", 0.1),
    agree=(
        Sign("evicted pages come back", REFAULTS > limit("refaults", 100)),
        Sign(
            "page faults have to read from disk",
            rate("vmstat.pgmajfault") > limit("major-faults", 500, "prometheus node-mixin"),
        ),
        Sign("pages come back from swap", rate("vmstat.pswpin") > limit("swapped-in", 10, "atop")),
        Sign(
            "threads reclaim memory themselves",
            rate("vmstat.pgscan_direct") > limit("scanned", 100),
        ),
        Sign("threads sleep in reclaim or at a cgroup's limit", waiting(MEMORY) >= 1),
    ),
    unless=(
        Sign(
            "first reads of cold files: no page comes back that was evicted",
            all_of(REFAULTS < 1, rate("vmstat.pswpin") < 1, rate("vmstat.pgscan_direct") < 1),
        ),
        Sign(
            "the pressure counter runs faster than the clock",
            pressure("memory") > limit("clock", 1.05),
        ),
    ),
    held=30,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                pressure("memory", "full") > limit("stalled-warning", 0.1, "nohang-desktop"),
                pressure("memory") > limit("pressure-warning", 0.25),
            ),
        ),
        ("critical", pressure("memory", "full") > limit("stalled-critical", 0.4, "nohang-desktop")),
    ),
    why=(
        "Pages that programs still use are evicted and must come back, so threads wait for memory instead of "
        "working. Either the host has too little memory or a cgroup is held below what it uses."
    ),
    helps=(
        (
            "Host or cgroup: if pgscan_direct in /proc/vmstat stays flat, a cgroup's own limit does it; "
            "compare memory.current with memory.max"
        ),
        "Raise that limit, or limit the process that grows: systemctl set-property UNIT MemoryMax=4G",
        "Protect the victim: systemctl set-property UNIT MemoryLow=1G",
        "More memory, if the whole host reclaims and the growth is wanted",
    ),
    does_not_help=(
        "Dropping the cache: what is dropped is what is missed",
        "A faster disk: it is the victim, not the cause",
        "vm.swappiness=0 or 1: the pressure moves to the program files in the cache",
    ),
    culprits=culprits.by_major_faults,
)
