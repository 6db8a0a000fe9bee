"""Growing, not growing, shrinking: what two looks can say, and which look-alikes of a leak they show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from jinmaek.accounts.heap.content import ZEROS, Content
from jinmaek.accounts.heap.malloc import Chunks
from jinmaek.accounts.heap.names import title
from jinmaek.accounts.heap.regions import MIB, Region
from jinmaek.accounts.heap.runtime import Runtime
from jinmaek.accounts.heap.said import Said, say

State = Literal["growing", "not growing", "shrinking", "unknown"]

NOISE = 128 << 10
"""Less than this in a window is no change: counters of tasks are that coarse on some kernels."""
CHURN = 0.001
"""Of what the process has; a busy one gives and takes that much all the time."""
FALLS = 0.2
"""A leak does not give back: growth below ``CHURN`` counts where so few of the steps went down."""
STEPS = 4
LATE = 0.25
"""Of the growth of the first half, in the second: below it the growth is ending."""
JUMP = 0.8
HALF = 0.5
LOOSE = 0.3
"""Of malloc's heaps, free: with less, growth is what is in use."""
COLLECTED = ("java-heap", "go-heap", "v8-heap")
COLLECTION = 300
"""Seconds in which a garbage collector may be expected to have run."""

Samples = Sequence[tuple[float, int]]
"""Seconds since the first look, and bytes that are its own then (RssAnon + RssShmem + VmSwap)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``notes`` are what looks like a leak and is not, or makes it less sure."""

    state: State
    sentence: Said
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is judged."""

    pid: int
    window: float
    regions: tuple[Region, ...] | None
    """None where the second look failed."""
    samples: Samples
    runtime: Runtime
    content: Content | None = None
    chunks: Chunks | None = None
    threads: tuple[int | None, int | None] = (None, None)
    java_reserved: int | None = None


def growth(seen: Seen) -> int | None:
    """Bytes the process grew by, of its own; None where nothing was seen twice."""
    if seen.regions is not None:
        return sum(region.growth for region in seen.regions)
    return seen.samples[-1][1] - seen.samples[0][1] if len(seen.samples) > 1 else None


def state(seen: Seen) -> State:
    """By size and, where the change is small beside the process, by constancy."""
    change = growth(seen)
    if change is None:
        return "unknown"
    whole = seen.samples[0][1] if seen.samples else 0
    steps = [later[1] - earlier[1] for earlier, later in pairwise(seen.samples)]
    constant = len(steps) >= STEPS and sum(step < 0 for step in steps) <= FALLS * len(steps)
    if abs(change) < NOISE or (abs(change) < CHURN * whole and not (constant and change > 0)):
        return "not growing"
    return "growing" if change > 0 else "shrinking"


def judge(seen: Seen) -> Verdict:
    """The sentence and what qualifies it."""
    now = state(seen)
    return Verdict(now, _sentence(seen, now), tuple(_notes(seen, now)))


def _sentence(seen: Seen, now: State) -> Said:
    change = growth(seen)
    if change is None:
        return say("It could be looked at once only: whether it grows is not known.")
    window = (seen.window, "seconds")
    amount, rate = (abs(change), "bytes"), (abs(change) * 60 / seen.window, "bytes")
    match now:
        case "shrinking":
            return say("Shrinks: {amount} less in {window}.", amount=amount, window=window)
        case "growing" if seen.regions is None:
            return say(
                "Grows by {rate} a minute in this window ({amount} in {window}); which mapping does is not "
                "known.",
                amount=amount,
                rate=rate,
                window=window,
            )
        case "growing" if seen.regions is not None:
            first = seen.regions[0]
            every = sum(max(0, region.growth) for region in seen.regions)
            return say(
                "{region} grows by {rate} a minute in this window: {amount} in {window}, {share} of all "
                "growth. A leak if that goes on without the load growing; how long memory will last then: "
                "jinmaek capacity.",
                region=title(first),
                amount=(first.growth, "bytes"),
                rate=(first.growth * 60 / seen.window, "bytes"),
                window=window,
                share=(first.growth / every, "ratio"),
            )
        case _:
            return say(
                "In {window} it changed by {amount}: not growing in this window. A leak of less than {floor} "
                "a minute does not show in a look this long.",
                amount=(change, "bytes"),
                window=window,
                floor=(NOISE * 60 / seen.window, "bytes"),
            )


def _notes(seen: Seen, now: State) -> Iterator[Said]:
    if now == "growing":
        yield from _course(seen)
        if seen.regions is not None:
            yield from _grower(seen, seen.regions[0])
    if seen.chunks is not None:
        yield from _kept(seen.chunks)
    regions = seen.regions or ()
    lazy = sum(region.last.lazy_free for region in regions)
    if lazy >= MIB:
        yield say(
            "{amount} is given back with MADV_FREE: it counts in RSS until the kernel needs it, and is not "
            "counted as growth here.",
            amount=(lazy, "bytes"),
        )
    cache = sum(region.cache_growth for region in regions)
    if cache >= MIB:
        yield say(
            "RSS also grew by {amount} of files it maps: page cache, which the kernel takes back. No leak.",
            amount=(cache, "bytes"),
        )
    yield from _huge(seen)


def _course(seen: Seen) -> Iterator[Said]:
    """How the growth went on over the window."""
    sizes = [size for _, size in seen.samples]
    if len(sizes) < STEPS + 1 or sizes[-1] <= sizes[0]:
        return
    middle = sizes[len(sizes) // 2]
    largest = max(later - earlier for earlier, later in pairwise(sizes))
    if largest >= JUMP * (sizes[-1] - sizes[0]):
        yield say("It came in one step: a burst of work looks like this. Look again.")
    elif sizes[-1] - middle < LATE * (middle - sizes[0]):
        yield say("It was ending: most of it came in the first half. A warm-up looks like this. Look again.")


def _grower(seen: Seen, region: Region) -> Iterator[Said]:
    """What the growing region's kind says about it."""
    if region.kind in COLLECTED and seen.window < COLLECTION:
        yield say(
            "Garbage is part of this: the collector may not have run in so short a look. What counts is what "
            "is left after a collection."
        )
    if region.kind == "java-heap" and seen.java_reserved and region.last.rss < seen.java_reserved:
        yield say(
            "{used} of the {reserved} reserved for the Java heap (-Xmx) has been touched: up to there the "
            "JVM grows without a leak.",
            used=(region.last.rss, "bytes"),
            reserved=(seen.java_reserved, "bytes"),
        )
    before, after = seen.threads
    if region.kind == "thread-stack" and before is not None and after is not None and after > before:
        yield say("Threads: {before} at first, {after} at last.", before=str(before), after=str(after))
    if seen.content is not None and seen.content.new and seen.content.zero_share >= ZEROS:
        yield say(
            "What came is zeros: touched and not written, as by calloc() of large blocks, huge pages, or a "
            "buffer cleared in advance."
        )


def _kept(chunks: Chunks) -> Iterator[Said]:
    whole = chunks.walked + chunks.top
    back = chunks.resident + chunks.top
    if whole < MIB:
        return
    looked = (whole, "bytes")
    if back >= HALF * whole:
        yield say(
            "Retention suspected: of {looked} of malloc's heaps looked at, {share} is free and kept in whole "
            "pages. malloc_trim(0) gives such pages back.",
            looked=looked,
            share=(back / whole, "ratio"),
        )
    elif chunks.free + chunks.top >= LOOSE * whole:
        yield say(
            "Fragmented: of {looked} of malloc's heaps looked at, {share} is free, but in pieces between "
            "used ones: malloc_trim(0) gives back {back} of it.",
            looked=looked,
            share=((chunks.free + chunks.top) / whole, "ratio"),
            back=(back, "bytes"),
        )
    else:
        yield say(
            "Of {looked} of malloc's heaps looked at, {share} is in use: not retention.",
            looked=looked,
            share=(1 - (chunks.free + chunks.top) / whole, "ratio"),
        )


def _huge(seen: Seen) -> Iterator[Said]:
    """Huge pages of which much was never written."""
    content = seen.content
    region = next((one for one in seen.regions or () if one.last.huge), None)
    if content is None or region is None or not region.start <= content.start < region.end:
        return
    if region.last.huge >= HALF * region.last.anonymous and content.zero_share >= HALF:
        yield say(
            "{amount} is in huge pages and {share} of the sample is zeros: the kernel gave 2 MiB where less "
            "was asked for (jinmaek tune: transparent_hugepage).",
            amount=(region.last.huge, "bytes"),
            share=(content.zero_share, "ratio"),
        )
