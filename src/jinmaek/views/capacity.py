"""``capacity``: the answer, the tightest limit, who grows, why, and what would change the answer."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jinmaek.advice.capacity.answer import Answer, Verdict
from jinmaek.advice.capacity.changes import least
from jinmaek.advice.capacity.cushion import Cushion
from jinmaek.advice.capacity.headroom import Limit, Outlook, tightest
from jinmaek.advice.capacity.series import Watched
from jinmaek.advice.capacity.signs import Key, Sign
from jinmaek.i18n import tr
from jinmaek.views.capacity_growers import growers
from jinmaek.views.finding import history, moment
from jinmaek.views.heap import words
from jinmaek.views.plain import safe
from jinmaek.views.units import amount, span

SHOWN: tuple[Key, ...] = ("waits", "activated", "refaults", "swap_in", "swap_out", "direct", "faults")
"""Signs that are always shown; others where they hold."""
STYLES: dict[Verdict, str] = {
    "yes": "bold black on yellow",
    "no": "bold green",
    "no-evidence": "bold yellow",
}
HEADS: dict[Verdict, str] = {"yes": "YES", "no": "NO", "no-evidence": "NO EVIDENCE"}
"""Translated when shown."""


def show(answer: Answer, lang: str, cost: tuple[float, float], console: Console | None = None) -> None:
    """Print the answer, in colour on a terminal. ``cost`` is CPU and wall seconds."""
    screen = console or Console(highlight=False, markup=False, emoji=False)
    if screen.is_terminal:
        screen.print(page(answer, lang, cost))
        return
    with screen.capture() as captured:
        screen.print(page(answer, lang, cost))
    # A pipe or a file wants no padding up to the width of a screen.
    for line in captured.get().splitlines():
        screen.out(line.rstrip(), highlight=False)


def page(answer: Answer, lang: str, cost: tuple[float, float]) -> RenderableType:
    parts: list[RenderableType] = [*_verdict(answer, lang)]
    for section in (_limit, growers, _why, _peak, _changes):
        rows = list(section(answer, lang))
        if rows:
            parts += ["", *rows]
    for gap in answer.case.w.gaps:
        detail = f" ({gap.detail})" if gap.detail else ""
        parts.append(Text(safe(f"{gap.source}: {tr(lang, gap.kind)}{detail}"), style="yellow"))
    return Group(*parts, "", Text(_foot(answer, lang, cost), style="dim"))


def _verdict(answer: Answer, lang: str) -> Iterator[RenderableType]:
    w = answer.case.w
    line = Text()
    line.append(f" {tr(lang, HEADS[answer.verdict])} ", style=STYLES[answer.verdict])
    line.append(f" {words(answer.sentence, lang)}")
    yield line
    text = tr(lang, "watched for {time} in {readings} readings, {confidence}").format(
        time=span(w.window, lang),
        readings=w.readings,
        confidence=tr(lang, f"{answer.confidence} confidence"),
    )
    if w.interrupted:
        text += tr(lang, "; ended early, {time} were asked for").format(time=span(w.asked, lang))
    yield _under(Text(text, style="dim"))
    for said in _history(w, lang):
        yield _under(Text(said, style="dim"))


def _history(w: Watched, lang: str) -> Iterator[str]:
    """What was recorded of it, and where it was judged whether memory is short."""
    told = history(w.remembered, w.wall, lang)
    if told:
        yield told
    elif w.judged is not None:
        at, length = w.judged
        text = tr(lang, "the signs are those of {time} up to {moment}, when threads waited for memory most")
        yield text.format(time=span(length, lang), moment=moment(w.wall - (w.end - at), w.wall))


def _limit(answer: Answer, lang: str) -> Iterator[RenderableType]:
    first = tightest(answer.case.outlooks)
    if first is None:
        return
    limit = first.limit
    yield _head(tr(lang, "the tightest limit"), _named(limit, lang))
    left = tr(lang, "{left} of {size} left").format(
        left=amount(limit.left, "bytes"), size=amount(limit.bytes, "bytes")
    )
    if limit.swap:
        left += tr(lang, ", {swap} of it in swap").format(swap=amount(limit.swap, "bytes"))
    if limit.lower_bound:
        left += tr(lang, ", at least: its cache is not known")
    yield _under(Text(left))
    if first.eta is None:
        yield _under(Text(tr(lang, "nothing was seen to grow towards it")))
        return
    yield _under(Text(_when(first, lang), style="bold"))
    for more in answer.more:
        yield _under(Text(f"+{amount(more.add, 'bytes')}: {_reached(more.outlook, first, lang)}"))
    if answer.restart is not None:
        who, buys = answer.restart
        text = tr(lang, "a restart of {name} [{pid}] buys {time} at most")
        yield _under(Text(text.format(name=safe(who.name), pid=who.pid, time=span(buys, lang))))
    for other in answer.case.outlooks[1:]:
        if other.eta is not None:
            yield _under(Text(f"{_named(other.limit, lang)}: {_when(other, lang)}", style="dim"))


def _reached(then: Outlook, first: Outlook, lang: str) -> str:
    text = _when(then, lang)
    if then.limit.name == first.limit.name and then.limit.knob == first.limit.knob:
        return text
    return tr(lang, "{when}, then at {limit}").format(when=text, limit=_named(then.limit, lang))


def _when(outlook: Outlook, lang: str) -> str:
    if outlook.eta is None or outlook.rate is None:
        return tr(lang, "not reached, as far as was seen")
    rate = amount(outlook.rate.rate, "bytes/s")
    soon = "?" if outlook.soonest is None else span(outlook.soonest, lang)
    late = "?" if outlook.latest is None else span(outlook.latest, lang)
    return tr(lang, "full in {time} ({soon} to {late}) at {rate}").format(
        time=span(outlook.eta, lang), soon=soon, late=late, rate=rate
    )


def _named(limit: Limit, lang: str) -> str:
    match limit.kind:
        case "host" | "commit":
            return tr(lang, "this host ({knob})").format(knob=limit.knob)
        case "cgroup":
            return tr(lang, "cgroup {name} ({knob})").format(name=safe(limit.name), knob=limit.knob)
        case "process":
            return f"{safe(limit.name)} ({limit.knob})"


def _why(answer: Answer, lang: str) -> Iterator[RenderableType]:
    yield Text(tr(lang, "why"), style="bold")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    for _ in range(3):
        grid.add_column(justify="right", no_wrap=True)
    heads = tr(lang, "sign"), tr(lang, "in this look"), tr(lang, "since boot"), tr(lang, "counts from")
    grid.add_row(*(Text(head, style="dim") for head in heads))
    for key, sign in answer.case.signs.items():
        if key in SHOWN or sign.holds:
            style = "bold" if sign.holds else ""
            grid.add_row(
                Text(tr(lang, sign.name), style=style),
                Text(_value(sign, sign.value, lang), style=style),
                _value(sign, sign.since_boot, lang),
                Text(amount(sign.limit, sign.unit), style="dim"),
            )
    yield _under(grid)
    for one in answer.case.squeezes:
        if one.came:
            text = tr(
                lang, "cgroup {name}: at its limit {hits} times, waiting {waits}, read again {refaults}"
            )
            yield _under(
                Text(
                    text.format(
                        name=safe(one.path),
                        hits="?" if one.hits is None else f"{one.hits:,}",
                        waits="?" if one.waits is None else amount(one.waits, "ratio"),
                        refaults="?" if one.refaults is None else amount(one.refaults, "pages/s"),
                    )
                )
            )


def _value(sign: Sign, value: float | None, lang: str) -> str:
    if value is not None:
        return amount(value, sign.unit)
    return "?" if sign.gap is None else tr(lang, sign.gap.kind)


def _peak(answer: Answer, lang: str) -> Iterator[RenderableType]:
    demand = answer.demand
    if demand is not None:
        text = tr(lang, "{most} in this look, {now} at its end").format(
            most=amount(demand.most, "bytes"), now=amount(demand.now, "bytes")
        )
        if demand.of:
            text += tr(lang, ", of {size}").format(size=amount(demand.of, "bytes"))
        if demand.before is not None:
            before = tr(lang, "; ever charged at most {size}, cache included")
            text += before.format(size=amount(demand.before, "bytes"))
        yield _head(tr(lang, "peak demand"), text)
    for peak in answer.peaks:
        text = tr(lang, "{name} [{pid}] once had {most}, and has {now} now (VmHWM)")
        yield _under(
            Text(
                text.format(
                    name=safe(peak.name),
                    pid=peak.pid,
                    most=amount(peak.most, "bytes"),
                    now=amount(peak.now, "bytes"),
                )
            )
        )
    for cushion in answer.case.cushions:
        yield _under(Text(_cushion(cushion, lang)))


def _cushion(one: Cushion, lang: str) -> str:
    if one.fitted:
        text = tr(lang, "the burst of {name} ({size} for {time}) fitted: it needs neither more RAM nor swap")
    elif one.enough is None:
        text = tr(lang, "the burst of {name} ({size} for {time}): how much swap is free is not known")
    elif one.enough:
        text = tr(
            lang, "the burst of {name} ({size} for {time}): swap as a cushion is enough, {swap} are free"
        )
    elif not one.swap:
        text = tr(
            lang, "the burst of {name} ({size} for {time}): {size} of swap would be a cushion, none is free"
        )
    else:
        text = tr(lang, "the burst of {name} ({size} for {time}): {swap} of free swap are no cushion for it")
    return text.format(
        name=safe(one.grower.name),
        size=amount(one.size, "bytes"),
        time=span(one.lasted, lang),
        swap=amount(one.swap or 0, "bytes"),
    )


def _changes(answer: Answer, lang: str) -> Iterator[RenderableType]:
    if answer.would_change:
        yield Text(tr(lang, "what would change the answer"), style="bold")
        for one in answer.would_change:
            yield _under(Text(words(one, lang)))


def _head(name: str, text: str) -> RenderableType:
    line = Text(name, style="bold")
    line.append(f"  {text}", style="not bold")
    return line


def _under(what: RenderableType) -> RenderableType:
    return Padding(what, (0, 0, 0, 2))


def _foot(answer: Answer, lang: str, cost: tuple[float, float]) -> str:
    w = answer.case.w
    text = tr(lang, "this look cost {cpu:.2f} s of CPU in {wall:.1f} s").format(cpu=cost[0], wall=cost[1])
    if not w.window:
        return text
    shown = tr(lang, "growth below {least} a minute does not show in it")
    return f"{text}; {shown.format(least=amount(least(answer.case), 'bytes'))}"
