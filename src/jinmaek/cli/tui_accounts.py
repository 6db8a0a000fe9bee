"""The accounts of the full-screen view, made as the commands of their names make them; of what is shown."""

from __future__ import annotations

from functools import partial

from jinmaek.accounts.load.watch import watch
from jinmaek.accounts.memory import account as ledger
from jinmaek.accounts.memory_reading import NoMeminfo
from jinmaek.accounts.swap_reading import look as swap_look
from jinmaek.diagnosis import memory_verdict, swap_verdict
from jinmaek.diagnosis.glance import glance
from jinmaek.i18n import tr
from jinmaek.root import LIVE
from jinmaek.rules import rules
from jinmaek.tasks.choose import Scanner
from jinmaek.views.tui.source import Account, MemoryRead, Progress, SwapRead, Tab

BUDGET = 1.0
"""Seconds for the shares of all processes."""
SPANS = {"memory": 1.0, "swap": 5.0}
FIRST, LATER = 1.0, 11.0
"""Seconds of the first look at the load, to have something to show, and of those after it: the kernel counts
every five."""
INTERVAL = 0.5


def account(tab: Tab, lang: str, progress: Progress) -> Account | None:
    """What this tab needs besides pictures; None where it needs nothing. Raises ``Left``."""
    match tab:
        case "memory":
            return _memory(lang, progress)
        case "swap":
            return _swap(lang, progress)
        case "load":
            return _load(lang, progress)
        case _:
            return None


def _memory(lang: str, progress: Progress) -> Account:
    wanted = tuple(rule for rule in rules() if rule.id in memory_verdict.RULES)
    said = partial(_processes, "memory", lang, progress)
    try:
        look, verdicts, found = glance(
            LIVE, wanted, ("meminfo",), SPANS["memory"], lang, lambda: ledger(LIVE, "command", BUDGET, said)
        )
    except NoMeminfo as absent:
        return f"{absent.gap.source}: {tr(lang, absent.gap.kind)}"
    return MemoryRead(found, memory_verdict.verdict(found, verdicts, trend=look.window > 0))


def _swap(lang: str, progress: Progress) -> Account:
    wanted = tuple(rule for rule in rules() if rule.id in swap_verdict.RULES)
    said = partial(_processes, "swap", lang, progress)

    def left(seconds: float) -> None:
        text = tr(lang, "watching swap: {left} s").format(left=round(seconds))
        if seconds:
            progress("swap", text, None)

    try:
        look, verdicts, found = glance(
            LIVE,
            wanted,
            swap_verdict.TABLES,
            SPANS["swap"],
            lang,
            lambda: swap_look(LIVE, "process", BUDGET, said),
            left,
        )
    except NoMeminfo as absent:
        return f"{absent.gap.source}: {tr(lang, absent.gap.kind)}"
    return SwapRead(found, swap_verdict.verdict(found.account, look, verdicts, wanted))


def _processes(tab: Tab, lang: str, progress: Progress, done: int, every: int) -> None:
    text = tr(lang, "reading the memory of processes: {done} of {all}")
    progress(tab, text.format(done=f"{done:,}", all=f"{every:,}"), None)


def _load(lang: str, progress: Progress) -> Account:
    def left(seconds: float) -> None:
        if seconds:
            progress("load", tr(lang, "watching the load: {left} s").format(left=round(seconds)), None)

    with Scanner(LIVE) as scanner:
        progress("load", "", watch(LIVE, scanner, FIRST, INTERVAL, left))
        return watch(LIVE, scanner, LATER, INTERVAL, left)
