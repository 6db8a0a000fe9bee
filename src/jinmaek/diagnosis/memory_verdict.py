"""What the memory ledger means: where the memory went, whether that is a problem, and what else to know.

Whether it is a problem is the verdict of the rules; the rest are remarks, which are no alarm: a level alone
never is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from jinmaek.accounts.memory import Ledger
from jinmaek.accounts.memory_owners import Owner
from jinmaek.diagnosis.sentence import Sentence, Value
from jinmaek.model import Finding, Quiet, Unknown, Verdict

Problem = Literal["problem", "nothing", "unknown"]

RULES = ("memory.thrashing", "memory.low", "memory.cache-heavy")
"""The worst first."""
WARNING = ("warning", "critical")

SENTENCES = {
    "where": "{free_bytes} of {total_bytes} is free; the largest part is {first}: {first_bytes}.",
    "where-two": (
        "{free_bytes} of {total_bytes} is free; the largest parts are {first}: {first_bytes}, and {second}: "
        "{second_bytes}."
    ),
    "short": "A problem: {title}. {available_bytes} ({share}) can be had without swapping.",
    "short-who": "A problem: {title} ({who}). {available_bytes} ({share}) can be had without swapping.",
    "cache": (
        "Nothing to do: little is free because the kernel keeps files in memory that nobody else wants now, "
        "and gives it back on demand. {available_bytes} ({share}) can be had without swapping."
    ),
    "fine": (
        "Nothing to do: {available_bytes} ({share}) can be had without swapping, and nobody waits for memory."
    ),
    "calm": (
        "Nothing to do, as far as one reading tells: {available_bytes} ({share}) can be had without swapping."
    ),
    "low-but": (
        "Only {available_bytes} ({share}) can be had without swapping, but nothing is wrong yet: {reason}."
    ),
    "unknown": "Whether that is a problem cannot be said: {source} is missing ({kind}).",
    "hugetlb": (
        "{idle_bytes} of huge pages is set aside and used by nobody. Only a smaller vm.nr_hugepages gives it "
        "back."
    ),
    "shmem": (
        "tmpfs and shared memory hold {held_bytes}. Dropping caches does not free it: delete what is not "
        "needed."
    ),
    "shmem-unowned": (
        "Of tmpfs and shared memory no owner was found for {held_bytes}: other namespaces, the GPU, or the "
        "file system of the boot image."
    ),
    "negative": (
        "{count} of {all} names in the dentry cache are of files that do not exist: some program keeps "
        "asking."
    ),
    "page-tables": "Page tables take {held_bytes}: huge pages for what many processes map would shrink them.",
    "dying": "{count} removed cgroups are still held by what was charged to them; reclaim frees them.",
    "unaccounted": "{held_bytes} is in no line of the kernel's accounts: look at drivers, not at processes.",
}
"""By name; their translations are looked for by a test."""

HUGE_WASTE = 0.05
"""Of RAM in free huge pages: proposed."""
MUCH_SHMEM = 0.2
"""Of RAM: Checkmk's warning level."""
MUCH_UNOWNED = 0.01
"""Of RAM, without an owner: proposed."""
MOST_NEGATIVE = 0.5
"""Of all names, and these more than MANY_NEGATIVE: proposed."""
MANY_NEGATIVE = 100_000
MUCH_PAGE_TABLES = 0.02
"""Of RAM: OLED memstate."""
MUCH_UNACCOUNTED = 0.1
"""Of RAM without huge pages: OLED memstate."""
MANY_DYING = 10_000
"""Removed cgroups: proposed."""


@dataclass(frozen=True, slots=True)
class MemoryVerdict:
    """Where, whether it is a problem, and remarks."""

    problem: Problem
    where: Sentence
    judgement: Sentence
    remarks: tuple[Sentence, ...]


def _say(name: str, values: Mapping[str, Value]) -> Sentence:
    return Sentence(SENTENCES[name], values)


def verdict(ledger: Ledger, verdicts: Iterable[Verdict], *, trend: bool) -> MemoryVerdict:
    """``trend`` is whether there was more than one reading."""
    problem, judgement = _judge(ledger, {one.rule: one for one in verdicts}, trend=trend)
    return MemoryVerdict(problem, _where(ledger), judgement, tuple(_remarks(ledger)))


def _where(ledger: Ledger) -> Sentence:
    held = [bucket for bucket in ledger.balance.buckets if bucket.name != "free"]
    held.sort(key=lambda bucket: -bucket.bytes)
    values: dict[str, Value] = {
        "free_bytes": ledger.core.meminfo.MemFree,
        "total_bytes": ledger.balance.total,
    }
    # A second part is worth a word where it is of the order of the first.
    shown = held[: 2 if len(held) > 1 and held[1].bytes * 4 > held[0].bytes else 1]
    for place, bucket in zip(("first", "second"), shown, strict=False):
        values[place] = bucket.name
        values[f"{place}_bytes"] = bucket.bytes
        owners = [owner for owner in ledger.owners.get(bucket.name, ()) if owner.bytes]
        if owners and (owners[0].bytes or 0) * 3 > bucket.bytes:
            values[f"{place}_owner"] = owners[0].name
            values[f"{place}_owner_bytes"] = owners[0].bytes or 0
    return _say("where-two" if len(shown) > 1 else "where", values)


def _judge(ledger: Ledger, told: Mapping[str, Verdict], *, trend: bool) -> tuple[Problem, Sentence]:
    m = ledger.core.meminfo
    available = m.MemAvailable
    values: dict[str, Value] = {}
    if available is not None:
        values = {"available_bytes": available, "share": available / m.MemTotal}
    for rule in RULES:
        match told.get(rule):
            case Finding(severity=severity) as found if severity in WARNING and values:
                who = found.culprits[0] if found.culprits else None
                if who is None:
                    return "problem", _say("short", {**values, "title": found.title})
                named = f"{who.name} [{who.pid}]" if who.pid is not None else who.name
                return "problem", _say("short-who", {**values, "title": found.title, "who": named})
            case Quiet(rule="memory.cache-heavy", reason=reason) if reason and values:
                return "nothing", _say("cache", values)
            case Quiet(rule="memory.low", reason=reason) if reason and values:
                return "nothing", _say("low-but", {**values, "reason": reason})
    missing = [one for one in told.values() if isinstance(one, Unknown) and one.rule != "memory.cache-heavy"]
    if not values:
        return "unknown", _say("unknown", {"source": "meminfo.MemAvailable", "kind": "absent"})
    if not trend:
        return "nothing", _say("calm", values)
    if missing:
        gap = missing[0].gap
        return "unknown", _say("unknown", {"source": gap.source, "kind": gap.kind})
    return "nothing", _say("fine", values)


def _remarks(ledger: Ledger) -> Iterable[Sentence]:
    total = ledger.balance.total
    idle = sum(owner.bytes or 0 for owner in ledger.owners.get("hugetlb", ()) if owner.kind == "pool-free")
    if idle >= HUGE_WASTE * total:
        yield _say("hugetlb", {"idle_bytes": idle})
    shmem = ledger.balance.size("shmem")
    if shmem >= MUCH_SHMEM * total:
        yield _say("shmem", {"held_bytes": shmem})
    unowned, _ = ledger.unowned("shmem")
    if unowned is not None and unowned >= MUCH_UNOWNED * total:
        yield _say("shmem-unowned", {"held_bytes": unowned})
    yield from _names(ledger.owners.get("slab-reclaimable", ()))
    tables = ledger.balance.size("page-tables")
    if tables >= MUCH_PAGE_TABLES * total:
        yield _say("page-tables", {"held_bytes": tables})
    dying = next((one for one in ledger.owners.get("percpu", ()) if one.kind == "dying-cgroups"), None)
    if dying is not None and int(dying.facts["count"]) >= MANY_DYING:
        yield _say("dying", {"count": int(dying.facts["count"])})
    if ledger.balance.residual >= MUCH_UNACCOUNTED * (total - ledger.balance.size("hugetlb")):
        yield _say("unaccounted", {"held_bytes": ledger.balance.residual})


def _names(owners: Iterable[Owner]) -> Iterable[Sentence]:
    for owner in owners:
        negative, names = owner.facts.get("negative"), owner.facts.get("names")
        if not (isinstance(negative, int) and isinstance(names, int)):
            continue
        if negative >= MANY_NEGATIVE and negative >= MOST_NEGATIVE * names:
            yield _say("negative", {"count": negative, "all": names})
