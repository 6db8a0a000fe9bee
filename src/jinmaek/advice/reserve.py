"""What min_free_kbytes and watermark_scale_factor share: the watermarks, and whether anybody met them.

mm/page_alloc.c __setup_per_zone_wmarks(); mm/vmscan.c kswapd().
"""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.advice.knob import Answer, Effect, Figure, Quantity, irrelevant
from jinmaek.advice.reclaim import STALLS
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Fact, Seen, Window
from jinmaek.advice.watermarks import Marks, available, marks, told, zones

STALLS_PER_SECOND = 1
"""Of a look; since boot so many in all that it was no single event."""
STALLS_SINCE_BOOT = 1000
DIRECT = 0.1
"""Share of the scanning done by threads that had to wait for it."""
RUNS = ("vmstat.pageoutrun",)
SCANS = ("vmstat.pgscan_kswapd", "vmstat.pgscan_direct")
COUNTED = (*RUNS, *SCANS, "vmstat.kswapd_low_wmark_hit_quickly")


def min_free(seen: Seen) -> int:
    return int(seen.now("sys_vm.min_free_kbytes")) // 1024


def factor_of(seen: Seen) -> int:
    """0 before 4.6: then a quarter of the min watermark is all there is between two."""
    return int(seen.known("sys_vm.watermark_scale_factor") or 0)


def marks_with(seen: Seen, *, kbytes: int | None = None, factor: int | None = None) -> tuple[Marks, ...]:
    return marks(
        zones(seen),
        min_free(seen) if kbytes is None else kbytes,
        factor_of(seen) if factor is None else factor,
        seen.page,
    )


def never_low(seen: Seen) -> Answer | None:
    """Free memory has not been down at a watermark: nothing of this has decided anything."""
    if seen.boot.grew(*RUNS) or seen.boot.grew_some(*STALLS):
        return None
    return irrelevant(
        say(
            "Free memory has not been down at the low watermark since boot: kswapd never ran, and nobody "
            "had to reclaim."
        ),
        (*counted(seen.boot), *seen.facts("meminfo.MemFree", "zoneinfo.low")),
    )


def stalled(window: Window) -> bool:
    """Whether threads had to reclaim themselves often, and for a good part of all reclaim."""
    enough = STALLS_SINCE_BOOT if window.first is None else STALLS_PER_SECOND * window.seconds
    if window.grew_some(*STALLS) < enough:
        return False
    kswapd, direct = (window.grew(column) for column in SCANS)
    return window.share(direct, direct + kswapd) >= DIRECT


def counted(window: Window) -> tuple[Fact, ...]:
    stalls = Fact("vmstat.allocstall_*", window.grew_some(*STALLS), "count", window.span)
    return (*window.facts(*COUNTED), stalls)


def window_of(seen: Seen) -> Window:
    return seen.telling(*STALLS, *RUNS, least=1)


def what_if(seen: Seen, after: Sequence[Marks], unmoved: Said) -> Effect:
    before = marks_with(seen)
    evidence = (*seen.facts("zoneinfo.free", "zoneinfo.low"), *counted(seen.boot))
    if [(m.min, m.low, m.high) for m in after] == [(m.min, m.low, m.high) for m in before]:
        return Effect("nothing", unmoved, evidence)
    woken = sorted(_awake(after) - _awake(before))
    sentence = say(
        "The low watermarks, at which kswapd wakes, would be {after} instead of {before}; {free} is free "
        "now. MemAvailable would be {available}.",
        after=_sum(seen, [m.low for m in after]),
        before=_sum(seen, [m.low for m in before]),
        free=_sum(seen, [m.zone.free for m in after]),
        available=Amount(available(seen, after) * seen.page, "bytes"),
    )
    risk = None
    if woken:
        risk = say("kswapd would wake at once on node {nodes}.", nodes=", ".join(map(str, woken)))
    return Effect("shifts", sentence, evidence, too_much(seen, after) or risk)


def _awake(made: Sequence[Marks]) -> set[int]:
    """Nodes where an ordinary allocation finds no zone above its low watermark and wakes kswapd."""
    real = [m for m in made if m.zone.managed]
    above = {m.zone.node for m in real if m.zone.free > m.low + (m.zone.protection_max or 0)}
    return {m.zone.node for m in real} - above


def _sum(seen: Seen, pages: Sequence[int]) -> Amount:
    return Amount(sum(pages) * seen.page, "bytes")


def too_much(seen: Seen, after: Sequence[Marks]) -> Said | None:
    """Why these watermarks would end badly right now."""
    free, lowest = seen.now("meminfo.MemFree"), sum(m.min for m in after) * seen.page
    if lowest > free:
        return say(
            "The min watermarks would be {lowest}, and only {free} is free now: every allocation would have "
            "to reclaim at once.",
            lowest=Amount(lowest, "bytes"),
            free=Amount(free, "bytes"),
        )
    high, droppable = sum(m.high for m in after) * seen.page, free + seen.now("meminfo.Inactive_file")
    if high <= droppable:
        return None
    return say(
        "The high watermarks would be {high}, and only {free} is free or page cache that could be dropped: "
        "everything would reclaim, and the OOM killer may come.",
        high=Amount(high, "bytes"),
        free=Amount(droppable, "bytes"),
    )


def figures(seen: Seen, made: Sequence[Marks], *, present: bool) -> tuple[Figure, ...]:
    """As the kernel tells them where they are the present ones: it computed them when zones were smaller."""
    found: list[Figure] = []
    made = told(seen) if present else made
    for m in made:
        if not m.zone.managed:
            continue
        where = f"{m.zone.node}/{m.zone.zone}"
        found.append(Figure(say("zone {zone}: min", zone=where), m.min, "pages"))
        found.append(Figure(say("zone {zone}: low, kswapd wakes", zone=where), m.low, "pages"))
        found.append(Figure(say("zone {zone}: high, kswapd sleeps", zone=where), m.high, "pages"))
    found.append(Figure(say("MemAvailable"), available(seen, made) * seen.page, "bytes"))
    return tuple(found)


MARKS = say(
    "min = min_free_kbytes, shared out by the size of the zones; low = min + step, high = low + step, step "
    "= the greater of min ÷ 4 and size × watermark_scale_factor ÷ 10000; all raised by a boost after "
    "fragmentation."
)
DOES_NOT = (
    say("It makes no memory: what is kept free is taken from the page cache."),
    say("It does not end thrashing: who needs more than there is reclaims at any watermark."),
    say("Limits of cgroups have no watermarks: reclaim under them starts at the limit."),
)
WATCH = (
    Quantity(say("low watermarks"), "level", ("zoneinfo.low",)),
    Quantity(say("free memory"), "level", ("meminfo.MemFree",)),
    Quantity(say("available memory"), "level", ("meminfo.MemAvailable",)),
    Quantity(say("runs of kswapd"), "rate", RUNS),
    Quantity(say("allocations that had to reclaim"), "rate", STALLS),
)
SOURCES = (
    "Documentation/admin-guide/sysctl/vm.rst",
    "mm/page_alloc.c __setup_per_zone_wmarks()",
    "0.8 of the kernel's choice, factor 100: drgn-tools; 5 %, 10 %, 1/s: proposed",
)
