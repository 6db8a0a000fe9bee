"""Quantities that several rules speak of, so that they mean the same everywhere."""

from __future__ import annotations

from jinmaek.diagnosis.expr import (
    Aggregate,
    Range,
    average,
    lowest,
    named,
    now,
    number,
    rate,
    slope,
    total,
)
from jinmaek.tasks.waits import DISK, FROZEN, LOCK, MEMORY, REMOTE, VFORK

MIB = 1024 * 1024

CPUS = number(now("stat_cpu.idle"))
"""CPUs that are online."""

IDLE = named("CPU time left idle", average(rate("stat_cpu.idle") + rate("stat_cpu.iowait")))
"""Share of the time in which a CPU had nothing to do."""

ACCOUNTED = named(
    "CPU time accounted for, of the clock's",
    average(
        slope("stat_cpu.user")
        + slope("stat_cpu.nice")
        + slope("stat_cpu.system")
        + slope("stat_cpu.idle")
        + slope("stat_cpu.iowait")
        + slope("stat_cpu.irq")
        + slope("stat_cpu.softirq")
        + slope("stat_cpu.steal")
    ),
)
"""CPU seconds of all modes per CPU and second of the clock: 1, unless the counters are broken.

The slope, not the rate: idle and iowait may go back a little, and a window may be half empty.
"""

AVAILABLE = now("meminfo.MemAvailable") / now("meminfo.MemTotal")
SWAP_USED = now("meminfo.SwapTotal") - now("meminfo.SwapFree")

REFAULTS = named(
    "evicted pages that had to come back",
    rate("vmstat.workingset_refault_anon") + rate("vmstat.workingset_refault_file"),
)
"""Pages per second that had to come back soon after they were evicted (split in two since Linux 5.9)."""


def pressure(file: str, kind: str = "some") -> Range:
    """Share of the time in which ``some`` threads, or all of them (``full``), stood still for want of it."""
    return rate(f"pressure_{file}.{kind}_total")


def waiting(*classes: str) -> Aggregate:
    """Threads in D at the end of the window that sleep in one of these classes of kernel functions."""
    return total(now("waits.threads", ("wchan", "=~", "|".join(classes))))


def waiting_outside(*classes: str) -> Aggregate:
    """Threads in D at the end of the window that sleep anywhere else than in these."""
    return total(now("waits.threads", ("wchan", "!~", "|".join(classes))))


PARKED = (VFORK, FROZEN)
UNNAMED = named(
    "threads in D in no known kernel function", waiting_outside(DISK, REMOTE, MEMORY, LOCK, *PARKED)
)
"""Threads in D whose kernel function says nothing: drivers of every kind."""

LASTING = named("threads in D all the time", total(lowest("threads.count", ("thread_state", "=", "D"))))
"""Threads that were in D all the time."""


NOT_FOR_IO = named(
    "threads in D that do not wait for I/O",
    total(now("threads.count", ("thread_state", "=", "D"))) - now("stat.procs_blocked"),
)
"""Threads in D that the kernel does not count as waiting for I/O."""


def cgroup_pressure(resource: str, kind: str = "some") -> Aggregate:
    """The same of one cgroup of version 2, by cgroup."""
    return total(rate(f"cgroup_pressure.{kind}_total", ("resource", "=", resource)), by=("cgroup",))


CGROUP_MAX = named("memory limit of the cgroup", now("cgroup_memory.max") > 0)
"""Of those that have one: cAdvisor says 0 where there is none."""
CGROUP_USED = named("memory of the cgroup, of its limit", now("cgroup_memory.current") / CGROUP_MAX)
CGROUP_CACHE = named(
    "page cache of the cgroup, of its limit",
    (now("cgroup_memory.active_file") + now("cgroup_memory.inactive_file")) / CGROUP_MAX,
)
"""Of files: tmpfs is on the other lists, it cannot be dropped."""
