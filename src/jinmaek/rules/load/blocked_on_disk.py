"""Threads stand still because a block device does not answer fast enough."""

from __future__ import annotations

from jinmaek.diagnosis import culprits
from jinmaek.diagnosis.expr import (
    all_of,
    any_of,
    average,
    highest,
    largest,
    limit,
    lowest,
    mean,
    named,
    now,
    rate,
    total,
    unless,
)
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import CPUS, pressure, waiting
from jinmaek.tasks.waits import DISK

SLOW = named(
    "time the slowest disk takes for a request",
    largest(
        (rate("diskstats.read_ticks") + rate("diskstats.write_ticks"))
        / (rate("diskstats.read_ios") + rate("diskstats.write_ios"))
    ),
) > limit("slow", 0.1, "awesome-prometheus-alerts")

IN_D = named("threads in D on average", total(mean("threads.count", ("thread_state", "=", "D"))))
"""Since 6.1.39 and 6.5 procs_blocked and I/O pressure count idle io_uring waiters too, which sleep in S."""

RULE = Rule(
    id="load.blocked-on-disk",
    title="Threads are blocked on disk I/O",
    when=mean("stat.procs_blocked") >= 1,
    agree=(
        Sign(
            "all work stands still for I/O part of the time",
            pressure("io", "full") > limit("stalled", 0.1),
        ),
        Sign(
            "a disk is busy most of the time",
            largest(rate("diskstats.io_ticks")) > limit("disk-busy", 0.5),
        ),
        Sign("a disk always has requests in flight", largest(lowest("diskstats.in_flight")) >= 1),
        Sign("threads sleep in block layer or file system functions", waiting(DISK) >= 1),
    ),
    unless=(
        Sign(
            "no disk has anything to do: not a disk's fault",
            # What a limit of a cgroup holds back has not reached the disk yet, and its threads sleep for it.
            unless(
                all_of(
                    largest(rate("diskstats.io_ticks")) < limit("disk-idle", 0.05),
                    largest(highest("diskstats.in_flight")) < 1,
                ),
                waiting(DISK) >= 1,
            ),
        ),
        Sign(
            "hardly a thread is in D: idle io_uring waiters count as waiting for I/O, and wait for no disk",
            IN_D < limit("in-d", 0.5),
        ),
        Sign(
            "threads stall on memory: the disk is the victim",
            pressure("memory", "full") > limit("memory-stalled", 0.1, "nohang-desktop"),
        ),
    ),
    held=60,
    severity="info",
    worse=(
        (
            "warning",
            unless(
                any_of(
                    all_of(
                        pressure("io", "full") > limit("stalled", 0.1),
                        mean("stat.procs_blocked") >= limit("blocked-warning", 2),
                    ),
                    all_of(pressure("io", "full") > limit("stalled", 0.1), SLOW),
                    average(rate("stat_cpu.iowait")) > limit("iowait-warning", 0.4, "netdata"),
                ),
                IN_D < limit("in-d-warning", 1),
            ),
        ),
        (
            "critical",
            all_of(
                pressure("io", "full") > limit("stalled-critical", 0.4),
                now("stat.procs_blocked") >= CPUS * limit("blocked-critical", 4),
            ),
        ),
    ),
    why=(
        "Threads sleep until a block device has answered. They count in the load average though they use no "
        "CPU; "
        "the device, not the processor, is what they wait for."
    ),
    helps=(
        "See which device is slow, by await and queue: iostat -x 1",
        "See who reads and writes: pidstat -d 1, and per cgroup in io.stat",
        "Look for resets and errors of the device: dmesg -T | grep -iE 'reset|timeout|I/O error'",
        "If no disk is busy, look for a limit: io.max of the cgroup, blkio.throttle.* in version 1",
    ),
    does_not_help=(
        "More CPUs: these threads do not run",
        "kill -9: a thread in D takes the signal only after the device has answered",
        "More memory, unless memory.thrashing is found as well",
    ),
    culprits=culprits.by_waiting_on_disk,
)
