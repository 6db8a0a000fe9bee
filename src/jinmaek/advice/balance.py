"""Whether reclaim takes too much from one side: the page cache, or the memory of programs.

mm/vmscan.c get_scan_count(); include/linux/swap.h mem_cgroup_swappiness().
"""

from __future__ import annotations

from jinmaek.advice.knob import Answer, fits, irrelevant, misfit
from jinmaek.advice.reclaim import (
    LEAST,
    REFAULTS,
    SCANNED,
    STOLEN,
    any_reclaim,
    harm,
    swap_in_ram,
    with_own_swappiness,
)
from jinmaek.advice.said import Amount, say
from jinmaek.advice.seen import Fact, Seen, Window

PAIRS = (*SCANNED, *STOLEN, *REFAULTS)
EVEN = 100
"""Above it anonymous memory is taken more readily than files: for swap that is faster than the disks."""
COMPRESSED = 133
"""For swap twice as fast as the file systems: x : 200 − x = 2 : 1."""
LOPSIDED = 4
"""Times as many refaults on one side as on the other."""
TOO_FEW = 0.01
"""Share of the scanned pages below which a side was left alone."""
IDLE = 0.05
"""Share of RAM that must be there to take instead."""
OWN = 0.9
"""Share of memory in cgroups with a swappiness of their own that leaves next to nothing to vm.swappiness."""


def judge(seen: Seen) -> Answer:
    """Whether vm.swappiness fits; may raise ``Missing``."""
    barred = barred_by(seen)
    if barred:
        return barred
    window = seen.telling(*SCANNED, least=LEAST)
    value = int(seen.now("sys_vm.swappiness"))
    evidence = window.facts(*PAIRS)
    return (
        _too_low(seen, window, value, evidence)
        or _too_high(seen, window, value, evidence)
        or _balanced(seen, window, evidence)
    )


def barred_by(seen: Seen) -> Answer | None:
    """Why the value cannot have an effect, whatever it is."""
    demoted = any(seen.known(f"vmstat.pgdemote_{who}") for who in ("kswapd", "direct"))
    if not seen.now("meminfo.SwapTotal") and not demoted:
        return irrelevant(
            say("There is no swap: anonymous memory cannot leave, so reclaim has nothing to choose between."),
            (*seen.facts("meminfo.SwapTotal"), *seen.boot.facts(*SCANNED)),
        )
    if seen.now("meminfo.SwapFree") < seen.page and not demoted:
        return irrelevant(
            say("Swap is full: until some of it is free again only file pages can be reclaimed."),
            seen.facts("meminfo.SwapTotal", "meminfo.SwapFree"),
        )
    share, names = with_own_swappiness(seen)
    if share >= OWN:
        return irrelevant(
            say(
                "{share} of the memory is in cgroups of version 1 ({count} at the top, such as {name}), and "
                "each has a memory.swappiness of its own: this value reaches only what is in no cgroup, and "
                "cgroups made from now on. Use --cgroup.",
                share=Amount(share, "ratio"),
                count=len(names),
                name=names[0],
            ),
            seen.boot.facts(*SCANNED),
        )
    if not any_reclaim(seen):
        return irrelevant(
            say("Nothing was reclaimed since boot, so there was nothing to choose between."),
            seen.boot.facts(*PAIRS),
        )
    return None


def _too_low(seen: Seen, window: Window, value: int, evidence: tuple[Fact, ...]) -> Answer | None:
    anon, file = (window.grew(column) for column in REFAULTS)
    idle, room = seen.now("meminfo.Inactive_anon"), seen.now("meminfo.SwapFree")
    compressed = swap_in_ram(seen)
    if (
        value >= (COMPRESSED if compressed else EVEN)
        or file < LOPSIDED * anon
        or not harm(seen, window, file, window.grew("vmstat.pgsteal_file"))
        or idle < IDLE * seen.now("meminfo.MemTotal")
        or room < idle / 10
    ):
        return None
    return misfit(
        say(
            "Too low: {file} of file pages came back after they were reclaimed, against {anon} of anonymous "
            "ones, while {idle} of anonymous memory lies idle and {room} of swap is free.",
            file=Amount(file * seen.page, "bytes"),
            anon=Amount(anon * seen.page, "bytes"),
            idle=Amount(idle, "bytes"),
            room=Amount(room, "bytes"),
        ),
        (*evidence, *seen.facts("meminfo.Inactive_anon", "meminfo.SwapFree")),
        ("swappiness", COMPRESSED if compressed else 60 if value < 60 else EVEN),
    )


def _too_high(seen: Seen, window: Window, value: int, evidence: tuple[Fact, ...]) -> Answer | None:
    anon, file = (window.grew(column) for column in REFAULTS)
    cache = seen.now("meminfo.Inactive_file")
    if (
        value <= 1
        or swap_in_ram(seen)
        or anon < LOPSIDED * file
        or not harm(seen, window, anon, window.grew("vmstat.pgsteal_anon"))
        or cache < IDLE * seen.now("meminfo.MemTotal")
    ):
        return None
    return misfit(
        say(
            "Too high: {anon} of anonymous memory came back from swap, against {file} of file pages, while "
            "{cache} of page cache has not been used lately.",
            anon=Amount(anon * seen.page, "bytes"),
            file=Amount(file * seen.page, "bytes"),
            cache=Amount(cache, "bytes"),
        ),
        (*evidence, *seen.facts("meminfo.Inactive_file")),
        ("swappiness", max(1, value // 3)),
    )


def _balanced(seen: Seen, window: Window, evidence: tuple[Fact, ...]) -> Answer:
    anon, file = (window.grew(column) for column in SCANNED)
    share = window.share(anon, anon + file)
    back = [window.grew(column) for column in REFAULTS]
    taken = [window.grew(column) for column in STOLEN]
    if any(harm(seen, window, *pair) for pair in zip(back, taken, strict=True)):
        return fits(
            say(
                "Pages came back after they were reclaimed, {anon} of anonymous memory and {file} of files, "
                "and another value would not help: the other kind is scarce or comes back too, or the value "
                "leans that way already. Memory is short.",
                anon=Amount(back[0] * seen.page, "bytes"),
                file=Amount(back[1] * seen.page, "bytes"),
            ),
            evidence,
        )
    if share < TOO_FEW:
        return irrelevant(
            say(
                "Reclaim took {file} file pages and looked at next to no anonymous memory: lowering the "
                "value changes nothing, and too few file pages came back for raising it to spare anybody "
                "anything.",
                file=Amount(1 - share, "ratio"),
            ),
            evidence,
        )
    return fits(
        say(
            "Of the pages reclaim looked at {anon} were anonymous and {file} of files, and few of either "
            "were missed.",
            anon=Amount(share, "ratio"),
            file=Amount(1 - share, "ratio"),
        ),
        evidence,
    )
