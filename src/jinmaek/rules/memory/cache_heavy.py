"""Little free memory, and nothing wrong with it."""

from __future__ import annotations

from jinmaek.diagnosis.expr import all_of, limit, now, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import AVAILABLE, REFAULTS, pressure

CACHE = now("meminfo.Cached") + now("meminfo.Buffers") + now("meminfo.SReclaimable") - now("meminfo.Shmem")

RULE = Rule(
    id="memory.cache-heavy",
    title="Little memory is free because the cache uses it",
    when=all_of(
        now("meminfo.MemFree") / now("meminfo.MemTotal") < limit("free", 0.15),
        AVAILABLE >= limit("available", 0.15),
    ),
    agree=(
        Sign("nobody waits for memory", pressure("memory") < limit("calm", 0.01)),
        Sign("no thread has to reclaim memory itself", rate("vmstat.pgscan_direct") < 1),
        Sign(
            "the cache holds a good part of the memory",
            CACHE / now("meminfo.MemTotal") > limit("cache", 0.2),
        ),
    ),
    unless=(
        Sign("threads wait for memory", pressure("memory") > limit("pressure", 0.05)),
        Sign(
            "threads reclaim memory themselves",
            rate("vmstat.pgscan_direct") > limit("scanned", 100),
        ),
        Sign("pages come back right after they were evicted", REFAULTS > limit("refaults", 500)),
        Sign("pages come back from swap", rate("vmstat.pswpin") > limit("swapped-in", 10, "atop")),
    ),
    held=60,
    severity="benign",
    why=(
        "MemFree is low because the kernel keeps file contents in memory that nobody else wants now. It "
        "gives that "
        "memory back on demand: look at MemAvailable, not at MemFree."
    ),
    helps=("Nothing needs to be done. See what can be given back: jinmaek free -h, column available",),
    does_not_help=(
        "echo 3 > /proc/sys/vm/drop_caches: the same files are read from disk again",
        "More memory: the cache fills that too",
        "Alerts on MemFree or on a 'used' that counts the cache",
    ),
    sources=("MemAvailable: Documentation/filesystems/proc.rst",),
)
