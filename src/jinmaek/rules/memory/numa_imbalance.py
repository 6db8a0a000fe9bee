"""One memory node is short while another has plenty."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import all_of, any_of, largest, limit, named, now, rate, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import SWAPS_OUT, WAITS, events
from jinmaek.rules.terms import pressure

BY_NODE = ("node",)
FREE = named(
    "share of the node that is free",
    total(now("zoneinfo.free"), by=BY_NODE) / total(now("zoneinfo.managed"), by=BY_NODE),
)
MOST = named("share of the freest node that is free", largest(FREE))
SENT_AWAY = named(
    "pages wanted on the node and got elsewhere", total(rate("zoneinfo.numa_foreign"), by=BY_NODE)
)

RULE = Rule(
    id="memory.numa-imbalance",
    title="Memory node {node} is short while another has plenty",
    when=all_of(
        FREE < limit("free", 0.1, "oled-tools"),
        MOST > limit("elsewhere", 0.2, "oled-tools: twice as much"),
    ),
    agree=(
        Sign(
            "pages wanted on the node are got elsewhere",
            SENT_AWAY > (total(rate("zoneinfo.numa_hit"), by=BY_NODE) + SENT_AWAY) * limit("sent-away", 0.05),
        ),
        Sign("pages leave for swap", SWAPS_OUT),
        Sign("threads wait for memory", WAITS),
        Sign(
            "the node is reclaimed before another is asked",
            any_of(events("vmstat.zone_reclaim_success") > 0, events("vmstat.zone_reclaim_failed") > 0),
        ),
    ),
    unless=(
        Sign(
            "what is cold goes to slower memory: the nodes are tiers",
            any_of(rate("vmstat.pgdemote_kswapd") > 0, rate("vmstat.pgdemote_direct") > 0),
        ),
    ),
    held=300,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                pressure("memory") > limit("pressure-warning", 0.1),
                all_of(SWAPS_OUT, rate("vmstat.pswpin") > limit("swapped-in", 10, "atop")),
            ),
        ),
    ),
    why=(
        "Programs bound to this node, or started on it, have filled it. What they ask for now is reclaimed "
        "or swapped here, or taken from a node farther away, although the host as a whole has enough."
    ),
    helps=(
        "Where a process has its memory: numastat -p PID; where it may have it: grep Mems /proc/PID/status",
        "Spread a mapping that all CPUs use: numactl --interleave=all PROGRAM",
        "Bind smaller: two instances on two nodes instead of one that does not fit",
        "sysctl vm.zone_reclaim_mode=0, unless every program fits into its node",
    ),
    does_not_help=(
        "More swap: memory is free, on another node",
        "More memory on the other nodes",
        "Dropping the cache while it runs: before it starts it helps, once",
    ),
    culprits=culprits.by_memory,
    sources=("numa_foreign: Documentation/admin-guide/numastat.rst",),
)
