"""The load as a page: the account of a live host, or the states that were recorded."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.accounts.load.account import NOT_COUNTED, Load
from jinmaek.accounts.load.verdict import sentence
from jinmaek.diagnosis.evaluate import Missing
from jinmaek.diagnosis.expr import Expr, now
from jinmaek.i18n import tr
from jinmaek.views.fit import pad
from jinmaek.views.load import NAMES, sums, whose
from jinmaek.views.procps import MISSING
from jinmaek.views.top_frame import Frame
from jinmaek.views.tui.line import Line, bar, heading, line, share_bar, wrapped
from jinmaek.views.tui.source import Told

COLOURS = "abcde"
WHO = 8
"""Processes named for each kind."""
NAME = 42
BAR = 20
WORDS = {"running": "state.R", "disk": "state.D", "other": "state.D", "lock": "state.D", "vfork": "state.D"}
"""What explains a kind of thread."""
SHOWN = 15
"""Processes of a recorded moment."""

EXPRS: dict[str, Expr] = {
    "load1": now("loadavg.load1"),
    "states": now("threads.count"),
    "waits": now("waits.threads"),
}
"""Of a recorded moment."""


def lines(load: Load, lang: str, width: int) -> Iterator[Line]:
    """The answer, the parts as a bar and one by one with who they are, and the sum beside the kernel's."""
    yield from wrapped(sentence(load, lang), width, "bold", about="loadavg.load1")
    yield line()
    counted = [part for part in load.parts if part.kind not in NOT_COUNTED]
    uncounted = [part for part in load.parts if part.kind in NOT_COUNTED]
    whole = max(load.counted, float(load.cpus or 0))
    parts = [(part.threads, COLOURS[place % len(COLOURS)]) for place, part in enumerate(counted)]
    yield line(*bar(parts, whole, width))
    if load.cpus:
        text = tr(lang, "the bar is {threads:.1f} threads wide; there are {cpus} CPUs")
        yield line((text.format(threads=whole, cpus=load.cpus), "dim"))
    for place, part in enumerate((*counted, *uncounted)):
        yield line(
            ("█ ", COLOURS[place % len(COLOURS)]),
            pad(tr(lang, NAMES[part.kind]), -NAME),
            (f"{part.threads:7.2f}  " if part in counted else f"({part.threads:.2f})  ".rjust(9), "bold"),
            *([share_bar(part.share, BAR, COLOURS[place % len(COLOURS)])] if width > NAME + BAR + 12 else []),
            about=WORDS.get(part.kind, "loadavg.load1"),
            key=part.kind,
        )
        for who in part.who[:WHO]:
            lead = f"    {who.threads:7.2f}  "
            yield from wrapped(
                whose(who, lang), width, "dim", lead=lead, about=WORDS.get(part.kind, "state.D")
            )
        if len(part.who) > WHO:
            yield line(f"{'':13}", (tr(lang, "{count} more").format(count=len(part.who) - WHO), "dim"))
    yield line()
    for text in sums(load, lang):
        yield from wrapped(text, width, about="loadavg.load1")


def recorded(told: Told, frame: Frame | str, lang: str, width: int) -> Iterator[Line]:
    """Threads by state and by what they wait for, and the processes in R or D."""
    text = tr(lang, "Of a recorded moment: the threads as they were counted then.")
    yield from wrapped(text, width, "dim")
    for name, word in (("states", "threads.count"), ("waits", "waits.threads")):
        found = told.get(name)
        yield line()
        heads = {
            "states": tr(lang, "threads by state"),
            "waits": tr(lang, "threads in D by what they wait in"),
        }
        yield heading(heads[name], width)
        if found is None or isinstance(found, Missing):
            why = MISSING if found is None else f"{found.gap.source} {tr(lang, found.gap.kind)}"
            yield line((f"  {why}", "warn"), about=word)
            continue
        for labels, value in sorted(found.items(), key=lambda one: -one[1]):
            yield line(
                f"{value:8.0f}  {dict(labels).get('thread_state') or dict(labels).get('wchan', '')}",
                about=word,
            )
        if not found:
            yield line((f"  {tr(lang, 'none')}", "dim"), about=word)
    if isinstance(frame, str):
        return
    yield line()
    yield heading(tr(lang, "processes that ran, or waited in D"), width)
    busy = [one for one in frame.processes if one.state in ("R", "D")]
    for one in busy[:SHOWN]:
        yield line(f"{one.pid:>8}  {one.state}  {one.comm}", about=f"state.{one.state}", key=str(one.pid))
    if len(busy) > SHOWN:
        yield line((tr(lang, "{count} more").format(count=len(busy) - SHOWN), "dim"))
    if not busy:
        yield line((f"  {tr(lang, 'none')}", "dim"))
