"""Memory as a page: the buckets as one bar and one by one, their owners, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinmaek.accounts.memory_core import Balance, Bucket
from jinmaek.accounts.memory_owners import Owner
from jinmaek.accounts.memory_titles import TITLES
from jinmaek.explain.vocabulary import known
from jinmaek.i18n import tr
from jinmaek.views import memory, memory_words
from jinmaek.views.fit import cut, pad
from jinmaek.views.sentences import say
from jinmaek.views.tui.line import FILLS, Line, bar, heading, line, plain, share_bar, wrapped
from jinmaek.views.tui.source import MemoryRead
from jinmaek.views.units import amount

COLOURS = "abcde"
JUDGED = {"nothing": "good", "problem": "warn"}
NAME = 30
"""Cells of a bucket's name."""
BAR = 12
NOTED = 0.005
"""Of all memory, a bucket that is part of the picture."""
FEW = 3
"""Owners of a bucket."""


def lines(read: MemoryRead, lang: str, width: int) -> Iterator[Line]:
    """The verdict, the picture, the ledger."""
    ledger, verdict = read.ledger, read.verdict
    yield from wrapped(say(verdict.where, lang), width, "bold")
    yield from wrapped(say(verdict.judgement, lang), width, JUDGED.get(verdict.problem, "dim"))
    for remark in verdict.remarks:
        yield from wrapped(say(remark, lang), width, lead="· ")
    yield line()
    yield from buckets(ledger.balance, lang, width, ledger.owners)
    yield line()
    yield heading(tr(lang, "in full, as jinmaek memory prints it"), width)
    yield from plain(memory.lines(ledger, verdict, lang, whole=True, width=width))


def buckets(
    balance: Balance, lang: str, width: int, owners: dict[str, tuple[Owner, ...]] | object
) -> Iterator[Line]:
    """One bar for all of memory, then a line for each bucket, largest first, and its owners."""
    found = sorted(balance.buckets, key=lambda one: -one.bytes)
    large = [one for one in found if one.bytes >= NOTED * balance.total]
    parts = [(one.bytes, COLOURS[place % len(COLOURS)]) for place, one in enumerate(large)]
    yield line(*bar(parts, balance.total, width))
    yield line(
        (pad(tr(lang, "memory in all"), -NAME - 2), "bold"),
        (f"{amount(balance.total, 'bytes'):>11}", "bold"),
        about="meminfo.MemTotal",
        key="total",
    )
    of = owners if isinstance(owners, dict) else {}
    for place, one in enumerate(large):
        yield _bucket(one, balance.total, place, lang, width)
        for owner in _most(of.get(one.name, ())):
            size = amount(owner.bytes or 0, "bytes")
            name = cut(memory_words.owner(owner, lang), max(10, width - 20))
            yield line(("    └ ", "dim"), f"{size:>10}  {name}", about=_word(one))
    small = [one for one in found if one not in large and one.bytes]
    if small:
        text = ", ".join(f"{tr(lang, TITLES[one.name])} {amount(one.bytes, 'bytes')}" for one in small)
        yield from wrapped(tr(lang, "and {list}").format(list=text), width, "dim", lead="  ")
    yield line(
        "  ",
        pad(cut(tr(lang, "in no account (the rest)"), NAME), -NAME),
        f"{amount(balance.residual, 'bytes'):>11}",
        key="residual",
    )


def _bucket(one: Bucket, total: int, place: int, lang: str, width: int) -> Line:
    colour = COLOURS[place % len(COLOURS)]
    share = one.bytes / total if total else None
    tail = tr(lang, "  available") if one.available == "yes" else ""
    graph = [share_bar(share, BAR, colour)] if width >= NAME + BAR + 26 else []
    return line(
        (FILLS[place % len(FILLS)] + " ", colour),
        pad(cut(tr(lang, TITLES[one.name]), NAME), -NAME),
        (f"{amount(one.bytes, 'bytes'):>11}", "bold"),
        f"{share:>7.1%}  " if share is not None else "",
        *graph,
        (tail, "dim"),
        about=_word(one),
        key=one.name,
    )


def _most(owners: Sequence[Owner]) -> Sequence[Owner]:
    return [one for one in owners if one.bytes][:FEW]


def _word(one: Bucket) -> str | None:
    """The first column a bucket is made of."""
    return next((word for word in one.source.replace("(", " ").split() if word in known()), None)
