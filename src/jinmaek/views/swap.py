"""``swap``: the devices, what their slots hold and who owns it, what moves, and the verdict."""

from __future__ import annotations

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

    from jinmaek.accounts.memory_owners import Owner
    from jinmaek.accounts.swap import Part, SwapAccount
    from jinmaek.accounts.swap_reading import SwapLook
    from jinmaek.diagnosis.swap_verdict import SwapVerdict

NAME = 46
"""Cells of the first column."""
MOVED = 0.01
"""Of what is used: a change during the reading that is worth a word."""
FEW = 5
"""Owners of a part on the one screen."""
TITLES = {
    "anon": "anonymous memory of processes",
    "shmem": "tmpfs and shared memory",
    "swapcached": "back in RAM, slot kept (swap cache)",
    "cgroup": "by cgroup, the same slots once more",
    "zram": "RAM taken by zram",
    "zswap": "RAM taken by zswap",
}
"""By kind of part."""
BOUNDS = {"exact": "", "upper": "at most ", "lower": "at least "}
RATES = {
    "pswpin": "from swap {rate}",
    "pswpout": "to swap {rate}",
    "zswpin": "from zswap {rate}",
    "zswpout": "to zswap {rate}",
    "workingset_refault_anon": "evicted and missed {rate}",
}
"""By counter of /proc/vmstat."""


def lines(
    look: SwapLook, verdict: SwapVerdict, lang: str, *, whole: bool = False, width: int = 100
) -> Iterator[str]:
    """The screen; ``whole`` shows every owner."""
    account = look.account
    yield from _devices(account, lang)
    for part in account.parts:
        if part.bytes or part.adds or whole:
            yield from _part(part, account, lang, whole, width)
    if account.used:
        yield _row(tr(lang, "unexplained"), account.unexplained, account.used)
        if look.moved >= MOVED * account.used:
            text = tr(lang, "the use of swap changed by {size} while all this was read")
            yield from wrap(text.format(size=amount(look.moved, "bytes")), width, "    ", "    ")
        yield from _on_disk(account, lang, width)
    yield ""
    yield from _traffic(verdict, lang, width)
    yield from _notes(look, lang, width)
    for sentence in verdict.sentences:
        yield from wrap(say(sentence, lang), width)
    for reader in verdict.readers:
        share = "" if reader.share is None else f"{reader.share:4.0%}  "
        yield from wrap(f"{share}{safe(reader.name)} [{reader.pid}]  {reader.why}", width, "    ", "      ")
    for label, texts in ((tr(lang, "helps"), verdict.helps), (tr(lang, "does not"), verdict.does_not_help)):
        for place, text in enumerate(texts):
            lead = pad("" if place else label, -10)
            yield from wrap(tr(lang, text), width, lead, " " * 10)


def _row(name: str, size: int | None, whole: int | None, lead: str = "") -> str:
    shown = "-" if size is None else f"{lead}{amount(size, 'bytes')}"
    share = "" if not size or not whole else f"{size / whole:>8.1%}"
    return f"{pad(cut(name, NAME), -NAME)}{shown:>20}{share}".rstrip()


def _devices(account: SwapAccount, lang: str) -> Iterator[str]:
    whole = "-" if account.total is None else amount(account.total, "bytes")
    used = "-" if account.used is None else amount(account.used, "bytes")
    yield tr(lang, "swap: {used} of {total} in use").format(used=used, total=whole)
    for one in account.devices:
        text = tr(lang, "{type}, priority {priority}, {used} of {size}").format(
            type=safe(one.type),
            priority=one.priority,
            used=amount(one.used, "bytes"),
            size=amount(one.size, "bytes"),
        )
        yield f"    {safe(one.filename)}  {text}"


def _part(part: Part, account: SwapAccount, lang: str, whole: bool, width: int) -> Iterator[str]:
    lead = tr(lang, BOUNDS[part.bound]) if part.bound != "exact" else ""
    yield _row(tr(lang, TITLES[part.kind]), part.bytes, account.used if part.adds else None, lead)
    for one in part.who if whole else part.who[:FEW]:
        yield _owner(one, lang, width)
    more = len(part.who) - FEW
    if more > 0 and not whole:
        yield "    " + tr(lang, "and {count} more (--all)").format(count=f"{more:,}")


def _owner(one: Owner, lang: str, width: int) -> str:
    shown = "" if one.bytes is None else amount(one.bytes, "bytes")
    return f"    {shown:>10}  {cut(memory_words.owner(one, lang), max(20, width - 16))}".rstrip()


def _on_disk(account: SwapAccount, lang: str, width: int) -> Iterator[str]:
    """What is in swap and nowhere else, and what compression makes of it."""
    if account.used is None or not account.cached or account.cached > account.used:
        return
    text = tr(lang, "{cached} of it is in RAM as well (SwapCached), so {alone} is in swap alone")
    yield from wrap(
        text.format(
            cached=amount(account.cached, "bytes"), alone=amount(account.used - account.cached, "bytes")
        ),
        width,
        "    ",
        "    ",
    )


def _traffic(verdict: SwapVerdict, lang: str, width: int) -> Iterator[str]:
    said = [
        tr(lang, text).format(rate=amount(rate, "pages/s"))
        for name, text in RATES.items()
        if (rate := verdict.rates.get(name)) is not None and (rate or name.startswith("pswp"))
    ]
    faults = verdict.rates.get("pgmajfault")
    if faults is not None:
        said.append(tr(lang, "major faults {rate}").format(rate=amount(faults, "count/s")))
    if said:
        yield from wrap(tr(lang, "now: {list}").format(list=", ".join(said)), width, "", "  ")


def _notes(look: SwapLook, lang: str, width: int) -> Iterator[str]:
    account, found = look.account, look.processes
    unread = sum(not exact for _, exact in (one.swap_share for one in found.all))
    if unread and account.used:
        text = tr(
            lang,
            "of {count} processes VmSwap was taken, which counts a page that is shared after fork() for each "
            "of them: an upper bound",
        )
        yield from wrap(text.format(count=f"{unread:,}"), width)
    shmem = account.part("shmem")
    if account.used and shmem is not None and shmem.bound == "lower":
        text = tr(
            lang, "shared memory whose owner was not found may be in swap too: the part above is the least"
        )
        yield from wrap(text, width)
    others = [gap for gap in look.gaps if gap not in found.gaps]
    if others:
        said = "; ".join(dict.fromkeys(gap_said(gap, lang) for gap in others))
        yield from wrap(tr(lang, "not known: {list}").format(list=said), width, "", "  ")
