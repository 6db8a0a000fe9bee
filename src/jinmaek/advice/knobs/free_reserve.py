"""vm.min_free_kbytes, vm.watermark_scale_factor: how much memory is kept free, and when kswapd wakes.

mm/page_alloc.c __setup_per_zone_wmarks(), calculate_min_free_kbytes(); mm/vmscan.c kswapd().
"""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.advice.knob import Answer, Effect, Figure, Knob, Quantity, Value, fits, irrelevant, known, misfit
from jinmaek.advice.reclaim import REFAULTS, STALLS
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Fact, Seen, Window
from jinmaek.advice.watermarks import Marks, at_boot_kbytes, available, marks, told, zones

LEAST_KBYTES = 1024
"""Below it the kernel is "subtly broken, and prone to deadlock under high loads"."""
ROUNDING = 0.02
"""Memory freed after the kernel chose at boot."""
MOST_OF_MEMORY = 0.05
FAR_BELOW = 0.8
"""Of the kernel's own choice, below which the reserve is called small."""
STALLS_PER_SECOND = 1
"""Of a look; since boot so many in all that it was no single event."""
STALLS_SINCE_BOOT = 1000
DIRECT = 0.1
"""Share of the scanning done by threads that had to wait for it."""
LADDER = (50, 100, 200, 300)
WIDE = 100
DISTANCE = 0.02
MOST_FACTOR = 1000
RUNS = ("vmstat.pageoutrun",)
SCANS = ("vmstat.pgscan_kswapd", "vmstat.pgscan_direct")
COUNTED = (*RUNS, *SCANS, "vmstat.kswapd_low_wmark_hit_quickly")


def _min_free(seen: Seen) -> int:
    return int(seen.now("sys_vm.min_free_kbytes")) // 1024


def _factor(seen: Seen) -> int:
    """0 before 4.6: then a quarter of the min watermark is all there is between two."""
    return int(seen.known("sys_vm.watermark_scale_factor") or 0)


def _marks(seen: Seen, *, kbytes: int | None = None, factor: int | None = None) -> tuple[Marks, ...]:
    return marks(
        zones(seen),
        _min_free(seen) if kbytes is None else kbytes,
        _factor(seen) if factor is None else factor,
        seen.page,
    )


def _never_low(seen: Seen) -> Answer | None:
    """Free memory has not been down at a watermark: nothing of this has decided anything."""
    if seen.boot.grew(*RUNS) or seen.boot.grew_some(*STALLS):
        return None
    return irrelevant(
        say(
            "Free memory has not been down at the low watermark since boot: kswapd never ran, and nobody "
            "had to reclaim."
        ),
        (*_counted(seen.boot), *seen.facts("meminfo.MemFree", "zoneinfo.low")),
    )


def _stalled(window: Window) -> bool:
    """Whether threads had to reclaim themselves often, and for a good part of all reclaim."""
    enough = STALLS_SINCE_BOOT if window.first is None else STALLS_PER_SECOND * window.seconds
    if window.grew_some(*STALLS) < enough:
        return False
    kswapd, direct = (window.grew(column) for column in SCANS)
    return window.share(direct, direct + kswapd) >= DIRECT


def _counted(window: Window) -> tuple[Fact, ...]:
    stalls = Fact("vmstat.allocstall_*", window.grew_some(*STALLS), "count", window.span)
    return (*window.facts(*COUNTED), stalls)


def _window(seen: Seen) -> Window:
    return seen.telling(*STALLS, *RUNS, least=1)


def _judge_min_free(seen: Seen) -> Answer:
    barred = _never_low(seen)
    if barred:
        return barred
    value, own = _min_free(seen), at_boot_kbytes(seen)
    memory = seen.now("meminfo.MemTotal")
    window = _window(seen)
    evidence = (*_counted(window), *seen.facts("sys_vm.min_free_kbytes", "meminfo.MemFree"))
    if value * 1024 > MOST_OF_MEMORY * memory and value > own:
        return misfit(
            say(
                "Too high: {kept} ({share} of memory) is kept from programs, and kswapd ran {runs} times to "
                "keep it free. The kernel's own choice would be {own} KiB.",
                kept=Amount(value * 1024, "bytes"),
                share=Amount(value * 1024 / memory, "ratio"),
                runs=Amount(window.grew(*RUNS), "count"),
                own=own,
            ),
            evidence,
            ("min_free_kbytes", own),
        )
    if value < FAR_BELOW * own and _stalled(window):
        return misfit(
            say(
                "Too low: {stalls} allocations had to reclaim themselves, and the reserve is {value} KiB "
                "where the kernel would choose {own} KiB.",
                stalls=Amount(window.grew_some(*STALLS), "count"),
                value=value,
                own=own,
            ),
            evidence,
            ("min_free_kbytes", own),
        )
    return fits(
        say(
            "kswapd ran {runs} times and {stalls} allocations had to reclaim themselves; the reserve is "
            "{share} of memory, the kernel's own choice {own} KiB.",
            runs=Amount(window.grew(*RUNS), "count"),
            stalls=Amount(window.grew_some(*STALLS), "count"),
            share=Amount(value * 1024 / memory, "ratio"),
            own=own,
        ),
        evidence,
    )


def _judge_factor(seen: Seen) -> Answer:
    barred = _never_low(seen)
    if barred:
        return barred
    value, made = _factor(seen), _marks(seen)
    distance = sum(m.high - m.min for m in made) * seen.page
    memory = seen.now("meminfo.MemTotal")
    window = _window(seen)
    evidence = _counted(window)
    if _stalled(window) and value < LADDER[-1]:
        return misfit(
            say(
                "Too low: {stalls} allocations had to reclaim themselves, because kswapd starts only "
                "{distance} above the reserve.",
                stalls=Amount(window.grew_some(*STALLS), "count"),
                distance=Amount(distance / 2, "bytes"),
            ),
            (*evidence, *seen.facts("zoneinfo.min", "zoneinfo.low")),
            ("watermark_scale_factor", _next_factor(seen, value)),
        )
    missed = window.grew(*REFAULTS)
    if (
        value > WIDE
        and distance > DISTANCE * memory
        and not window.grew_some(*STALLS)
        and missed * seen.page > distance
    ):
        return misfit(
            say(
                "Too high: kswapd keeps up to {distance} free beyond the reserve, no allocation had to "
                "wait, and {missed} that was reclaimed for it came back.",
                distance=Amount(distance, "bytes"),
                missed=Amount(missed * seen.page, "bytes"),
            ),
            (*evidence, *window.facts(*REFAULTS)),
            ("watermark_scale_factor", 10),
        )
    return fits(
        say(
            "kswapd starts {distance} above the reserve; it ran {runs} times, and {stalls} allocations had "
            "to reclaim themselves.",
            distance=Amount(distance / 2, "bytes"),
            runs=Amount(window.grew(*RUNS), "count"),
            stalls=Amount(window.grew_some(*STALLS), "count"),
        ),
        evidence,
    )


def _next_factor(seen: Seen, value: int) -> int:
    """The next rung that moves the watermarks of this host at all."""
    now = [m.low for m in _marks(seen)]
    for rung in LADDER:
        if rung > value and [m.low for m in _marks(seen, factor=rung)] != now:
            return rung
    return LADDER[-1]


def _what_if(seen: Seen, after: Sequence[Marks], unmoved: Said) -> Effect:
    before = _marks(seen)
    evidence = (*seen.facts("zoneinfo.free", "zoneinfo.low"), *_counted(seen.boot))
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
    return Effect("shifts", sentence, evidence, _too_much(seen, after) or risk)


def _awake(made: Sequence[Marks]) -> set[int]:
    """Nodes where an ordinary allocation finds no zone above its low watermark and wakes kswapd."""
    real = [m for m in made if m.zone.managed]
    above = {m.zone.node for m in real if m.zone.free > m.low + (m.zone.protection_max or 0)}
    return {m.zone.node for m in real} - above


def _sum(seen: Seen, pages: Sequence[int]) -> Amount:
    return Amount(sum(pages) * seen.page, "bytes")


def _too_much(seen: Seen, after: Sequence[Marks]) -> Said | None:
    high, free = sum(m.high for m in after) * seen.page, seen.now("meminfo.MemFree")
    if high <= free:
        return None
    return say(
        "The high watermarks would be {high}, and only {free} is free now: everything would reclaim at "
        "once, and the OOM killer may come.",
        high=Amount(high, "bytes"),
        free=Amount(free, "bytes"),
    )


def _unsafe_min_free(seen: Seen, value: Value) -> Said | None:
    kbytes, memory = int(value), seen.now("meminfo.MemTotal")
    if kbytes < LEAST_KBYTES:
        return say("Below 1024 KiB the kernel is subtly broken and prone to deadlock under load.")
    if kbytes * 1024 > MOST_OF_MEMORY * memory:
        return say(
            "{size} is {share} of memory; more than 5 % can end in the OOM killer instantly.",
            size=Amount(kbytes * 1024, "bytes"),
            share=Amount(kbytes * 1024 / memory, "ratio"),
        )
    return _too_much(seen, _marks(seen, kbytes=kbytes))


def _unsafe_factor(seen: Seen, value: Value) -> Said | None:
    if int(value) > MOST_FACTOR:
        return say(
            "Above 1000 more than 10 % of memory lies between two watermarks, and older kernels refuse it."
        )
    return _too_much(seen, _marks(seen, factor=int(value)))


def _figures(seen: Seen, made: Sequence[Marks], *, present: bool) -> tuple[Figure, ...]:
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


def _default_min_free(seen: Seen) -> Value:
    """The kernel's choice; the present value where it differs from it only by rounding."""
    own, value = at_boot_kbytes(seen), _min_free(seen)
    return value if abs(own - value) <= own * ROUNDING else own


TOO_SMALL = say(
    "No watermark would move: in every zone a quarter of the min watermark is more than the factor asks for."
)
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
BY_HAND = say(
    "It does not follow transparent huge pages any more once it was written: from then on the kernel raises "
    "it for them, but lowers it no further than that value, until the next start."
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

KNOBS = (
    Knob(
        name="min_free_kbytes",
        path="proc/sys/vm/min_free_kbytes",
        most=2**31 - 1,
        unit="KiB",
        default=_default_min_free,
        does=say(
            "How much memory is kept free for allocations that cannot wait (interrupts, network, reclaim "
            "itself). All watermarks follow from it."
        ),
        formula=MARKS,
        does_not=(*DOES_NOT, BY_HAND),
        sources=SOURCES,
        judge=_judge_min_free,
        what_if=lambda seen, value: _what_if(
            seen, _marks(seen, kbytes=int(value)), say("No watermark would move by a page.")
        ),
        figures=lambda seen, value: _figures(
            seen, _marks(seen, kbytes=int(value)), present=value == _min_free(seen)
        ),
        unsafe=_unsafe_min_free,
        watch=WATCH,
        direction=1,
    ),
    Knob(
        name="watermark_scale_factor",
        path="proc/sys/vm/watermark_scale_factor",
        least=1,
        most=3000,
        default=known(10),
        does=say(
            "How far the watermarks lie apart, in 1/10000 of memory: how early kswapd starts and how much "
            "it frees before it sleeps again."
        ),
        formula=MARKS,
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge_factor,
        what_if=lambda seen, value: _what_if(seen, _marks(seen, factor=int(value)), TOO_SMALL),
        figures=lambda seen, value: _figures(
            seen, _marks(seen, factor=int(value)), present=value == _factor(seen)
        ),
        unsafe=_unsafe_factor,
        watch=WATCH,
        direction=1,
    ),
)
