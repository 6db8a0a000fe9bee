"""vm.swappiness: whether reclaim takes page cache or the memory of programs.

mm/vmscan.c get_scan_count(); include/linux/swap.h mem_cgroup_swappiness().
"""

from __future__ import annotations

from jinmaek.advice.knob import (
    Answer,
    Effect,
    Figure,
    Knob,
    Quantity,
    Value,
    fits,
    irrelevant,
    known,
    misfit,
)
from jinmaek.advice.reclaim import (
    LEAST,
    REFAULTS,
    SCANNED,
    STOLEN,
    any_reclaim,
    harm,
    other_swappiness,
    swap_in_ram,
    with_own_swappiness,
    zram_in_use,
)
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Fact, Seen, Window

PAIRS = (*SCANNED, *STOLEN, *REFAULTS)
SCALE = 200
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
NAMED = 5
"""Cgroups told by name."""
OWN = 0.9
"""Share of memory in cgroups with a swappiness of their own that leaves next to nothing to vm.swappiness."""


def _judge(seen: Seen) -> Answer:
    barred = _barred(seen)
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


def _barred(seen: Seen) -> Answer | None:
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


def _what_if(seen: Seen, value: Value) -> Effect:
    old, new = int(seen.now("sys_vm.swappiness")), int(value)
    risk = _risk(seen, new)
    barred = _barred(seen)
    if barred:
        return Effect("nothing", barred.sentence, barred.evidence, risk)
    window = seen.telling(*SCANNED, least=LEAST)
    anon, file = (window.grew(column) for column in SCANNED)
    share = window.share(anon, anon + file)
    evidence = (*window.facts(*PAIRS), *seen.facts("meminfo.Inactive_anon", "meminfo.SwapFree"))
    if new < old and share < TOO_FEW:
        sentence = say(
            "Reclaim took {file} file pages and looked at next to no anonymous memory: there is nothing for "
            "a lower value to spare.",
            file=Amount(1 - share, "ratio"),
        )
        return Effect("nothing", sentence, evidence, risk)
    risk = risk or _worse(seen, window, lower=new < old)
    if new < old:
        sentence = say(
            "Reclaim would spare anonymous memory ({share} of what it looked at so far) and take more file "
            "pages, as far as there are any.",
            share=Amount(share, "ratio"),
        )
    else:
        sentence = say(
            "Reclaim would take more anonymous memory, of which {idle} lies idle and {room} fits into swap, "
            "and spare the page cache.",
            idle=Amount(seen.now("meminfo.Inactive_anon"), "bytes"),
            room=Amount(seen.now("meminfo.SwapFree"), "bytes"),
        )
    return Effect("shifts", sentence, evidence, risk)


def _risk(seen: Seen, new: int) -> Said | None:
    if new == 0:
        return say(
            "0 forbids swapping until free memory and page cache together are below the high watermark: the "
            "OOM killer may come while swap is free. 1 is the careful choice."
        )
    if new > EVEN and not swap_in_ram(seen):
        return say(
            "Above 100 says that swap is faster than the file systems, and this swap is on a disk; before "
            "Linux 5.8 the kernel refuses it."
        )
    return None


def _worse(seen: Seen, window: Window, *, lower: bool) -> Said | None:
    """Whether the kind that would pay is missed already."""
    pays = 1 if lower else 0
    if not harm(seen, window, window.grew(REFAULTS[pays]), window.grew(STOLEN[pays])):
        return None
    back = Amount(window.grew(REFAULTS[pays]) * seen.page, "bytes")
    if lower:
        return say(
            "{back} of file pages came back after they were reclaimed: there would be more.", back=back
        )
    return say("{back} of anonymous memory came back from swap: there would be more.", back=back)


def _notes(seen: Seen) -> tuple[Said, ...]:
    found: list[Said] = []
    if int(seen.known("lru_gen.enabled") or 0) & 1:
        found.append(
            say(
                "The multi-generational LRU is at work: the value weighs how often evicted pages of the two "
                "kinds come back, and the kind that comes back less is taken first."
            )
        )
    share, names = with_own_swappiness(seen)
    if names:
        found.append(
            say(
                "Cgroups of version 1 ({count} at the top) hold {share} of the memory and keep their own "
                "memory.swappiness.",
                count=len(names),
                share=Amount(share, "ratio"),
            )
        )
    others = other_swappiness(seen, int(seen.now("sys_vm.swappiness")))
    if others:
        named = ", ".join(f"{name} {value}" for name, value in others[:NAMED])
        found.append(
            say(
                "{count} of them have another value than this one, the first: {names}.",
                count=len(others),
                names=named,
            )
        )
    if swap_in_ram(seen):
        found.append(say("Swap is compressed memory here (zram or zswap): values above 100 make sense."))
    data, ram = zram_in_use(seen)
    if data:
        found.append(
            say("zram holds {data} in {ram} of RAM.", data=Amount(data, "bytes"), ram=Amount(ram, "bytes"))
        )
    return tuple(found)


def _figures(_: Seen, value: Value) -> tuple[Figure, ...]:
    said = say("share of scanning aimed at anonymous memory, as long as neither kind comes back")
    return (Figure(said, int(value) / SCALE, "ratio"),)


def _unsafe(seen: Seen, value: Value) -> Said | None:
    used = seen.now("meminfo.SwapTotal") - seen.now("meminfo.SwapFree")
    if value == 0 and used:
        return say(
            "{used} of swap is in use, and 0 forbids more: the OOM killer may come while swap is free. Use "
            "1.",
            used=Amount(used, "bytes"),
        )
    return None


KNOBS = (
    Knob(
        name="swappiness",
        path="proc/sys/vm/swappiness",
        most=SCALE,
        default=known(60),
        does=say(
            "When memory is short: whether page cache is dropped or memory of programs goes to swap. It is "
            "the cost of the one against the other, not a fill level and not a percentage of RAM."
        ),
        formula=say(
            "anonymous : file = swappiness ÷ cost of anonymous pages : (200 − swappiness) ÷ cost of file "
            "pages, the cost being what comes back and has to be written. 100 treats both alike, 0 spares "
            "anonymous memory until the last."
        ),
        does_not=(
            say("It never starts reclaim: while memory is free it does nothing, whatever its value."),
            say("It does not bring back what is in swap; programs do, when they touch it."),
            say(
                "A low value is no protection from thrashing: the pressure moves to the programs' own files."
            ),
            say("Cgroups of version 1 copy it when they are made and keep their own afterwards."),
        ),
        sources=(
            "Documentation/admin-guide/sysctl/vm.rst",
            "mm/vmscan.c get_scan_count()",
            "4 : 1, 10 %, 100 pages/s, 1 % of RAM: proposed",
        ),
        judge=_judge,
        what_if=_what_if,
        figures=_figures,
        notes=_notes,
        unsafe=_unsafe,
        watch=(
            Quantity(say("anonymous share of the pages scanned"), "share", SCANNED[:1], SCANNED),
            Quantity(say("written to swap"), "rate", ("vmstat.pswpout",)),
            Quantity(say("read from swap"), "rate", ("vmstat.pswpin",)),
            Quantity(say("anonymous pages that came back"), "rate", REFAULTS[:1]),
            Quantity(say("file pages that came back"), "rate", REFAULTS[1:]),
        ),
        watch_cgroup=(
            Quantity(say("its memory in swap"), "level", ("cgroup_memory.swap_current",)),
            Quantity(say("its anonymous memory in RAM"), "level", ("cgroup_memory.anon",)),
            Quantity(say("its page cache"), "level", ("cgroup_memory.file",)),
            Quantity(say("its major page faults"), "rate", ("cgroup_memory.pgmajfault",)),
        ),
        direction=1,
        needs=SCANNED,
        needs_cgroup=("cgroup_memory.events_max", "cgroup_memory.pgsteal"),
        per_cgroup="memory.swappiness",
    ),
)
