"""What the evictions mean: is RAM short, is a cgroup's limit, or is the cache simply full of data read once?

A level is no alarm: that the cache is full, or that something was evicted, never is. Evidence is what the
kernel calls recently evicted: pages that, if they came back now, would be taken for part of the working set
(mm/workingset.c). It is felt when such pages do come back, or threads wait for memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jinmaek.accounts.page_cache.account import CachedFile, PageCache
from jinmaek.accounts.page_cache.shares import Part, by_cgroup
from jinmaek.kernel.cachestat import PAGE
from jinmaek.kernel.cgroup_memory import CgroupMemory

COMING_BACK = 100
"""Pages per second; as in the rule memory.thrashing (proposed)."""
WAITING = 0.1
"""Share of the time in which a thread waited for memory; as in the rule memory.thrashing."""
ENOUGH = 0.15
"""MemAvailable of MemTotal above which the host itself is not short; as in the rule memory.cache-heavy."""

LITTLE, PART = 1 << 20, 0.01
"""Bytes, and part of what a cgroup has or lately had cached of its files: less is no evidence (proposed)."""

Kind = Literal["unknown", "kept", "passed", "cycled", "little", "short", "limited", "was short"]
Value = tuple[float | None, str]
"""A number and its unit; None is not known."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence with blanks and what fills them."""

    kind: Kind
    felt: bool
    """Whether there was a consequence while looking."""
    sentence: str
    values: Mapping[str, Value]
    cgroups: tuple[str, ...] = ()
    """Those whose limit it is, most lately evicted first."""


def judge(cache: PageCache) -> Verdict:
    """What the files in use, or those asked for, say of memory. tmpfs is left out: it leaves through swap."""
    files = [file for file in cache.shown if not file.in_memory and (file.who or cache.paths)]
    told = [file for file in files if file.told.nr_recently_evicted is not None]
    recently = sum(file.told.nr_recently_evicted or 0 for file in told)
    evicted = sum(file.told.nr_evicted or 0 for file in told)
    moved, totals = cache.moved, cache.totals
    refaults, activated = _rate(moved.refaults, moved.span), _rate(moved.activated, moved.span)
    pressure = moved.pressure
    felt = (activated or 0) >= COMING_BACK * PAGE or (pressure or 0) >= WAITING
    values: dict[str, Value] = {
        "recently": (recently, "bytes"),
        "evicted": (evicted, "bytes"),
        "refaults": (refaults, "bytes/s"),
        "activated": (activated, "bytes/s"),
        "pressure": (pressure, "ratio"),
        "span": (moved.span, "seconds"),
        "available": (totals.available, "bytes"),
        "memory": (totals.memory, "bytes"),
    }
    if cache.way == "recorded":
        return Verdict("unknown", felt, _recorded(), values)
    if not told:
        return Verdict("unknown", False, _unknown(cache), values)
    if not recently:
        cycled = evicted > 0 and (refaults or 0) >= COMING_BACK * PAGE
        kind: Kind = "kept" if not evicted else "cycled" if cycled else "passed"
        return Verdict(kind, cycled, _quiet(kind), values)
    if not any(_matters(part) for part in by_cgroup(told, cache.holders).values()):
        return Verdict("little", False, _quiet("little"), values)
    if not totals.available or not totals.memory or totals.available < ENOUGH * totals.memory:
        return Verdict("short", felt, _short(felt=felt), values)
    limited = _limited(cache, told)
    sentence = _limit(felt=felt) if limited else _past(felt=felt)
    return Verdict("limited" if limited else "was short", felt, sentence, values, limited)


def _matters(part: Part) -> bool:
    """By cgroup: what a small one lost is much to it, however much the host has cached."""
    lost = part.recently_evicted or 0
    return lost >= LITTLE and lost >= PART * (part.uses + lost)


def _limited(cache: PageCache, files: Sequence[CachedFile]) -> tuple[str, ...]:
    """The cgroups that were held at a limit and whose processes use files that were lately evicted."""
    parts = by_cgroup((file for file in files if file.told.nr_recently_evicted), cache.holders)
    lost: dict[str, int] = {}
    for cgroup, part in parts.items():
        path = cgroup or ""
        while path:
            row = cache.cgroups.get(path)
            if row is not None and _held(row):
                lost[path] = lost.get(path, 0) + (part.recently_evicted or 0)
                break
            path = path.rpartition("/")[0]
    return tuple(sorted(lost, key=lambda path: -lost[path]))


def _held(row: CgroupMemory) -> bool:
    return bool((row.max is not None and row.events_max) or (row.high is not None and row.events_high))


def _unknown(cache: PageCache) -> str:
    if cache.way == "mincore":
        return say(
            "Whether RAM is short cannot be told from this: what was evicted only cachestat(2) knows "
            "(Linux 6.5). Look whether workingset_refault_file in /proc/vmstat grows."
        )
    return say(
        "Whether RAM is short cannot be told from this: no page of these files is, or was, in the cache."
    )


def _recorded() -> str:
    return say(
        "Which files were cached, and which were evicted, is not recorded. In the {span} before, {refaults} "
        "were read again after eviction, {activated} of that in use; threads waited for memory {pressure} of "
        "the 10 s before."
    )


def _quiet(kind: Kind) -> str:
    match kind:
        case "kept":
            return say(
                "Nothing of these files was evicted. A full cache is no sign that memory is short: it is "
                "given back when programs want it. Nothing to do."
            )
        case "cycled":
            return say(
                "{evicted} of these files was evicted, none of it lately enough to belong to the working "
                "set; yet {refaults} are read again. Files larger than memory are read over and over: more "
                "RAM helps only if it holds them whole."
            )
        case "little":
            return say(
                "Only {recently} of these files was evicted lately enough to belong to the working set: too "
                "little to be evidence that memory is short. Nothing to do."
            )
        case _:
            return say(
                "{evicted} of these files was evicted, none of it lately enough to belong to the working "
                "set: it was read once, or long ago. The cache does its work. Nothing to do."
            )


def _short(*, felt: bool) -> str:
    if felt:
        return say(
            "RAM is short: {recently} of these files was evicted though it belongs to the working set, and "
            "it is missed: {activated} come back, and threads waited for memory {pressure} of the last 10 s. "
            "More RAM, or less use of it, helps; dropping the cache or a faster disk does not."
        )
    return say(
        "Evidence that RAM is short: {recently} of these files was evicted lately enough to belong to the "
        "working set, and {available} of {memory} is available. It was not missed in these {span}: see "
        "whether workingset_activate_file in /proc/vmstat grows."
    )


def _limit(*, felt: bool) -> str:
    if felt:
        return say(
            "The memory limit of a cgroup is short, not RAM ({available} of {memory} is available): "
            "{recently} of these files was evicted though it belongs to the working set, and it is missed: "
            "{activated} come back, and threads waited for memory {pressure} of the last 10 s. Raise the "
            "limit of {cgroups}, or use less there; more RAM does not help."
        )
    return say(
        "Evidence that the memory limit of a cgroup is short, not RAM ({available} of {memory} is "
        "available): {recently} of these files was evicted lately enough to belong to the working set. It "
        "was not missed in these {span}. The limit is that of {cgroups}."
    )


def _past(*, felt: bool) -> str:
    if felt:
        return say(
            "{recently} of these files was evicted though it belongs to the working set, and it is missed: "
            "{activated} come back, and threads waited for memory {pressure} of the last 10 s. Yet "
            "{available} of {memory} is available and no cgroup of theirs was held at a limit. Either a "
            "shortage has just passed, or a limit out of sight does it: of a memory node, or of a container "
            "this runs in."
        )
    return say(
        "{recently} of these files was evicted and would belong to the working set if it came back, but "
        "{available} of {memory} is available and no cgroup of theirs was held at a limit: RAM, or a limit "
        "that is gone, was short for a while and is not now. Nothing to do unless that repeats."
    )


def _rate(pages: int | None, span: float) -> float | None:
    return None if pages is None or span <= 0 else pages * PAGE / span


def say(sentence: str) -> str:
    """A sentence for people, here only to be found by its translators."""
    return sentence
