"""vm.min_free_kbytes: how much memory is kept free.

mm/page_alloc.c calculate_min_free_kbytes(), min_free_kbytes_sysctl_handler().
"""

from __future__ import annotations

from jinmaek.advice.knob import Answer, Knob, Value, fits, misfit
from jinmaek.advice.reclaim import STALLS
from jinmaek.advice.reserve import (
    DOES_NOT,
    MARKS,
    RUNS,
    SOURCES,
    WATCH,
    counted,
    figures,
    marks_with,
    min_free,
    never_low,
    stalled,
    too_much,
    what_if,
    window_of,
)
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen
from jinmaek.advice.watermarks import at_boot_kbytes

LEAST_KBYTES = 1024
"""Below it the kernel is "subtly broken, and prone to deadlock under high loads"."""
ROUNDING = 0.02
"""Memory freed after the kernel chose at boot."""
MOST_OF_MEMORY = 0.05
FAR_BELOW = 0.8
"""Of the kernel's own choice, below which the reserve is called small."""


def _judge(seen: Seen) -> Answer:
    barred = never_low(seen)
    if barred:
        return barred
    value, own = min_free(seen), at_boot_kbytes(seen)
    memory = seen.now("meminfo.MemTotal")
    window = window_of(seen)
    evidence = (*counted(window), *seen.facts("sys_vm.min_free_kbytes", "meminfo.MemFree"))
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
    if value < FAR_BELOW * own and stalled(window):
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


def _unsafe(seen: Seen, value: Value) -> Said | None:
    kbytes, memory = int(value), seen.now("meminfo.MemTotal")
    if kbytes < LEAST_KBYTES:
        return say("Below 1024 KiB the kernel is subtly broken and prone to deadlock under load.")
    if kbytes * 1024 > MOST_OF_MEMORY * memory:
        return say(
            "{size} is {share} of memory; more than 5 % can end in the OOM killer instantly.",
            size=Amount(kbytes * 1024, "bytes"),
            share=Amount(kbytes * 1024 / memory, "ratio"),
        )
    return too_much(seen, marks_with(seen, kbytes=kbytes))


def _default(seen: Seen) -> Value:
    """The kernel's choice; the present value where it differs from it only by rounding."""
    own, value = at_boot_kbytes(seen), min_free(seen)
    return value if abs(own - value) <= own * ROUNDING else own


BY_HAND = say(
    "It does not follow transparent huge pages any more once it was written: from then on the kernel raises "
    "it for them, but lowers it no further than that value, until the next start."
)

KNOBS = (
    Knob(
        name="min_free_kbytes",
        path="proc/sys/vm/min_free_kbytes",
        most=2**31 - 1,
        unit="KiB",
        default=_default,
        does=say(
            "How much memory is kept free for allocations that cannot wait (interrupts, network, reclaim "
            "itself). All watermarks follow from it."
        ),
        formula=MARKS,
        does_not=(*DOES_NOT, BY_HAND),
        sources=SOURCES,
        judge=_judge,
        what_if=lambda seen, value: what_if(
            seen, marks_with(seen, kbytes=int(value)), say("No watermark would move by a page.")
        ),
        figures=lambda seen, value: figures(
            seen, marks_with(seen, kbytes=int(value)), present=value == min_free(seen)
        ),
        unsafe=_unsafe,
        watch=WATCH,
        direction=1,
    ),
)
