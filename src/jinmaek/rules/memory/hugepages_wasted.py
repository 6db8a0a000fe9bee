"""Memory set aside as huge pages that nobody uses, on a host that could use it."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import any_of, limit, named, now, rate, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import PLENTIFUL, WAITS
from jinmaek.rules.terms import AVAILABLE
from jinmaek.rules.trends import JUST_STARTED

# What is promised to a mapping (reserved) is not wasted. /proc/meminfo knows the pool of one size only.
UNUSED = named(
    "huge pages that are neither used nor promised",
    any_of(
        total((now("hugepages.free") - now("hugepages.reserved")) * now("hugepages.page_size")),
        (now("meminfo.HugePages_Free") - now("meminfo.HugePages_Rsvd")) * now("meminfo.Hugepagesize"),
    ),
)

RULE = Rule(
    id="memory.hugepages-wasted",
    title="Memory lies unused in a pool of huge pages",
    when=UNUSED > now("meminfo.MemTotal") * limit("unused", 0.05),
    agree=(
        Sign("little memory is available", AVAILABLE < limit("available", 0.2)),
        Sign("threads wait for memory", WAITS),
        Sign("pages come back from swap", rate("vmstat.pswpin") > limit("swapped-in", 10, "atop")),
    ),
    unless=(
        Sign("the machine has only just started", JUST_STARTED),
        Sign("memory is plentiful without them", PLENTIFUL),
    ),
    held=600,
    severity="info",
    worse=(("warning", AVAILABLE < limit("available-warning", 0.1, "prometheus node-mixin, netdata")),),
    why=(
        "A pool of huge pages is taken from the memory for good: ordinary programs, the cache and the kernel "
        "cannot have it, whether or not anybody uses the pool. Part of this one is neither in use nor "
        "promised, while the rest of the host runs short."
    ),
    helps=(
        "Let the program that should use it do so: use_large_pages=ONLY (Oracle), huge_pages=on (PostgreSQL)",
        (
            "Shrink the pool to what is used and promised: sysctl vm.nr_hugepages=N, and for other sizes "
            "/sys/kernel/mm/hugepages/hugepages-*/nr_hugepages; at boot too: hugepages= on the command line"
        ),
        "A database that is down for now: leave it, and look again when it is up",
    ),
    does_not_help=(
        "Transparent huge pages: they come from ordinary memory and have nothing to do with the pool",
        "Dropping the cache or adding swap: the pool is neither",
        "More memory, while a part of it is set aside for nobody",
    ),
    culprits=memory_culprits.by_pool,
    tables=("hugepages",),
)
