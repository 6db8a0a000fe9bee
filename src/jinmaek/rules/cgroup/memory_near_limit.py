"""What a cgroup cannot give back has nearly reached its limit."""

from __future__ import annotations

from jinmaek.diagnosis import in_cgroup
from jinmaek.diagnosis.expr import all_of, limit, named, now, rate, slope
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import CGROUP_CACHE, CGROUP_MAX, CGROUP_USED

HELD = named("memory of the cgroup that is no page cache, of its limit", CGROUP_USED - CGROUP_CACHE)
LEFT = CGROUP_MAX - now("cgroup_memory.current")
GROWTH = slope("cgroup_memory.anon")
HITS = rate("cgroup_memory.events_max")

RULE = Rule(
    id="cgroup.memory-near-limit",
    title="{cgroup} has nearly used up its memory limit",
    # A cgroup that reads files is always full: without its cache nothing can be said, so it must be known.
    when=all_of(CGROUP_USED > limit("used", 0.9, "netdata"), CGROUP_CACHE <= 1),
    agree=(
        Sign("it runs into its limit", HITS > 0),
        Sign(
            "at the rate it grows it is full soon",
            all_of(
                GROWTH * 60 / CGROUP_MAX > limit("growth", 0.005), LEFT / GROWTH < limit("seconds-left", 600)
            ),
        ),
    ),
    unless=(
        Sign(
            "page cache fills it: that is given back on demand",
            CGROUP_CACHE > limit("cache", 0.1),
        ),
        Sign(
            "names and inodes fill it: they are given back on demand",
            now("cgroup_memory.slab_reclaimable") / CGROUP_MAX > limit("slab", 0.1),
        ),
        Sign(
            "it is giving memory back",
            slope("cgroup_memory.current") * 60 / CGROUP_MAX < limit("shrinking", -0.05),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        ("warning", all_of(HELD > limit("held-warning", 0.95), HITS > 0)),
        # While its pages leave for swap there is room; it is slow, and cgroup.memory-thrashing says so.
        (
            "critical",
            all_of(
                HELD > limit("held-critical", 0.98, "netdata"),
                HITS > 1,
                slope("cgroup_memory.swap_current") <= 0,
            ),
        ),
    ),
    why=(
        "Nearly all that {cgroup} may have is anonymous memory, tmpfs and kernel memory; none of it can be "
        "dropped. The next growth is taken from its own programs, goes to swap, or ends with the OOM killer "
        "inside it, however much the host has left."
    ),
    helps=(
        "See what it is: the kinds of memory named here; files in a tmpfs stay until they are deleted",
        "Raise the limit, if what runs inside needs it: systemctl set-property UNIT MemoryMax=4G",
        "Find who grows inside: jinmaek smem, and jinmaek heap PID for one process",
        "Size the runtime to the limit: -XX:MaxRAMPercentage, GOMEMLIMIT, --max-old-space-size",
    ),
    does_not_help=(
        "More memory in the host: the limit stays the same",
        "Dropping the cache: it is not cache that fills it",
        "Alerts on container_memory_working_set_bytes alone: it counts active cache, which can be dropped",
    ),
    culprits=in_cgroup.by_memory,
)
