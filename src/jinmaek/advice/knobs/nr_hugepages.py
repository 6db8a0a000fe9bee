"""vm.nr_hugepages: the pool of huge pages that is set aside for programs that ask for it (hugetlb).

mm/hugetlb.c set_max_huge_pages(); Documentation/admin-guide/mm/hugetlbpage.rst.
"""

from __future__ import annotations

from math import ceil

from jinmaek.advice.knob import Answer, Effect, Figure, Knob, Quantity, Value, fits, irrelevant, known, misfit
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen

FACTS = (
    "meminfo.HugePages_Total",
    "meminfo.HugePages_Free",
    "meminfo.HugePages_Rsvd",
    "meminfo.MemAvailable",
)
WASTE = 0.05
LOW = 0.15
LEFT = 0.1
"""Of RAM that must stay available after the pool has grown."""


def _size(seen: Seen) -> float:
    return seen.now("meminfo.Hugepagesize")


def _judge(seen: Seen) -> Answer:
    pages, memory = seen.now("meminfo.HugePages_Total"), seen.now("meminfo.MemTotal")
    if not pages:
        return irrelevant(say("There is no pool, and it takes no memory."), seen.facts(*FACTS))
    idle = seen.now("meminfo.HugePages_Free") - seen.now("meminfo.HugePages_Rsvd")
    wasted, available = idle * _size(seen), seen.now("meminfo.MemAvailable")
    if wasted > WASTE * memory and available < LOW * memory:
        return misfit(
            say(
                "{wasted} ({share} of memory) lies in huge pages nobody uses or has reserved, while only "
                "{available} is available to all other programs.",
                wasted=Amount(wasted, "bytes"),
                share=Amount(wasted / memory, "ratio"),
                available=Amount(available, "bytes"),
            ),
            seen.facts(*FACTS),
            ("nr_hugepages", int(pages - idle)),
        )
    return fits(
        say(
            "{used} of the pool of {pool} is used or reserved, and {available} is available beside it.",
            used=Amount((pages - idle) * _size(seen), "bytes"),
            pool=Amount(pages * _size(seen), "bytes"),
            available=Amount(available, "bytes"),
        ),
        seen.facts(*FACTS),
    )


def _what_if(seen: Seen, value: Value) -> Effect:
    grown = int(value) - int(seen.now("meminfo.HugePages_Total"))
    size = Amount(abs(grown) * _size(seen), "bytes")
    if grown > 0:
        sentence = say(
            "{size} would be taken from all other programs and from MemAvailable, whether anybody uses it "
            "or not.",
            size=size,
        )
        return Effect("shifts", sentence, seen.facts(*FACTS), _unsafe(seen, value))
    idle = seen.now("meminfo.HugePages_Free") - seen.now("meminfo.HugePages_Rsvd")
    back = min(-grown, int(idle)) * _size(seen)
    if not back:
        return Effect(
            "nothing", say("No huge page of the pool is unused: none can be given back."), seen.facts(*FACTS)
        )
    sentence = say("{size} would become available to other programs.", size=Amount(back, "bytes"))
    return Effect("shifts", sentence, seen.facts(*FACTS))


def _unsafe(seen: Seen, value: Value) -> Said | None:
    grown = (int(value) - seen.now("meminfo.HugePages_Total")) * _size(seen)
    left = seen.now("meminfo.MemAvailable") - grown
    if grown <= 0 or left >= LEFT * seen.now("meminfo.MemTotal"):
        return None
    return say(
        "The pool would take {size}, and less than 10 % of memory would be left available.",
        size=Amount(grown, "bytes"),
    )


def _figures(seen: Seen, value: Value) -> tuple[Figure, ...]:
    pool = int(value) * _size(seen)
    left = seen.now("meminfo.MemAvailable") - (int(value) - seen.now("meminfo.HugePages_Total")) * _size(seen)
    return (
        Figure(say("size of the pool"), pool, "bytes"),
        Figure(say("MemAvailable"), left, "bytes"),
        Figure(say("smallest number that keeps what is in use"), _in_use(seen), "count"),
    )


def _in_use(seen: Seen) -> int:
    idle = seen.now("meminfo.HugePages_Free") - seen.now("meminfo.HugePages_Rsvd")
    return ceil(seen.now("meminfo.HugePages_Total") - idle)


KNOBS = (
    Knob(
        name="nr_hugepages",
        path="proc/sys/vm/nr_hugepages",
        most=2**31 - 1,
        default=known(0),
        does=say(
            "How many huge pages (of the default size) are set aside for programs that map them on purpose."
        ),
        formula=say(
            "Waste = (HugePages_Free − HugePages_Rsvd) × Hugepagesize. The pool also lowers CommitLimit."
        ),
        does_not=(
            say("It has nothing to do with transparent huge pages."),
            say("Programs that do not ask for the pool (MAP_HUGETLB, SHM_HUGETLB, hugetlbfs) never use it."),
        ),
        sources=("Documentation/admin-guide/mm/hugetlbpage.rst", "5 %, 15 %, 10 %: proposed"),
        judge=_judge,
        what_if=_what_if,
        figures=_figures,
        unsafe=_unsafe,
        watch=(
            Quantity(say("pool of huge pages"), "level", ("meminfo.HugePages_Total",)),
            Quantity(say("available memory"), "level", ("meminfo.MemAvailable",)),
        ),
        direction=1,
    ),
)
