"""vm.page-cluster: how many pages are read from swap at once.

mm/swap_state.c swap_cluster_readahead(), swapin_nr_pages().
"""

from __future__ import annotations

from jinmaek.advice.knob import Answer, Effect, Figure, Knob, Quantity, Value, fits, irrelevant, known, misfit
from jinmaek.advice.reclaim import swap_in_ram
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen

READ_AHEAD, HIT, IN = "vmstat.swap_ra", "vmstat.swap_ra_hit", "vmstat.pswpin"
ENOUGH = 1000
POOR = 0.3
LARGE = 6


def _judge(seen: Seen) -> Answer:
    if not seen.now("meminfo.SwapTotal"):
        return irrelevant(say("There is no swap to read from."), seen.facts("meminfo.SwapTotal"))
    value = int(seen.now("sys_vm.page_cluster"))
    window = seen.telling(READ_AHEAD, least=ENOUGH)
    evidence = window.facts(READ_AHEAD, HIT, IN)
    if not window.grew(IN):
        return irrelevant(say("Nothing was read from swap since boot."), evidence)
    read, used = window.grew(READ_AHEAD), window.grew(HIT)
    share = Amount(window.share(used, read), "ratio")
    if not read:
        return irrelevant(
            say("Whatever was read from swap was needed itself: nothing was read ahead."), evidence
        )
    if value and read >= ENOUGH and used < POOR * read:
        return misfit(
            say(
                "Too high: {read} pages were read from swap ahead of need and only {share} of them was "
                "needed.",
                read=Amount(read, "count"),
                share=share,
            ),
            evidence,
            ("page-cluster", 0 if swap_in_ram(seen) else value - 1),
        )
    return fits(
        say(
            "{read} pages were read from swap ahead of need, and {share} of them was needed.",
            read=Amount(read, "count"),
            share=share,
        ),
        evidence,
    )


def _what_if(seen: Seen, value: Value) -> Effect:
    evidence = (*seen.boot.facts(READ_AHEAD, HIT, IN), *seen.facts("meminfo.SwapTotal"))
    if not seen.now("meminfo.SwapTotal") or not seen.boot.grew(IN):
        return Effect("nothing", say("Nothing was read from swap since boot."), evidence)
    sentence = say(
        "Each fault in swap would read up to {pages} pages; of those read ahead so far {share} was needed.",
        pages=2 ** int(value),
        share=Amount(seen.boot.share(seen.boot.grew(HIT), seen.boot.grew(READ_AHEAD)), "ratio"),
    )
    return Effect("shifts", sentence, evidence)


def _figures(seen: Seen, value: Value) -> tuple[Figure, ...]:
    return (Figure(say("most read at once"), 2 ** int(value) * seen.page, "bytes"),)


def _unsafe(_: Seen, value: Value) -> Said | None:
    if int(value) > LARGE:
        return say("More than 64 pages at a fault: most of them would push out something that is needed.")
    return None


KNOBS = (
    Knob(
        name="page-cluster",
        path="proc/sys/vm/page-cluster",
        most=31,
        default=known(3),
        does=say(
            "How many neighbours are read with a page that is needed from swap: 2 to the power of the value."
        ),
        formula=say(
            "It pays where swap_ra_hit ÷ swap_ra, the share of pages read ahead that was needed, is high."
        ),
        does_not=(
            say("It does not decide what goes to swap."),
            say("In zram and zswap reading ahead only decompresses more: 0 is usual there."),
        ),
        sources=("Documentation/admin-guide/sysctl/vm.rst", "mm/swap_state.c", "30 %: proposed"),
        judge=_judge,
        what_if=_what_if,
        figures=_figures,
        unsafe=_unsafe,
        watch=(
            Quantity(say("read from swap ahead of need"), "rate", (READ_AHEAD,)),
            Quantity(say("of it needed"), "share", (HIT,), (READ_AHEAD,)),
            Quantity(say("read from swap"), "rate", (IN,)),
            Quantity(say("page faults that had to read"), "rate", ("vmstat.pgmajfault",)),
        ),
        direction=1,
        needs=(IN,),
    ),
)
