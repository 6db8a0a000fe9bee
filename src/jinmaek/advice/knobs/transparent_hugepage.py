"""/sys/kernel/mm/transparent_hugepage/{enabled,defrag}: whether programs get huge pages without asking.

mm/huge_memory.c enabled_store(), defrag_store(); Documentation/admin-guide/mm/transhuge.rst.
"""

from __future__ import annotations

from jinmaek.advice.knob import Answer, Effect, Figure, Knob, Quantity, Value, fits, irrelevant, misfit
from jinmaek.advice.said import Amount, say
from jinmaek.advice.seen import Missing, Seen, Window
from jinmaek.advice.watermarks import if_chosen_now
from jinmaek.model import Gap

FOLDER = "sys/kernel/mm/transparent_hugepage"
ENABLED = ("never", "madvise", "always")
DEFRAG = ("never", "madvise", "defer+madvise", "defer", "always")
GIVEN = ("vmstat.thp_fault_alloc", "vmstat.thp_collapse_alloc")
FALLBACK, STALL = "vmstat.thp_fault_fallback", "vmstat.compact_stall"
SPLIT, UNDERUSED = "vmstat.thp_split_page", "vmstat.thp_underused_split_page"
COUNTED = (*GIVEN, FALLBACK, SPLIT, UNDERUSED, STALL, "vmstat.compact_fail")
TABLES_SHARE = 0.02
FEW = 0.5
ENOUGH = 100


def _chosen(seen: Seen, name: str) -> str:
    value = getattr(seen.rows("transparent_hugepage")[0], name)
    if value is None:
        raise Missing(Gap("absent", f"{FOLDER}/{name}"))
    return str(value)


def _covered(seen: Seen) -> float:
    """The share of anonymous memory in huge pages."""
    anon = seen.now("meminfo.AnonPages")
    return seen.now("meminfo.AnonHugePages") / anon if anon else 0.0


def _judge_enabled(seen: Seen) -> Answer:
    value = _chosen(seen, "enabled")
    given = seen.boot.grew(*GIVEN)
    evidence = (*seen.boot.facts(*COUNTED), *seen.facts("meminfo.AnonHugePages", "meminfo.AnonPages"))
    if value == "never":
        return _off(seen)
    if not given:
        return irrelevant(say("No program has been given a huge page since boot."), evidence)
    split = seen.boot.grew(SPLIT)
    if value == "always" and given >= ENOUGH and split > FEW * given:
        return misfit(
            say(
                "{split} huge pages had to be split again, of {given} given: programs here do not fill "
                "them, and they are given without being asked for.",
                split=Amount(split, "count"),
                given=Amount(given, "count"),
            ),
            evidence,
            ("transparent_hugepage/enabled", "madvise"),
        )
    return fits(
        say(
            "{given} huge pages were given and {split} split again; {share} of anonymous memory is in huge "
            "pages.",
            given=Amount(given, "count"),
            split=Amount(split, "count"),
            share=Amount(_covered(seen), "ratio"),
        ),
        evidence,
    )


def _off(seen: Seen) -> Answer:
    tables, memory = seen.now("meminfo.PageTables"), seen.now("meminfo.MemTotal")
    evidence = seen.facts("meminfo.PageTables", "meminfo.AnonPages", "meminfo.AnonHugePages")
    if tables > TABLES_SHARE * memory and seen.now("meminfo.AnonPages") > tables:
        return misfit(
            say(
                "Page tables alone take {tables}, {share} of memory, for {anon} of anonymous memory in "
                "small pages: a huge page needs one entry for 512.",
                tables=Amount(tables, "bytes"),
                share=Amount(tables / memory, "ratio"),
                anon=Amount(seen.now("meminfo.AnonPages"), "bytes"),
            ),
            evidence,
            ("transparent_hugepage/enabled", "madvise"),
        )
    return fits(
        say("Off, and page tables take {tables} only.", tables=Amount(tables, "bytes")),
        evidence,
    )


def _judge_defrag(seen: Seen) -> Answer:
    value = _chosen(seen, "defrag")
    evidence = seen.boot.facts(*COUNTED)
    if _chosen(seen, "enabled") == "never":
        return irrelevant(say("Huge pages are off (enabled is never): no fault asks for one."), evidence)
    if not seen.boot.grew(FALLBACK) and not seen.boot.grew(STALL):
        return irrelevant(
            say("Since boot no fault went without its huge page and nobody had to compact memory for one."),
            evidence,
        )
    window = seen.telling(STALL, FALLBACK, least=ENOUGH)
    if value in ("always", "defer") and _stalling(window):
        return misfit(
            say(
                "{stalls} allocations stopped to compact memory, and {failed} faults got small pages all "
                "the same, of {asked} that wanted a huge one.",
                stalls=Amount(window.grew(STALL), "count"),
                failed=Amount(window.grew(FALLBACK), "count"),
                asked=Amount(window.grew(FALLBACK, GIVEN[0]), "count"),
            ),
            window.facts(*COUNTED),
            ("transparent_hugepage/defrag", "madvise" if value == "always" else "defer+madvise"),
        )
    return fits(
        say(
            "{failed} faults got small pages where huge ones were wanted, and {stalls} allocations stopped "
            "to compact memory.",
            failed=Amount(window.grew(FALLBACK), "count"),
            stalls=Amount(window.grew(STALL), "count"),
        ),
        window.facts(*COUNTED),
    )


def _stalling(window: Window) -> bool:
    stalls = window.grew(STALL)
    if stalls < (ENOUGH * 10 if window.first is None else window.seconds):
        return False
    failed, given = window.grew(FALLBACK), window.grew(GIVEN[0])
    return window.share(failed, failed + given) > FEW


def _what_if_enabled(seen: Seen, value: Value) -> Effect:
    old, huge = _chosen(seen, "enabled"), Amount(seen.now("meminfo.AnonHugePages"), "bytes")
    evidence = (*seen.boot.facts(*COUNTED), *seen.facts("meminfo.AnonHugePages", "meminfo.AnonPages"))
    if value == "always":
        sentence = say(
            "Every program would get huge pages, also for memory it touches little of; {share} of anonymous "
            "memory is in huge pages now.",
            share=Amount(_covered(seen), "ratio"),
        )
        risk = say(
            "Programs that touch memory here and there grow; fork and copy-on-write copy 2 MiB at a time."
        )
        return Effect("shifts", sentence, evidence, risk)
    if old == "madvise" and not seen.boot.grew(*GIVEN):
        sentence = say("No program has asked for a huge page since boot.")
        return Effect("nothing", sentence, evidence)
    if value == "never":
        sentence = say("No more huge pages; the {huge} there are stay until they are freed.", huge=huge)
        return Effect("shifts", sentence, evidence)
    if old == "never":
        sentence = say("Programs that ask (madvise) would get huge pages.")
        return Effect("shifts", sentence, evidence)
    sentence = say(
        "Only programs that ask (madvise) would get huge pages; the {huge} there are stay until they are "
        "freed.",
        huge=huge,
    )
    return Effect("shifts", sentence, evidence)


def _what_if_defrag(seen: Seen, value: Value) -> Effect:
    evidence = seen.boot.facts(*COUNTED)
    if _chosen(seen, "enabled") == "never":
        return Effect(
            "nothing", say("Huge pages are off (enabled is never): no fault asks for one."), evidence
        )
    if not seen.boot.grew(FALLBACK) and not seen.boot.grew(STALL):
        sentence = say(
            "Since boot no fault went without its huge page and nobody had to compact memory for one."
        )
        return Effect("nothing", sentence, evidence)
    failed = Amount(seen.boot.grew(FALLBACK), "count")
    match value:
        case "always":
            sentence = say(
                "Every fault that finds no huge page ({failed} so far) would compact memory first and wait.",
                failed=failed,
            )
        case "madvise":
            sentence = say(
                "Faults that find no huge page ({failed} so far) would compact and wait only where the "
                "program asked (madvise).",
                failed=failed,
            )
        case "never":
            sentence = say(
                "Faults that find no huge page ({failed} so far) would get small pages at once.",
                failed=failed,
            )
        case _:
            sentence = say(
                "Faults that find no huge page ({failed} so far) would get small pages at once and leave "
                "compaction to kcompactd.",
                failed=failed,
            )
    return Effect("shifts", sentence, evidence)


def _figures_enabled(seen: Seen, value: Value) -> tuple[Figure, ...]:
    """khugepaged raises min_free_kbytes while it runs."""
    if value != _chosen(seen, "enabled"):
        kept = if_chosen_now(seen, str(value)) * 1024.0
    else:
        kept = seen.now("sys_vm.min_free_kbytes")
    return (
        Figure(
            say("min_free_kbytes, which the kernel sets with it unless it was set by hand"), kept, "bytes"
        ),
    )


def _watch() -> tuple[Quantity, ...]:
    return (
        Quantity(say("huge pages given at faults"), "rate", GIVEN[:1]),
        Quantity(say("faults that got small pages instead"), "rate", (FALLBACK,)),
        Quantity(say("allocations that stopped to compact"), "rate", (STALL,)),
        Quantity(say("anonymous memory in huge pages"), "level", ("meminfo.AnonHugePages",)),
        Quantity(say("time threads waited for memory"), "rate", ("pressure_memory.some_total",)),
    )


SOURCES = (
    "Documentation/admin-guide/mm/transhuge.rst",
    "mm/huge_memory.c",
    "page tables 2 %: oled-tools; half, 100, 1/s: proposed",
)
DOES_NOT = (
    say("It has nothing to do with the pools of vm.nr_hugepages (hugetlb)."),
    say("A program can refuse them for itself: prctl(PR_SET_THP_DISABLE)."),
    say("Sizes below 2 MiB have switches of their own (hugepages-*kB/enabled, Linux 6.8)."),
)

KNOBS = (
    Knob(
        name="transparent_hugepage/enabled",
        path=f"{FOLDER}/enabled",
        words=ENABLED,
        default=lambda _: None,
        does=say(
            "Whether anonymous memory gets huge pages: always, for programs that ask with madvise, or "
            "never. Fewer page table entries and TLB misses, against memory that is not touched."
        ),
        formula=say(
            "At the first touch of 2 MiB a huge page is given if one is free; khugepaged joins small ones "
            "later. It is worth it where few are split again (thp_split_page ÷ those given)."
        ),
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge_enabled,
        what_if=_what_if_enabled,
        figures=_figures_enabled,
        watch=_watch(),
        direction=1,
        needs=("vmstat.pgfault",),
    ),
    Knob(
        name="transparent_hugepage/defrag",
        path=f"{FOLDER}/defrag",
        words=DEFRAG,
        default=lambda _: "madvise",
        does=say(
            "What a fault does when no huge page is free: compact memory and wait (always, or madvise where "
            "asked for), leave it to kcompactd (defer), or do without (never)."
        ),
        formula=say(
            "It costs compact_stall (threads that waited) and saves thp_fault_fallback (faults that got "
            "small pages)."
        ),
        does_not=DOES_NOT,
        sources=SOURCES,
        judge=_judge_defrag,
        what_if=_what_if_defrag,
        watch=(_watch()[2], *_watch()[:2], *_watch()[3:]),
        direction=1,
        needs=("vmstat.pgfault",),
    ),
)
