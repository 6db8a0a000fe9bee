"""``capacity``: who grows, a few lines each."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jinmaek.accounts.heap.names import title
from jinmaek.advice.capacity.answer import Answer
from jinmaek.advice.capacity.grower import Class, Grower
from jinmaek.i18n import tr
from jinmaek.views.heap import words
from jinmaek.views.plain import safe
from jinmaek.views.units import amount, span

MOST = 8
"""Growers with lines of their own."""
TOOLS = 2
"""Commands shown for a leak."""
CLASSES: dict[Class | None, str] = {
    "leak": "leak",
    "limit": "at its limit",
    "burst": "burst",
    "fragmentation": "fragmentation",
    "cache": "cache",
    "warm-up": "warm-up",
    "steady": "steady",
    None: "not known",
}
"""Translated when shown."""


def growers(answer: Answer, lang: str) -> Iterator[RenderableType]:
    """The heading, and a row for each of the first."""
    found = answer.case.growers
    head = Text(tr(lang, "who grows"), style="bold")
    if not found:
        text = tr(lang, "nobody moved by {floor} or more").format(floor=amount(answer.case.w.floor, "bytes"))
        yield head.append(f"  {text}", style="not bold")
        return
    yield head
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for _ in range(2):
        grid.add_column(justify="right", no_wrap=True)
    for grower in found[:MOST]:
        rate = "" if not grower.rate or not grower.rate.rate else amount(grower.rate.rate, "bytes/s")
        grid.add_row(
            Text(tr(lang, CLASSES[grower.kind]), style="bold" if grower.kind in ("leak", "limit") else ""),
            Group(*_grower(answer, grower, lang)),
            _signed(grower.course.growth),
            rate,
        )
    yield Padding(grid, (0, 0, 0, 2))
    if len(found) > MOST:
        rest = Text(tr(lang, "{count} others").format(count=len(found) - MOST), style="dim")
        yield Padding(rest, (0, 0, 0, 2))


def _grower(answer: Answer, one: Grower, lang: str) -> Iterator[RenderableType]:
    line = Text(safe(one.name), style="bold cyan")
    if one.pid is not None:
        line.append(f" [{one.pid}]")
    if one.members > 1:
        line.append(tr(lang, " and {count} more").format(count=one.members - 1))
    if one.cgroup not in (None, "/", one.name):
        line.append(f"  {safe(one.cgroup or '')}", style="dim")
    yield line
    if where := _where(one, lang):
        yield Text(where)
    said = [*_since(answer, one, lang), *(words(note, lang) for note in one.notes)]
    if said:
        yield Text(" ".join(said))
    if one.kind == "leak" and one.mapped is not None:
        for tool in one.mapped.next[:TOOLS]:
            yield Text(safe(tool.command), style="cyan")


def _where(one: Grower, lang: str) -> str:
    """Which of its mappings grows, or why that is not known."""
    told = one.mapped
    if told is None:
        return ""
    if told.region is not None and told.share is not None:
        share = f"{told.share:.0%}"
        text = tr(lang, "{share} of its growth in {region}")
        return text.format(share=share, region=words(title(told.region), lang))
    if told.gap is None or one.kind not in ("leak", None):
        return ""
    detail = f" ({told.gap.detail})" if told.gap.detail else ""
    return safe(f"{told.gap.source}: {tr(lang, told.gap.kind)}{detail}")


def _since(answer: Answer, one: Grower, lang: str) -> Iterator[str]:
    if one.course.since is not None and one.kind in ("leak", "warm-up", None):
        ago = span(answer.case.w.end - one.course.since, lang)
        yield tr(lang, "Since {time} ago.").format(time=ago)
    elif one.kind == "leak":
        yield tr(lang, "Since before this look.")
    if one.restarts and one.kind == "leak":
        yield tr(lang, "Restarts: {count}.").format(count=one.restarts)


def _signed(size: float) -> str:
    return amount(size, "bytes") if size <= 0 else f"+{amount(size, 'bytes')}"
