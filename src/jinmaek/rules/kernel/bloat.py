"""The kernel's bookkeeping takes much memory: page tables, stacks of threads, removed cgroups."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import Match, all_of, any_of, limit, named, now, number, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import LITTLE_AVAILABLE, OUTSIDE_POOLS, WAITS
from jinmaek.rules.terms import AVAILABLE
from jinmaek.rules.trends import JUST_STARTED, rising, window

TABLES = now("meminfo.PageTables") / OUTSIDE_POOLS
MEMORY: Match = ("subsys_name", "=", "memory")
DYING = named(
    "removed cgroups that are still held",
    any_of(
        # Version 1 counts them among the live ones: what has no folder is gone.
        all_of(
            total(now("cgroups.num_cgroups", MEMORY)) - number(now("cgroup_memory.current")),
            total(now("cgroups.hierarchy", MEMORY)) > 0,
        ),
        now("cgroup_stat.nr_dying_descendants"),
    ),
)

RULE = Rule(
    id="kernel.bloat",
    title="The kernel's bookkeeping takes much memory: page tables, stacks, removed cgroups",
    when=any_of(
        TABLES > limit("page-tables", 0.02, "oled-tools"),
        now("meminfo.KernelStack") / OUTSIDE_POOLS > limit("stacks", 0.05),
        DYING > limit("dying", 10000),
    ),
    agree=(
        Sign(
            "page tables are large beside what they map",
            now("meminfo.PageTables")
            > (now("meminfo.AnonPages") + now("meminfo.Mapped")) * limit("proportion", 0.02),
        ),
        Sign(
            "page tables and stacks grow",
            rising(
                now("meminfo.MemTotal") * limit("grown", 0.002),
                window(),
                ("meminfo.PageTables", "meminfo.KernelStack"),
            ),
        ),
        Sign(
            "per-CPU memory is large",
            now("meminfo.Percpu") > now("meminfo.MemTotal") * limit("percpu", 0.02),
        ),
        Sign("little memory is available", LITTLE_AVAILABLE),
        Sign("threads wait for memory", WAITS),
    ),
    unless=(Sign("the machine has only just started", JUST_STARTED),),
    held=120,
    severity="info",
    worse=(
        ("warning", TABLES > limit("page-tables-warning", 0.08, "checkmk")),
        (
            "critical",
            all_of(
                TABLES > limit("page-tables-critical", 0.16, "checkmk"),
                AVAILABLE < limit("available-critical", 0.1, "prometheus node-mixin, netdata"),
            ),
        ),
    ),
    why=(
        "Every process that maps a piece of memory needs page tables of its own for it, 8 bytes for each "
        "page: of a hundred processes these are a fifth of what they share. Every thread has a kernel stack, "
        "every removed cgroup that a page is still charged to keeps its counters. None of it can be "
        "reclaimed while it is in use."
    ),
    helps=(
        "Shared memory of a database: huge pages need 512 times fewer entries, huge_pages=on (PostgreSQL)",
        "Fewer processes that map it: a connection pooler",
        "Many threads: jinmaek top -H, and limit them: systemctl set-property UNIT TasksMax=512",
        (
            "Removed cgroups: cache charged to them holds them; a new kernel moves it, otherwise reclaim it "
            "before removal: echo max > memory.reclaim"
        ),
    ),
    does_not_help=(
        "More memory: the tables grow with what is mapped",
        "Dropping the cache: page tables and stacks are not in it",
        "vm.swappiness: page tables are not swapped",
    ),
    culprits=memory_culprits.by_bookkeeping,
    sources=("8 bytes for each page of 4 KiB: x86, arm64",),
)
