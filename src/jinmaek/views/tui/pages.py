"""Which page a tab shows of what is known: the one place where tabs and their pages meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from jinmaek.accounts.load.account import Load
from jinmaek.diagnosis.expr import Expr
from jinmaek.i18n import tr
from jinmaek.model import Diagnosis
from jinmaek.views.tui import cgroups, disks, history, load, memory, pulse, swap
from jinmaek.views.tui.line import Line, line, wrapped
from jinmaek.views.tui.lines import Make
from jinmaek.views.tui.source import (
    CHARTS,
    Account,
    Happened,
    MemoryRead,
    Picture,
    Source,
    SwapRead,
    Tab,
)

LIVE: Mapping[Tab, Mapping[str, Expr]] = {
    "disks": disks.EXPRS,
    "cgroups": cgroups.EXPRS,
    "history": {name: expr for name, (expr, _, _) in CHARTS.items()},
}
"""What each tab asks for besides what all show."""
RECORDED: Mapping[Tab, Mapping[str, Expr]] = {**LIVE, "load": load.EXPRS, "swap": swap.EXPRS}
"""The same of a recording, of which no accounts are made anew."""


def page(
    tab: Tab, picture: Picture, known: Mapping[Tab, Account], waiting: str, source: Source, lang: str
) -> Make:
    """What makes the lines of a tab. ``waiting`` is said where the account is not there yet."""
    account = known.get(tab)

    def made(width: int) -> Sequence[Line]:
        return list(_lines(tab, picture, account, waiting, source, lang, width))

    return made


def _lines(  # noqa: C901 - one match over all tabs
    tab: Tab,
    picture: Picture,
    account: Account | None,
    waiting: str,
    source: Source,
    lang: str,
    width: int,
) -> Iterator[Line]:
    if isinstance(account, str):
        return wrapped(account, width, "warn")
    told = picture.told if picture.asked.tab == tab else {}
    if tab in ("disks", "cgroups") and picture.asked.tab != tab:
        return iter((line((tr(lang, "reading"), "dim")),))
    match tab:
        case "pulse":
            known = account if isinstance(account, Diagnosis) else picture.diagnosis
            return pulse.lines(known, lang, width)
        case "memory" if isinstance(account, MemoryRead):
            return memory.lines(account, lang, width)
        case "load" if isinstance(account, Load):
            return load.lines(account, lang, width)
        case "load" if not source.live:
            return load.recorded(told, picture.frame, lang, width)
        case "swap" if isinstance(account, SwapRead):
            return swap.lines(account, lang, width)
        case "swap" if not source.live:
            return swap.recorded(told, picture.frame, lang, width)
        case "disks":
            return disks.lines(told, lang, width)
        case "cgroups":
            return cgroups.lines(told, lang, width)
        case "history":
            charts = history.charts(picture, lang, width)
            if source.live:
                return charts
            found = account if isinstance(account, Happened) else None
            return chain(charts, history.happened(found, source.gaps, lang, width))
        case _:
            return iter((line((waiting or tr(lang, "reading"), "dim")),))
