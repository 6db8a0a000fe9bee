"""``memory``: the ledger on one screen: buckets and owners, the residual, "used" explained, the verdict."""

from __future__ import annotations

from jinmaek.accounts.memory_titles import BAND, INSIDE, MEANINGS, PARTS, TITLES, USED
from jinmaek.i18n import tr
from jinmaek.views import memory_words
from jinmaek.views.fit import cut, pad
from jinmaek.views.gap import said as gap_said
from jinmaek.views.paragraph import wrap
from jinmaek.views.plain import safe
from jinmaek.views.sentences import say
from jinmaek.views.units import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinmaek.accounts.memory import Ledger
    from jinmaek.accounts.memory_core import Bucket
    from jinmaek.accounts.memory_owners import Owner
    from jinmaek.diagnosis.memory_verdict import MemoryVerdict

MIB = 1 << 20
NAME = 41
"""Cells of the first column."""
FEW = 3
"""Owners of a bucket on the one screen."""
WORTH = 0.05
"""Of a bucket, an owner that is named there."""
NOTED = 0.001
"""Of RAM, a bucket that is shown, and an owner that is named."""


def lines(
    ledger: Ledger, verdict: MemoryVerdict, lang: str, *, whole: bool = False, width: int = 100
) -> Iterator[str]:
    """The screen; ``whole`` shows every bucket and every owner."""
    total = ledger.balance.total
    yield f"{pad(tr(lang, 'memory in all'), -NAME)}{amount(total, 'bytes'):>11}"
    small: list[str] = []
    for bucket in ledger.balance.buckets:
        noted = bucket.bytes >= NOTED * total or bool(_shown(ledger, bucket, whole=False))
        if whole or noted:
            yield from _bucket(ledger, bucket, lang, whole, width)
        elif bucket.bytes:
            small.append(f"{tr(lang, TITLES[bucket.name])} {amount(bucket.bytes, 'bytes')}")
    if small:
        yield from wrap(tr(lang, "and {list}").format(list=", ".join(small)), width, "", "  ")
    yield from _residual(ledger, lang, width)
    yield ""
    yield from _used(ledger, lang, width)
    yield from _available(ledger, lang, width)
    yield from _notes(ledger, lang, width)
    yield ""
    yield from wrap(say(verdict.where, lang), width)
    yield from wrap(say(verdict.judgement, lang), width)
    for remark in verdict.remarks:
        yield from wrap(say(remark, lang), width, "· ", "  ")


def _row(name: str, size: int | None, total: int, tail: str = "") -> str:
    shown = "-" if size is None else amount(size, "bytes")
    share = "" if size is None or not total else f"{size / total:>8.1%}"
    return f"{pad(cut(name, NAME), -NAME)}{shown:>11}{share}{tail}".rstrip()


def _bucket(ledger: Ledger, bucket: Bucket, lang: str, whole: bool, width: int) -> Iterator[str]:
    counted = {"yes": tr(lang, "  available"), "partly": tr(lang, "  available, mostly"), "no": ""}
    tail = counted[bucket.available] if bucket.bytes else ""
    yield _row(tr(lang, TITLES[bucket.name]), bucket.bytes, ledger.balance.total, tail)
    parts = [
        f"{tr(lang, PARTS[part.name])} {amount(part.bytes, 'bytes')}"
        for part in bucket.parts
        if whole or part.name != "mapped-at-least"
    ]
    if parts:
        yield from wrap(", ".join(parts), width, "    ", "    ")
    shown = _shown(ledger, bucket, whole=whole)
    for one in shown:
        yield _owner(memory_words.owner(one, lang), one.bytes, width)
    left, exact = ledger.unowned(bucket.name)
    least = MIB if whole else NOTED * ledger.balance.total
    if left is not None and bucket.name in memory_words.UNOWNED and left >= least:
        said = tr(lang, memory_words.UNOWNED[bucket.name])
        yield _owner(said if exact else tr(lang, "at least, {what}").format(what=said), left, width)
    groups = ledger.cgroups.get(bucket.name, ())
    if groups and (whole or ledger.by == "cgroup"):
        yield "    " + tr(lang, "charged to")
        for one in groups if whole else groups[:FEW]:
            yield _owner(memory_words.owner(one, lang), one.bytes, width, "      ")


def _owner(name: str, size: int | None, width: int, lead: str = "    ") -> str:
    shown = "" if size is None else amount(size, "bytes")
    return f"{lead}{shown:>10}  {cut(name, max(20, width - 12 - len(lead)))}".rstrip()


def _shown(ledger: Ledger, bucket: Bucket, *, whole: bool) -> list[Owner]:
    owners = ledger.owners.get(bucket.name, ())
    if whole:
        return list(owners)
    least = NOTED * ledger.balance.total
    held = [one for one in owners if (one.bytes or 0) >= max(least, WORTH * bucket.bytes)][:FEW]
    # An owner without a size is named for being there: cgroups that were removed, mappers of shared pages.
    unsized = [one for one in owners if one.bytes is None and one.kind not in ("cgroups", "slab")]
    return [*held, *unsized[: FEW - len(held)]]


def _residual(ledger: Ledger, lang: str, width: int) -> Iterator[str]:
    band = ledger.band_bytes
    off = "  ± ?" if band is None else f"  ± {amount(band, 'bytes')}"
    yield _row(tr(lang, "in no account (the rest)"), ledger.balance.residual, ledger.balance.total, off)
    inside = [tr(lang, INSIDE.get(name, TITLES.get(name, name))) for name in _telling(ledger)]
    if inside:
        text = tr(lang, "among it, not told by this kernel: {list}").format(list=", ".join(inside))
        yield from wrap(text, width, "    ", "    ")
    for sized in ledger.balance.outside:
        text = {
            "balloon": tr(lang, "{size} was given back to the hypervisor and is not part of the total"),
            "deferred": tr(lang, "{size} of what is free is not set up yet; /proc/vmstat leaves it out"),
        }[sized.name]
        yield from wrap(text.format(size=amount(sized.bytes, "bytes")), width, "    ", "    ")


def _telling(ledger: Ledger) -> list[str]:
    """What the residual holds for sure: old kernels have no page tables of guests worth a word."""
    return [name for name in ledger.balance.inside if name != "secondary-page-tables"]


def _used(ledger: Ledger, lang: str, width: int) -> Iterator[str]:
    used = ledger.used

    def size(value: int | None) -> str:
        return "?" if value is None else amount(value, "bytes")

    pss = size(used.sum_pss)
    if used.sum_pss is None and ledger.processes.pss_at_least is not None:
        pss = tr(lang, "at least {size}").format(size=size(ledger.processes.pss_at_least))
    text = tr(
        lang,
        "used: {procps4} says free of procps 4, {procps3} that of procps 3, {htop} htop ({htop32} to its "
        "version 3.2); RES of all processes adds up to {rss}, PSS to {pss}.",
    )
    yield from wrap(
        text.format(
            procps4=size(used.procps4),
            procps3=size(used.procps3),
            htop=size(used.htop),
            htop32=size(used.htop_3_2),
            rss=size(used.sum_rss),
            pss=pss,
        ),
        width,
    )
    if used.procps3 is None:
        return
    because = [
        f"{tr(lang, USED[reason.name])} {_signed(reason.bytes)}"
        for reason in ledger.reasons
        if abs(reason.bytes) >= MIB
    ]
    if because:
        text = tr(lang, "procps 4 less procps 3 is {size}:").format(size=_signed(used.procps4 - used.procps3))
        yield from wrap(f"{text} {'; '.join(because)}", width, "  ", "    ")
    shmem = ledger.core.meminfo.Shmem
    if shmem:
        text = tr(lang, "htop, since 3.3, adds tmpfs and shared memory to procps 3's figure: {size}")
        yield from wrap(text.format(size=_signed(shmem)), width, "  ", "    ")
    if ledger.core.arc is not None and used.htop_3_2 not in (None, used.procps3):
        text = tr(lang, "htop takes off what the ZFS cache can give back: {size}")
        shrinks = (used.htop_3_2 or 0) - used.procps3
        yield from wrap(text.format(size=_signed(shrinks)), width, "  ", "    ")
    if used.sum_rss is not None and used.sum_pss is not None:
        more = used.sum_rss - used.sum_pss
        text = tr(lang, "RES counts a shared page once for each process that maps it: {size} too much")
        if more >= MIB:
            yield from wrap(text.format(size=amount(more, "bytes")), width, "  ", "    ")
    kernel = sum(bucket.bytes for bucket in ledger.balance.buckets if bucket.name in KERNEL)
    text = tr(lang, "no process has the kernel's own memory and the huge page pools: {size}")
    yield from wrap(text.format(size=amount(kernel, "bytes")), width, "  ", "    ")


KERNEL = (
    "slab", "slab-reclaimable", "slab-unreclaimable", "kernel-reclaimable", "page-tables",
    "secondary-page-tables", "kernel-stacks", "vmalloc", "percpu", "bounce", "quicklists", "memmap", "gpu",
    "hugetlb", "compressed", "zfs-arc", "balloon",
)  # fmt: skip


def _signed(size: int) -> str:
    return f"{'+' if size >= 0 else '−'}{amount(abs(size), 'bytes')}"


def _available(ledger: Ledger, lang: str, width: int) -> Iterator[str]:
    made = ledger.available
    if made is None or made.told is None:
        return
    text = tr(
        lang,
        "available: {told} = free {free} − kept by the kernel {reserve} + page cache {file} of {all_file} + "
        "objects that can be dropped {objects} of {all_objects}",
    )
    yield from wrap(
        text.format(
            told=amount(made.told, "bytes"),
            free=amount(made.free, "bytes"),
            reserve=amount(made.reserve, "bytes"),
            file=amount(made.file - made.file_kept, "bytes"),
            all_file=amount(made.file, "bytes"),
            objects=amount(made.reclaimable - made.reclaimable_kept, "bytes"),
            all_objects=amount(made.reclaimable, "bytes"),
        ),
        width,
        "",
        "  ",
    )


def _notes(ledger: Ledger, lang: str, width: int) -> Iterator[str]:
    found = ledger.processes
    if found.read < len(found.all):
        why = ", ".join(f"{count:,} {tr(lang, kind)}" for kind, count in found.unread)
        text = tr(
            lang,
            "PSS of {read} of {all} processes ({why}); the rest counted by RSS, so owners are an upper bound",
        )
        yield from wrap(text.format(read=f"{found.read:,}", all=f"{len(found.all):,}", why=why), width)
    for locked in ledger.locked:
        text = tr(lang, "lock held: {who}").format(who=f"{safe(locked.name)} [{locked.pid}]")
        yield from wrap(f"{text} ({locked.gap.detail})", width)
    others = [gap for gap in ledger.gaps if gap not in found.gaps]
    if others:
        said = "; ".join(dict.fromkeys(gap_said(gap, lang) for gap in others))
        yield from wrap(tr(lang, "not known: {list}").format(list=said), width, "", "  ")


def explained(ledger: Ledger, lang: str, width: int = 100) -> Iterator[str]:
    """Each bucket: what it is, how it is made, and of which fields."""
    for bucket in ledger.balance.buckets:
        yield f"{tr(lang, TITLES[bucket.name])} ({bucket.name}): {amount(bucket.bytes, 'bytes')}"
        yield from wrap(f"= {bucket.source}", width, "    ", "      ")
        yield from wrap(tr(lang, MEANINGS[bucket.name]), width, "    ", "    ")
    rest, meaning = amount(ledger.balance.residual, "bytes"), MEANINGS["residual"]
    yield f"{tr(lang, 'in no account (the rest)')} (residual): {rest}"
    yield from wrap(tr(lang, meaning), width, "    ", "    ")
    for reason in ledger.band or ():
        yield from wrap(f"± {amount(reason.bytes, 'bytes')}  {tr(lang, BAND[reason.name])}", width, "    ")
    if ledger.sockets:
        text = tr(
            lang, "sockets account for {size} of buffers, partly in kernel objects, partly in this rest"
        )
        yield from wrap(text.format(size=amount(ledger.sockets, "bytes")), width, "    ", "    ")
