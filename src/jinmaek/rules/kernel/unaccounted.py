"""Memory that no line of /proc/meminfo shows: somebody took pages straight from the allocator."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import any_of, limit, named, now, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import LITTLE_AVAILABLE, OUTSIDE_POOLS, PAGE, WAITS, unaccounted
from jinmaek.rules.terms import AVAILABLE, MIB
from jinmaek.rules.trends import window

BEFORE = window() * (5 / 6)
MISSING = named("memory in no line of /proc/meminfo", unaccounted())
GAINED = named("growth of the memory in no line", unaccounted() - unaccounted(BEFORE))
BALLOON = named(
    "memory given back to the hypervisor",
    (now("vmstat.balloon_inflate") - now("vmstat.balloon_deflate")) * PAGE,
)
MANAGED = named("memory of all zones", total(now("zoneinfo.managed")) * PAGE)

RULE = Rule(
    id="kernel.unaccounted",
    title="Memory is missing that no line of /proc/meminfo shows",
    when=MISSING > OUTSIDE_POOLS * limit("unaccounted", 0.1, "oled-tools"),
    agree=(
        Sign(
            "it grows",
            GAINED > now("meminfo.MemTotal") * limit("grown", 0.02) + limit("grown-bytes", 64 * MIB),
        ),
        Sign("little memory is available", LITTLE_AVAILABLE),
        Sign("threads wait for memory", WAITS),
    ),
    unless=(
        Sign(
            "the hypervisor has it: the balloon is inflated",
            BALLOON > MISSING * limit("balloon", 0.5),
        ),
        Sign(
            "/proc/meminfo is not of the whole machine: a container's, or memory is still being prepared",
            any_of(
                MANAGED > now("meminfo.MemTotal") * limit("zones", 1.1),
                MANAGED * limit("zones", 1.1) < now("meminfo.MemTotal"),
            ),
        ),
    ),
    held=120,
    severity="info",
    worse=(
        ("warning", LITTLE_AVAILABLE),
        ("critical", AVAILABLE < limit("available-critical", 0.05, "earlyoom")),
    ),
    why=(
        "All lines of /proc/meminfo, each page counted once, with compressed swap, per-CPU lists and the "
        "cache of ZFS, leave a part of MemTotal unexplained. It is pages of drivers, network rings, GPUs, "
        "guests: taken from the allocator and told to nobody. Normal is about 1 part in 100."
    ),
    helps=(
        "When did it step up? Compare with the kernel log and with what was loaded: journalctl -k, lsmod",
        "Network: ethtool -g DEV (ring sizes), ss -m (socket buffers), /proc/net/sockstat",
        "GPU and RDMA: nvidia-smi, /sys/kernel/debug/dri/*/ (root); unload or restart their users",
        "By allocation site, where the kernel is built for it (6.10): sort -n /proc/allocinfo | tail",
        "As root, pages without an owner: page-types -r (tools/mm of the kernel sources)",
    ),
    does_not_help=(
        "Killing processes: it is in none of them",
        "Dropping the cache: it is not in Cached",
        "Summing RSS: shared pages are counted many times, these not once",
    ),
    culprits=memory_culprits.by_known_parts,
    tables=("sockstat", "vmstat"),
    sources=("a disjoint sum of /proc/meminfo: Babka, Kernel Recipes 2024",),
)
