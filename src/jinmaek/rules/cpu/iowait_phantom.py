"""I/O wait without I/O: idle io_uring waiters."""

from __future__ import annotations

from jinmaek.diagnosis.expr import all_of, average, highest, largest, limit, named, rate, total
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import PARKED, waiting_outside

RULE = Rule(
    id="cpu.iowait-phantom",
    title="The I/O wait is not real: the disks are idle",
    when=all_of(
        average(rate("stat_cpu.iowait")) > limit("iowait", 0.1, "awesome-prometheus-alerts"),
        largest(rate("diskstats.io_ticks")) < limit("disk-busy", 0.05),
    ),
    agree=(
        Sign(
            "the disks complete next to nothing",
            named(
                "requests the disks complete",
                total(rate("diskstats.read_ios") + rate("diskstats.write_ios")),
            )
            < limit("requests", 5),
        ),
        Sign("no request is in flight on any disk", largest(highest("diskstats.in_flight")) < 1),
    ),
    unless=(
        Sign("threads are stuck in D: the wait may be real", waiting_outside(*PARKED) >= 1),
        Sign(
            "the iowait counter went backwards",
            largest(rate("stat_cpu.iowait")) > limit("clock", 1.1),
        ),
    ),
    held=60,
    severity="benign",
    why=(
        "iowait is high, but the disks do next to nothing and no thread is stuck. Since Linux 6.1.39 and "
        "6.5 an "
        "idle io_uring waiter counts as I/O wait; the CPU under it is simply idle."
    ),
    helps=(
        "Nothing needs to be done. Who holds a ring: ls -l /proc/[0-9]*/fd 2>/dev/null | grep io_uring",
        "Newer programs can opt out with IORING_ENTER_NO_IOWAIT (Linux 6.15)",
    ),
    does_not_help=(
        "Faster disks: they have nothing to do",
        (
            "Alerts on iowait: the kernel documents it as not reliable; use I/O pressure together with disk "
            "activity"
        ),
    ),
)
