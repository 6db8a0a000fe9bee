"""Swap as a page: whose slots they are and whether anybody comes back for them."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.diagnosis.evaluate import Missing
from jinmaek.diagnosis.expr import Expr, now, rate
from jinmaek.i18n import tr
from jinmaek.views import swap
from jinmaek.views.fit import pad
from jinmaek.views.sentences import say
from jinmaek.views.top_frame import Frame
from jinmaek.views.tui.line import Line, bar, heading, line, plain, wrapped
from jinmaek.views.tui.source import SwapRead, Told
from jinmaek.views.units import amount

SHOWN = 15
"""Processes of a recorded moment."""

FIGURES: dict[str, tuple[Expr, str, str]] = {
    "swap in all": (now("meminfo.SwapTotal"), "bytes", "meminfo.SwapTotal"),
    "swap in use": (now("meminfo.SwapTotal") - now("meminfo.SwapFree"), "bytes", "meminfo.SwapFree"),
    "back in RAM, slot kept (swap cache)": (now("meminfo.SwapCached"), "bytes", "meminfo.SwapCached"),
    "from swap": (rate("vmstat.pswpin"), "pages/s", "vmstat.pswpin"),
    "to swap": (rate("vmstat.pswpout"), "pages/s", "vmstat.pswpout"),
    "evicted and missed": (
        rate("vmstat.workingset_refault_anon"), "pages/s", "vmstat.workingset_refault_anon",
    ),
    "major faults": (rate("vmstat.pgmajfault"), "count/s", "vmstat.pgmajfault"),
}  # fmt: skip
"""Of a recorded moment: expression, unit and the word that explains it."""
EXPRS: dict[str, Expr] = {name: expr for name, (expr, _, _) in FIGURES.items()}


def lines(read: SwapRead, lang: str, width: int) -> Iterator[Line]:
    """The verdict, the parts as a bar, and the account in full."""
    account = read.look.account
    for sentence in read.verdict.sentences:
        yield from wrapped(say(sentence, lang), width, "bold", about="meminfo.SwapFree")
    if account.total:
        parts = [
            (float(part.bytes or 0), "abcde"[place % 5])
            for place, part in enumerate(account.parts)
            if part.adds
        ]
        yield line()
        yield line(*bar(parts, account.total, width), about="meminfo.SwapTotal")
    yield line()
    yield heading(tr(lang, "in full, as jinmaek swap prints it"), width)
    yield from plain(
        swap.lines(read.look, read.verdict, lang, whole=True, width=width), about="meminfo.SwapFree"
    )


def recorded(told: Told, frame: Frame | str, lang: str, width: int) -> Iterator[Line]:
    """Use and traffic of a recorded moment, and whose anonymous memory was there."""
    for name, (_, unit, word) in FIGURES.items():
        found = told.get(name)
        if isinstance(found, Missing):
            shown = f"-  ({found.gap.source} {tr(lang, found.gap.kind)})"
        else:
            shown = amount(next(iter(found.values())), unit) if found else "-"
        yield line(pad(tr(lang, name), -46), (shown, "bold"), about=word, key=name)
    if isinstance(frame, str):
        return
    yield line()
    yield heading(tr(lang, "anonymous memory of processes"), width)
    most = sorted((one for one in frame.processes if one.swap), key=lambda one: -(one.swap or 0))
    for one in most[:SHOWN]:
        size = amount(one.swap or 0, "bytes")
        yield line(f"{size:>11}  {one.comm} [{one.pid}]", about="top.SWAP", key=str(one.pid))
    if not most:
        yield line((f"  {tr(lang, 'none')}", "dim"))
