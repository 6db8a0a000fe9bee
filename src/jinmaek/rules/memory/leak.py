"""What programs hold grows and does not come back: one of them leaks, or serves ever more."""

from __future__ import annotations

from jinmaek.diagnosis import memory_culprits
from jinmaek.diagnosis.expr import all_of, highest, limit, named, now
from jinmaek.diagnosis.rule import Rule, Sign
from jinmaek.rules.memory_terms import SWAPS_OUT, WAITS
from jinmaek.rules.terms import AVAILABLE
from jinmaek.rules.trends import JUST_STARTED, PARTS, rising, trend, window

WINDOW = window(3600)
# Reclaim moves pages from the one to the other: only both together tell growth.
OWN = (("meminfo.AnonPages",), ("meminfo.SwapFree",))
GROWTH = named("growth of what programs own", trend(WINDOW, *OWN))
LEFT = now("meminfo.MemAvailable") + now("meminfo.SwapFree")
UNTIL_FULL = named("time until memory and swap are full", LEFT / GROWTH)
THREADS_BEFORE = highest("loadavg.nr_threads", over=WINDOW / PARTS, ago=WINDOW * ((PARTS - 1) / PARTS))

RULE = Rule(
    id="memory.leak",
    title="Memory of programs grows steadily: a leak",
    when=all_of(
        rising(now("meminfo.MemTotal") * limit("grown", 0.01), WINDOW, *OWN),
        GROWTH > 0,
        UNTIL_FULL < limit("horizon", 86400, "prometheus node-mixin, of file systems"),
    ),
    agree=(
        Sign(
            "what is available shrinks as what programs own grows",
            named("trend of what is available", trend(WINDOW, ("meminfo.MemAvailable", "meminfo.SwapFree")))
            < GROWTH * limit("mirrored", 0.5) * -1,
        ),
        Sign(
            "programs are promised as much more memory",
            named("trend of what programs are promised", trend(WINDOW, ("meminfo.Committed_AS",)))
            > GROWTH * limit("promised", 0.5),
        ),
        Sign("threads wait for memory", WAITS),
        Sign("pages leave for swap", SWAPS_OUT),
    ),
    unless=(
        Sign("the machine has only just started", JUST_STARTED),
        Sign(
            "many more threads run than before: the growth may follow the load",
            now("loadavg.nr_threads") > THREADS_BEFORE * limit("threads", 1.25),
        ),
    ),
    # The window is how long it must hold.
    held=0,
    severity="info",
    worse=(
        (
            "warning",
            all_of(
                UNTIL_FULL < limit("horizon-warning", 14400, "prometheus node-mixin, of file systems"),
                AVAILABLE < limit("available-warning", 0.25),
            ),
        ),
        (
            "critical",
            all_of(
                UNTIL_FULL < limit("horizon-critical", 1800),
                AVAILABLE < limit("available-critical", 0.1, "prometheus node-mixin, netdata"),
            ),
        ),
    ),
    why=(
        "In every sixth of the time watched, the least that programs held, in memory and swap together, was "
        "above that of the sixth before. Peaks and garbage collectors do not do that: memory is taken and "
        "not given back."
    ),
    helps=(
        "Which mapping of the process grows, and what is in it: jinmaek heap PID --for 5m",
        (
            "Restart it: that buys the time it took to grow. Limit it, so that it ends before the host "
            "suffers: systemctl set-property UNIT MemoryMax=4G"
        ),
        "glibc may only keep what was freed: MALLOC_ARENA_MAX=2, or malloc_trim(0) as a test (gdb -p PID)",
        "Whether more memory would help, and until when: jinmaek capacity",
    ),
    does_not_help=(
        "More memory or swap: a leak fills that too, only later",
        "Dropping the cache: what programs own is not in it",
        "Alerts on the size of a process: it is the growth that counts",
    ),
    culprits=memory_culprits.by_growth,
    sources=("levels that rise from part to part: a Mann-Kendall test that PromQL can say",),
)
