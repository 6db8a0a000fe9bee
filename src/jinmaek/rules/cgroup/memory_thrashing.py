"""A cgroup fights its own memory limit while the host has room."""

from __future__ import annotations

from jinmaek.diagnosis import in_cgroup
from jinmaek.diagnosis.expr import all_of, any_of, limit, named, now, rate, unless
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import CGROUP_CACHE, CGROUP_USED, cgroup_pressure

MAJOR = rate("cgroup_memory.pgmajfault")
REFAULTS = named(
    "evicted pages of the cgroup that had to come back",
    rate("cgroup_memory.workingset_refault_anon") + rate("cgroup_memory.workingset_refault_file"),
)
# Version 1 tells of neither refaults nor stalls: there only page faults say that something is missed.
STALLED = cgroup_pressure("memory", "full")
FULL = limit("full", 0.95)

RULE = Rule(
    id="cgroup.memory-thrashing",
    title="{cgroup} is short of memory under its own limit",
    when=any_of(CGROUP_USED > FULL, now("cgroup_memory.current") / now("cgroup_memory.high") > FULL),
    agree=(
        Sign("its page faults have to read from disk", MAJOR > limit("major-faults", 50)),
        Sign("pages evicted from it come back", REFAULTS > limit("refaults", 100)),
        Sign("all its threads stall on memory at once", STALLED > limit("stalled", 0.1)),
    ),
    unless=(
        Sign(
            "page cache fills it and nothing of it is missed",
            unless(
                all_of(CGROUP_CACHE > limit("cache", 0.5), MAJOR < limit("few-faults", 5)),
                REFAULTS > limit("refaults", 100),
                STALLED > limit("calm", 0.02),
            ),
        ),
        Sign(
            "first reads of cold files: nothing that was evicted comes back",
            all_of(REFAULTS < limit("cold", 10), STALLED < limit("stalled", 0.1)),
        ),
        Sign(
            "it is full, but nothing that left it is missed",
            unless(
                MAJOR < limit("few-faults", 5),
                REFAULTS > limit("refaults", 100),
                STALLED > limit("calm", 0.02),
            ),
        ),
        Sign(
            "the whole host is short of memory: threads everywhere reclaim",
            rate("vmstat.pgscan_direct") > limit("host-scanned", 1000),
        ),
    ),
    held=30,
    severity="info",
    worse=(
        (
            "warning",
            any_of(STALLED > limit("stalled-warning", 0.2), MAJOR > limit("major-faults-warning", 500)),
        ),
        ("critical", STALLED > limit("stalled-critical", 0.6, "systemd-oomd")),
    ),
    why=(
        "{cgroup} needs more memory than its limit lets it have: what it still uses is evicted and read back "
        "over and over. The host has room, but free memory outside helps nobody inside."
    ),
    helps=(
        "Raise the limit: systemctl set-property UNIT MemoryMax=4G MemoryHigh=infinity",
        "Make what runs inside smaller: fewer workers, smaller heaps and caches of its own",
        "Let it swap, if memory.swap.max (memory.memsw.limit_in_bytes) forbids it: cold pages can then leave",
        "Whose limit it is: a cgroup above may have the tighter one; the one named here has reached its own",
    ),
    does_not_help=(
        "More memory in the host: the limit stays the same",
        "Dropping the cache of the host",
        "memory.low alone: it protects from neighbours, not from the cgroup's own limit",
    ),
    culprits=in_cgroup.by_major_faults,
)
