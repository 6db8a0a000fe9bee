"""Kernel objects take much memory: names, inodes, or what some driver does not give back."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import all_of, any_of, limit, named, now
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import LITTLE_AVAILABLE, OUTSIDE_POOLS, WAITS, zero_if_lacking
from jinmaek.rules.terms import AVAILABLE, pressure
from jinmaek.rules.trends import rising, window

WINDOW = window()
TOTAL = now("meminfo.MemTotal")
STUCK = now("meminfo.SUnreclaim") / TOTAL
MUCH_STUCK = limit("unreclaimable", 0.1)
# Counted since 5.0; before that only the whole of slab tells of them.
NAMES = zero_if_lacking("dentry_state.nr_negative", beside="dentry_state.nr_dentry")
NEGATIVE = named("memory of negative dentries", NAMES * limit("dentry", 192))

RULE = Rule(
    id="kernel.slab-growth",
    title="Kernel objects (slab) take much of the memory",
    when=any_of(
        now("meminfo.Slab") / OUTSIDE_POOLS > limit("slab", 0.3, "oled-tools"),
        STUCK > MUCH_STUCK,
        all_of(
            NEGATIVE > TOTAL * limit("negative", 0.05),
            NAMES > now("dentry_state.nr_dentry") * limit("negative-share", 0.5),
        ),
    ),
    agree=(
        Sign(
            "what cannot be reclaimed of it grows",
            rising(TOTAL * limit("grown", 0.005), WINDOW, ("meminfo.SUnreclaim",)),
        ),
        Sign("it grows", rising(TOTAL * limit("grown", 0.005), WINDOW, ("meminfo.Slab",))),
        Sign("little memory is available", LITTLE_AVAILABLE),
        Sign("threads wait for memory", WAITS),
    ),
    unless=(
        Sign(
            "it is names and inodes the kernel can drop, and memory is plentiful",
            all_of(
                STUCK <= MUCH_STUCK,
                AVAILABLE > limit("plenty", 0.3),
                pressure("memory") < limit("calm", 0.01),
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
        "The kernel keeps names, inodes, sockets and the like in caches of objects. What it can reclaim it "
        "gives back on demand, page by page and slowly; what it cannot is in use by something, or leaked by "
        "a driver, and no process owns it."
    ),
    helps=(
        "Which cache, and whether it is in use: the caches named here, jinmaek slabtop",
        (
            "dentry, *_inode_cache: who walks or probes files? Names that do not exist are kept too: "
            "perf trace -s -e openat,stat,newfstatat"
        ),
        "Whether it can be reclaimed, as a test, once: echo 2 > /proc/sys/vm/drop_caches (it may take long)",
        "Bound the cgroup that makes them: systemctl set-property UNIT MemoryHigh=4G",
        "kmalloc-*, skbuff*, a driver's own: a newer kernel or driver; boot with slab_nomerge to see whose",
    ),
    does_not_help=(
        "vm.vfs_cache_pressure above 1000: it costs locks, and what is in use stays",
        "Restarting programs: objects of the kernel are not theirs",
        "More memory: the caches grow into it",
    ),
    culprits=memory_culprits.by_slab,
    tables=("slabinfo",),
    sources=("a dentry is 192 bytes: fs/dcache.c on 64 bit",),
)
