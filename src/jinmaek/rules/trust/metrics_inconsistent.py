"""Figures that contradict each other or the clock: nothing that rests on them can be believed."""

from __future__ import annotations

from jinmaek.diagnosis.expr import any_of, highest, largest, limit, lowest, now, slope
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.terms import ACCOUNTED, MIB

BY_TYPE = (
    now("meminfo.AnonPages") + now("meminfo.Cached") + now("meminfo.Buffers") + now("meminfo.SwapCached")
)
BY_LIST = now("meminfo.Active") + now("meminfo.Inactive") + now("meminfo.Unevictable")
BAND = now("meminfo.MemTotal") * limit("pages", 0.02) + 64 * MIB

# Each check compares two accounts of one quantity: a contradiction needs nothing else to agree.
RULE = Rule(
    id="trust.metrics-inconsistent",
    title="Kernel figures contradict each other",
    when=any_of(
        ACCOUNTED < limit("clock-lost", 0.9),
        ACCOUNTED > limit("clock", 1.1),
        slope("pressure_cpu.some_total") > limit("clock", 1.1),
        slope("pressure_memory.some_total") > limit("clock", 1.1),
        slope("pressure_io.some_total") > limit("clock", 1.1),
        largest(slope("diskstats.io_ticks")) > limit("clock", 1.1),
        now("meminfo.MemAvailable") > now("meminfo.MemTotal"),
        BY_TYPE - BY_LIST > BAND,
        BY_LIST - BY_TYPE > BAND,
    ),
    unless=(
        Sign("the machine has only just started", now("uptime.uptime") < limit("boot", 120)),
        Sign(
            "the machine was restarted or its clock was set in this time",
            highest("stat.btime") > lowest("stat.btime") + limit("step", 10),
        ),
    ),
    held=60,
    severity="warning",
    why=(
        "Two figures for the same thing differ by more than their error: CPU time or a pressure or disk "
        "counter "
        "against the clock, or memory counted in two ways. Do not trust other verdicts on the figures named "
        "here."
    ),
    helps=(
        (
            "Check whether /proc is the kernel's own or made up for a container: grep -E 'lxcfs|/proc/' "
            "/proc/self/mountinfo"
        ),
        "Check for clock steps, suspend or a migration of the virtual machine at that time: journalctl -k",
        "Look again over a longer time: jinmaek diagnose --for 60s",
    ),
    does_not_help=(
        "Averaging over longer: a counter that jumped stays wrong in every window that holds the jump",
        "Changing the thresholds of other alerts",
    ),
)
