"""Which mapping of a grower grows: two walks of its smaps under a deadline, as ``heap`` makes of one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinmaek.accounts.heap import reading
from jinmaek.accounts.heap.about import about
from jinmaek.accounts.heap.layout import java_heap
from jinmaek.accounts.heap.options import environment, max_heap
from jinmaek.accounts.heap.regions import Region, group
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.tools import Next, hand_over
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_smaps
from jinmaek.kernel.pid_smaps import Vma
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.guarded import Guard

FILES = ("smaps", "cmdline", "environ")
BUDGET = 1.0
"""Seconds for the walks of one round."""

Identity = tuple[int, float]


@dataclass(frozen=True, slots=True)
class First:
    """What was seen of a process at the first walk."""

    at: float
    vmas: tuple[Vma, ...]
    words: tuple[str, ...]
    variables: Mapping[str, str]
    files: int | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """The region that grew most, between the two walks; ``share`` is of all growth of regions."""

    region: Region | None
    share: float | None
    runtime: Runtime | None
    next: tuple[Next, ...] = ()
    files: tuple[int | None, int | None] = (None, None)
    """Open descriptors at the two walks."""
    lazy: int = 0
    """Bytes given back with MADV_FREE between the walks: in its RSS until the kernel needs them."""
    java: tuple[int, int] | None = None
    """Bytes of its Java heap that are touched, and that it may have at most."""
    gap: Gap | None = None


def first(root: Root, wanted: Sequence[Identity]) -> dict[Identity, First | Gap]:
    """The first walk of each."""
    found: dict[Identity, First | Gap] = {}
    for identity, reading_ in Guard(root, FILES).read([(one, one[0]) for one in wanted], BUDGET).items():
        assert isinstance(identity, tuple)
        if reading_.missed is not None:
            found[identity] = reading_.missed.gap()
            continue
        smaps, words, variables = reading_.texts
        vmas = _parsed(smaps, identity[0])
        found[identity] = (
            vmas
            if isinstance(vmas, Gap)
            else First(
                at=reading_.at,
                vmas=vmas,
                words=tuple(words.rstrip(b"\0").decode("utf-8", "backslashreplace").split("\0")),
                variables=environment(variables),
                files=_descriptors(root, identity[0]),
            )
        )
    return found


def second(
    root: Root, before: Mapping[Identity, First | Gap], wanted: Sequence[Identity]
) -> dict[Identity, Mapped]:
    """What grew since the first walk; a gap where either could not be."""
    found: dict[Identity, Mapped] = {}
    able = [(one, one[0]) for one in wanted if isinstance(before.get(one), First)]
    told = Guard(root, FILES[:1]).read(able, BUDGET) if able else {}
    for identity in wanted:
        earlier = before.get(identity)
        if not isinstance(earlier, First):
            why = earlier or Gap(
                "too short", f"proc/{identity[0]}/smaps", "it grew only after the first walk"
            )
            found[identity] = Mapped(None, None, None, gap=why)
            continue
        reading_ = told[identity]
        if reading_.missed is not None:
            found[identity] = Mapped(None, None, None, gap=reading_.missed.gap())
            continue
        vmas = _parsed(reading_.texts[0], identity[0])
        found[identity] = (
            Mapped(None, None, None, gap=vmas)
            if isinstance(vmas, Gap)
            else _grown(root, identity[0], earlier, vmas, reading_.at)
        )
    return found


def _parsed(text: bytes, pid: int) -> tuple[Vma, ...] | Gap:
    try:
        return tuple(pid_smaps.parse(text.decode("utf-8", "backslashreplace")))
    except Malformed as fault:
        return Gap("malformed", f"proc/{pid}/smaps", str(fault))


def _grown(root: Root, pid: int, before: First, vmas: tuple[Vma, ...], at: float) -> Mapped:
    if _stack_end(vmas) != _stack_end(before.vmas):
        return Mapped(
            None, None, None, gap=Gap("gone", f"proc/{pid}/smaps", "it started another program (exec)")
        )
    runtime, gap = reading.recognised(root, pid, vmas)
    limit = max_heap(before.words, before.variables)
    regions = group((before.vmas, vmas), runtime.name, reading.stack_pointers(root, pid), limit)
    grown = [region for region in regions if region.growth > 0]
    whole = sum(region.growth for region in grown)
    kind = grown[0].kind if grown else None
    subject = about(root, pid, runtime, before.words, before.variables)
    reserved = java_heap(vmas, limit) if runtime.name == "jvm" else None
    touched = next((region.last.rss for region in regions if region.kind == "java-heap"), 0)
    return Mapped(
        region=grown[0] if grown else None,
        share=grown[0].growth / whole if grown else None,
        runtime=runtime,
        next=hand_over(subject, kind, growing=True, window=at - before.at),
        files=(before.files, _descriptors(root, pid)),
        lazy=sum(region.last.lazy_free - region.first.lazy_free for region in regions),
        java=(touched, reserved[1] - reserved[0]) if reserved else None,
        gap=gap,
    )


def _stack_end(vmas: Sequence[Vma]) -> int | None:
    """Random for each program a process runs."""
    return next((vma.end for vma in vmas if vma.path == "[stack]"), None)


def _descriptors(root: Root, pid: int) -> int | None:
    try:
        return len(os.listdir(root.path(f"proc/{pid}/fd")))
    except OSError:
        return None
