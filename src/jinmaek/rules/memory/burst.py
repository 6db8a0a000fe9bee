"""Demand for memory rose to a peak and came back: a burst, not a leak."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import all_of, any_of, highest, increase, limit, lowest, named, now, rate
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.trends import PARTS, window

WINDOW = window()
FIRST = (WINDOW / PARTS, WINDOW * ((PARTS - 1) / PARTS))
"""The oldest sixth of the window: how long it is, and how long ago it ended."""
PEAK = highest("meminfo.AnonPages", over=WINDOW)
RISE = named(
    "rise of what programs hold to its peak", PEAK - lowest("meminfo.AnonPages", over=FIRST[0], ago=FIRST[1])
)
FALL = named("fall of what programs hold since its peak", PEAK - now("meminfo.AnonPages"))
SWAPPED = named(
    "growth of swap in use",
    highest("meminfo.SwapFree", over=FIRST[0], ago=FIRST[1]) - now("meminfo.SwapFree"),
)
KILLED = increase("vmstat.oom_kill", over=WINDOW) > 0

RULE = Rule(
    id="memory.burst",
    title="Demand for memory peaked, the host ran short, and it came back",
    when=all_of(
        RISE > now("meminfo.MemTotal") * limit("rise", 0.1),
        FALL >= RISE * limit("returned", 0.75),
    ),
    agree=(
        Sign(
            "hardly any memory was left at the peak",
            # Of the memory there was at the beginning: a look that did not see it knows nothing of the peak.
            lowest("meminfo.MemAvailable", over=WINDOW)
            / lowest("meminfo.MemTotal", over=FIRST[0], ago=FIRST[1])
            < limit("left", 0.1, "prometheus node-mixin, netdata"),
        ),
        Sign(
            "pages had to leave for swap meanwhile",
            increase("vmstat.pswpout", over=WINDOW) > limit("swapped-out", 10000),
        ),
        Sign(
            "threads waited for memory meanwhile",
            rate("pressure_memory.some_total", over=WINDOW) > limit("pressure", 0.01),
        ),
        Sign(
            "threads reclaimed memory themselves meanwhile",
            increase("vmstat.pgscan_direct", over=WINDOW) > limit("scanned", 10000),
        ),
        Sign("the OOM killer was called meanwhile", KILLED),
    ),
    unless=(
        Sign("what left memory is in swap: it has not come back", SWAPPED > FALL * limit("in-swap", 0.5)),
    ),
    held=0,
    # The window remembers a burst for as long as it is.
    clear_for=0,
    severity="info",
    worse=(
        (
            "warning",
            any_of(
                KILLED,
                rate("pressure_memory.full_total", over=WINDOW) > limit("stalled-warning", 0.05),
            ),
        ),
    ),
    why=(
        "For a while programs held much more than before and after, and while they did the host had too "
        "little. Nothing leaks: the peak is what the host must be able to bear."
    ),
    helps=(
        "What peaks: the processes named here, and what ran then: journalctl --since, systemctl list-timers",
        "Limit who peaks, so that others do not pay for it: systemctl set-property UNIT MemoryHigh=4G",
        "Peaks one after another, not at once: flock for jobs, fewer workers at a time",
        "If it is short and the service bears it, some swap or zram takes the peak",
        "More memory helps here, if the peak must run at full speed",
    ),
    does_not_help=(
        "Looking for a leak: what was taken came back",
        "Alerts on averages: the peak is not in them",
        "Dropping the cache beforehand: the kernel does that itself when memory is asked for",
    ),
    culprits=memory_culprits.by_peak,
)
