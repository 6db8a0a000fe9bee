"""vm.watermark_scale_factor: when kswapd wakes, and when it sleeps again.

mm/page_alloc.c watermark_scale_factor_sysctl_handler(); mm/vmscan.c kswapd(). Since 4.6.
"""

from __future__ import annotations

from jinmaek.advice.knob import Answer, Knob, Value, fits, known, misfit
from jinmaek.advice.reclaim import REFAULTS, STALLS
from jinmaek.advice.reserve import (
    DOES_NOT,
    MARKS,
    RUNS,
    SOURCES,
    WATCH,
    counted,
    factor_of,
    figures,
    marks_with,
    never_low,
    stalled,
    too_much,
    what_if,
    window_of,
)
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen

LADDER = (50, 100, 200, 300)
WIDE = 100
DISTANCE = 0.02
MOST_FACTOR = 1000


def _judge(seen: Seen) -> Answer:
    barred = never_low(seen)
    if barred:
        return barred
    value, made = factor_of(seen), marks_with(seen)
    distance = sum(m.high - m.min for m in made) * seen.page
    memory = seen.now("meminfo.MemTotal")
    window = window_of(seen)
    evidence = counted(window)
    if stalled(window) and value < LADDER[-1]:
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
    now = [m.low for m in marks_with(seen)]
    for rung in LADDER:
        if rung > value and [m.low for m in marks_with(seen, factor=rung)] != now:
            return rung
    return LADDER[-1]


def _unsafe(seen: Seen, value: Value) -> Said | None:
    if int(value) > MOST_FACTOR:
        return say(
            "Above 1000 more than 10 % of memory lies between two watermarks, and older kernels refuse it."
        )
    return too_much(seen, marks_with(seen, factor=int(value)))


TOO_SMALL = say(
    "No watermark would move: in every zone a quarter of the min watermark is more than the factor asks for."
)

KNOBS = (
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
        judge=_judge,
        what_if=lambda seen, value: what_if(seen, marks_with(seen, factor=int(value)), TOO_SMALL),
        figures=lambda seen, value: figures(
            seen, marks_with(seen, factor=int(value)), present=value == factor_of(seen)
        ),
        unsafe=_unsafe,
        watch=WATCH,
        direction=1,
    ),
)
