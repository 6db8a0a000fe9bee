"""Transparent huge pages cost more than they bring: faults compact in vain, or pages are mostly zeros."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, limit, named, now, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import LITTLE_AVAILABLE, events
from jinmaek.rules.terms import pressure

# Of a fault whose cgroup is full (counted apart since 5.8) compaction is not the cause.
FAILED = named(
    "faults that found no huge page",
    any_of(
        rate("vmstat.thp_fault_fallback") - rate("vmstat.thp_fault_fallback_charge"),
        events("vmstat.thp_fault_fallback"),
    ),
)
STALLS = events("vmstat.compact_stall")
SIZE = "transparent_hugepage.hpage_pmd_size"

RULE = Rule(
    id="memory.thp-trouble",
    title="Transparent huge pages cost more than they bring",
    when=any_of(
        all_of(
            FAILED > (FAILED + events("vmstat.thp_fault_alloc")) * limit("failed", 0.5),
            STALLS > limit("stalls", 1),
        ),
        all_of(events("vmstat.thp_underused_split_page") > limit("underused", 1), LITTLE_AVAILABLE),
    ),
    agree=(
        Sign("threads wait for memory", pressure("memory") > limit("pressure", 0.01)),
        Sign(
            "compaction fails more often than not",
            events("vmstat.compact_fail") > events("vmstat.compact_success"),
        ),
        Sign("every fault waits for compaction: defrag is always", now(SIZE, ("defrag", "=", "always")) > 0),
        Sign(
            "huge pages are most of what programs hold",
            now("meminfo.AnonHugePages") > now("meminfo.AnonPages") * limit("huge", 0.5),
        ),
    ),
    unless=(
        Sign(
            "huge pages are only for programs that ask for them",
            now(SIZE, ("enabled", "=~", "madvise|never")) > 0,
        ),
    ),
    held=60,
    severity="info",
    worse=(("warning", pressure("memory") > limit("pressure-warning", 0.1)),),
    why=(
        "A fault in memory of a program asks for a huge page at once. Where no such block is free, the "
        "thread that faulted moves pages about to make one, and mostly fails; or it gets one, uses little of "
        "it, and the rest is missed elsewhere."
    ),
    helps=(
        "Only for those who ask: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
        "Do not let faults wait: echo defer+madvise > /sys/kernel/mm/transparent_hugepage/defrag",
        "For one service: prctl(PR_SET_THP_DISABLE), or its own option (Redis: disable-thp yes)",
        (
            "Against pages filled in by khugepaged: "
            "echo 0 > /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"
        ),
        "At boot: transparent_hugepage=madvise on the kernel's command line",
    ),
    does_not_help=(
        "vm.nr_hugepages: that is a pool set aside, another thing",
        "More swap: the blocks are missing, not the pages",
        "Switching them off where they do no harm: page tables and TLB misses grow",
    ),
    culprits=culprits.by_memory,
)
