"""vm.swappiness: whether reclaim takes page cache or the memory of programs.

mm/vmscan.c get_scan_count(); include/linux/swap.h mem_cgroup_swappiness().
"""

from __future__ import annotations

from jinmaek.advice.balance import EVEN, PAIRS, TOO_FEW, barred_by, judge
from jinmaek.advice.knob import Effect, Figure, Knob, Quantity, Value, known
from jinmaek.advice.reclaim import (
    LEAST,
    REFAULTS,
    SCANNED,
    STOLEN,
    harm,
    other_swappiness,
    swap_in_ram,
    with_own_swappiness,
    zram_in_use,
)
from jinmaek.advice.said import Amount, Said, say
from jinmaek.advice.seen import Seen, Window

SCALE = 200
NAMED = 5
"""Cgroups told by name."""


def _what_if(seen: Seen, value: Value) -> Effect:
    old, new = int(seen.now("sys_vm.swappiness")), int(value)
    risk = _risk(seen, new)
    barred = barred_by(seen)
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
        judge=judge,
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
