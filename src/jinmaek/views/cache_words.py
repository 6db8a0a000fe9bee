"""What ``cache`` says in words: what the evictions mean, what was not looked at, and what the terms mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from jinmaek.accounts.page_cache.account import BlockDevice, PageCache, Skipped
from jinmaek.accounts.page_cache.verdict import Verdict
from jinmaek.i18n import tr
from jinmaek.tasks.guarded import DEADLINE
from jinmaek.views.fit import folded
from jinmaek.views.gap import said as gap_said
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING
from jinmaek.views.units import amount

WIDTH = 100
NAMED = 3
"""Cgroups or devices that a line names."""


def sentence(verdict: Verdict, lang: str) -> str:
    """What the evictions mean."""
    values = {
        name: MISSING if value is None else amount(value, unit)
        for name, (value, unit) in verdict.values.items()
    }
    return tr(lang, verdict.sentence).format(**values, cgroups=_named(verdict.cgroups))


def held(devices: Sequence[BlockDevice], lang: str) -> str:
    """What Buffers is, and the devices that hold it."""
    words = tr(lang, "page cache of block devices: metadata of file systems")
    holding = [
        f"{safe(one.path)} {amount(one.told.nr_cache, 'bytes')}" for one in devices if one.told.nr_cache
    ]
    return f"{words} ({_named(holding)})" if holding else words


def notes(cache: PageCache, lang: str) -> Iterator[str]:
    """What could not be looked at, and so may be missing above."""
    if cache.lower_bound and cache.way != "recorded":
        yield ""
        words = tr(lang, "The figures are lower bounds: not everything could be looked at.")
        hint = "" if cache.privileged else " " + tr(lang, "Root sees more.")
        yield words + hint
    for one in cache.looked.skipped:
        what = tr(lang, "{what}: {count}, {why}")
        yield "  " + what.format(what=tr(lang, one.what), count=f"{one.count:,}", why=_why(one, lang))
    for gap in cache.gaps:
        yield "  " + gap_said(gap, lang)


def _why(one: Skipped, lang: str) -> str:
    example = safe(one.example)
    match one.reason:
        case "denied":
            text = tr(lang, "permission denied ({example})")
        case "remote":
            text = tr(
                lang, "on {detail}, which may wait for a server or a daemon: --remote looks there ({example})"
            )
        case "other mount":
            text = tr(lang, "another file system is mounted there: name it to look there ({example})")
        case "unknown file system":
            text = tr(lang, "on no file system in a mount table ({example})")
        case "locked":
            text = tr(lang, "mmap_lock held > {deadline}: what they have mapped is not known ({example})")
        case "no file":
            text = tr(lang, "neither a file, a folder nor a block device ({example})")
        case "out of time":
            text = tr(lang, "the time was up: --budget gives more ({example})")
        case "limit":
            text = tr(lang, "--limit was reached ({example})")
        case "error":
            text = "{detail} ({example})"
        case _:
            assert_never(one.reason)
    return text.format(example=example, detail=safe(one.detail), deadline=amount(DEADLINE, "seconds"))


def explain(cache: PageCache, lang: str) -> Iterator[str]:
    """What the words mean, each with this host's figures."""
    totals = cache.totals
    values = {
        "cached": totals.cached,
        "buffers": totals.buffers,
        "shmem": totals.shmem,
        "rest": cache.unattributed,
        "available": totals.available,
    }
    said = {name: MISSING if size is None else amount(size, "bytes") for name, size in values.items()}
    for text in (
        tr(
            lang,
            "Cached {cached}: contents of files kept in RAM because they were read or written. What is clean "
            "is given back at once when programs want memory, and counts in MemAvailable ({available}). It "
            "includes Shmem ({shmem}), tmpfs and shared memory, which can leave only through swap.",
        ),
        tr(
            lang,
            "Buffers {buffers}: the same for block devices. File systems such as ext4 keep their metadata "
            "there (inode tables, folders, bitmaps), and so does whoever reads /dev/sdX itself, such as dd "
            "or a backup of the whole disk. It is given back in the same way. Walking many folders fills it.",
        ),
        tr(
            lang,
            "DIRTY was changed and must be written before it can be given back; WRITEBACK is being written "
            "now. tmpfs has nowhere to write to: there DIRTY is unknown.",
        ),
        tr(
            lang,
            "EVICTED was in the page cache and was reclaimed for others; what was dropped on purpose leaves "
            "no trace. RECENTLY is the part of it that would belong to the working set if it came back now: "
            "less was activated and evicted since than there are pages in active use. On tmpfs, EVICTED is "
            "in swap.",
        ),
        tr(
            lang,
            "SHARE divides a file evenly among the processes that have it open or mapped, so shares add up "
            "to what was found. OWN counts files nobody else uses, USES all its files in full. CHARGED is "
            "what the kernel charges a cgroup for, without those below it: who touched a page first pays.",
        ),
        tr(
            lang,
            "The rest, {rest}, is in files nobody has open: they were read or written, and closed. It does "
            "no harm. jinmaek cache --scan walks all local file systems, jinmaek cache /var/lib one folder, "
            "and --by cgroup shows who was charged for it.",
        ),
    ):
        yield ""
        yield from folded(text.format(**said), WIDTH)


def _named(names: Iterable[str]) -> str:
    listed = [safe(name) for name in names]
    return ", ".join(listed[:NAMED]) + (", …" if len(listed) > NAMED else "")
