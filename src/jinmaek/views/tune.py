"""The knobs of the memory management on one host: misfits, then what decides nothing, then what fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from jinmaek.advice.knob import Figure, Kind, Knob
from jinmaek.advice.tuning import Judged, Tried, find
from jinmaek.i18n import tr
from jinmaek.model import Gap
from jinmaek.views.plain import safe
from jinmaek.views.tune_words import fact, full, kind, lasting, our_setting, setting, text, undoing, worth
from jinmaek.views.units import amount, span

STYLES: dict[Kind, str] = {
    "misfit": "bold black on yellow",
    "irrelevant": "cyan",
    "fits": "green",
    "unknown": "yellow",
}
HEADINGS: dict[Kind, str] = {"irrelevant": "cyan", "fits": "green", "unknown": "yellow"}


@dataclass(frozen=True, slots=True)
class Where:
    """What was looked at, and over which time."""

    host: str
    kernel: str
    source: str
    window_s: float
    """0 for a single reading."""
    uptime_s: float | None


def overview(found: Sequence[Judged], where: Where, lang: str) -> RenderableType:
    """All knobs on one screen."""
    parts: list[RenderableType] = [*_head(where, lang), _counted(found, lang)]
    for one in found:
        if one.answer.kind == "misfit":
            parts += ["", *_misfit(one, lang)]
    for of, style in HEADINGS.items():
        group = [one for one in found if one.answer.kind == of]
        if group:
            parts += ["", Line(kind(of, lang), align="left", style=style), _rows(group, lang)]
    if any(one.default is not None and one.default != one.value for one in found):
        parts += ["", Text(tr(lang, "* not the kernel's default"), style="dim")]
    more = tr(lang, "more about one: jinmaek tune NAME · what if: jinmaek tune NAME=VALUE")
    return Group(*parts, "", Text(more, style="dim"))


def _head(where: Where, lang: str) -> Iterator[RenderableType]:
    first = Text("jinmaek tune  ", style="bold")
    first.append(safe(where.host), style="bold cyan")
    first.append(f"  Linux {safe(where.kernel)}", style="dim")
    watched = (
        tr(lang, "watched for {time}").format(time=span(where.window_s, lang))
        if where.window_s
        else tr(lang, "one reading of {source}").format(source=safe(where.source))
    )
    if where.uptime_s is not None:
        since = tr(lang, "counters since boot: {time}").format(time=span(where.uptime_s, lang))
        watched = f"{watched}  ·  {since}"
    first.append(f"  {watched}", style="dim")
    yield first


def _counted(found: Sequence[Judged], lang: str) -> RenderableType:
    kinds = [one.answer.kind for one in found]
    shown = [f"{kind(of, lang)} {kinds.count(of)}" for of in STYLES]
    return Text("  ·  ".join(shown))


def _title(one: Judged, lang: str) -> Text:
    title = Text()
    title.append(f" {kind(one.answer.kind, lang)} ", style=STYLES[one.answer.kind])
    title.append(f" {full(one.knob)} = {worth(one.knob, one.value)}", style="bold")
    title.append(f"  {_default(one, lang)}", style="dim")
    return title


def _default(one: Judged, lang: str) -> str:
    if one.default is None:
        return ""
    if one.default == one.value:
        return tr(lang, "the kernel's default")
    return tr(lang, "the kernel's default is {value}").format(value=worth(one.knob, one.default))


def _misfit(one: Judged, lang: str) -> Iterator[RenderableType]:
    yield _title(one, lang)
    yield Padding(Text(_sentence(one, lang)), (0, 0, 0, 2))
    told = [fact(item, lang) for item in one.answer.evidence]
    if any(item.span == "since boot" for item in one.answer.evidence):
        told.append(tr(lang, "Counters since boot also tell of the time before the value was last changed."))
    yield labelled([(tr(lang, "evidence"), told), *_ways(one, lang)])


def _sentence(one: Judged, lang: str) -> str:
    sentence = text(one.answer.sentence, lang)
    return f"{sentence} {_gap(one.answer.gap, lang)}" if one.answer.gap else sentence


def _gap(gap: Gap, lang: str) -> str:
    if gap.kind == "too short":
        return f"{gap.source}: {tr(lang, 'one reading is not enough for a rate')}"
    return f"{gap.source} {tr(lang, gap.kind)}" + (f" ({gap.detail})" if gap.detail else "")


def _ways(one: Judged, lang: str) -> list[tuple[str, list[str]]]:
    """What to try, how to take it back, how to keep it."""
    if one.answer.attempt is None:
        return []
    name, value = one.answer.attempt
    knob = find(name)
    return [] if knob is None else ways(knob, value, one.undo, lang)


def ways(
    knob: Knob, value: int | str, undo: Sequence[tuple[Knob, int | str]], lang: str
) -> list[tuple[str, list[str]]]:
    """The commands: set, revert, keep."""
    line, file = lasting(knob, value)
    return [
        (tr(lang, "try"), [setting(knob, value), our_setting(knob.name, value, measure=True)]),
        (tr(lang, "revert"), undoing(undo)),
        (tr(lang, "persist"), [tr(lang, "line '{line}' in {file}").format(line=line, file=file)]),
    ]


def _rows(group: Sequence[Judged], lang: str) -> RenderableType:
    """A line per knob; those of one sentence together."""
    sentences: dict[str, list[Judged]] = {}
    for one in group:
        sentences.setdefault(_sentence(one, lang), []).append(one)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for sentence, same in sentences.items():
        names = Text("\n").join(_name_and_value(one) for one in same)
        grid.add_row(names, Text(safe(sentence)))
    return grid


def _name_and_value(one: Judged) -> Text:
    """The value bold where it is not the kernel's default, and marked for those who see no bold."""
    changed = one.default is not None and one.value is not None and one.default != one.value
    shown = Text(full(one.knob))
    shown.append(f" = {worth(one.knob, one.value)}", style="bold" if changed else "dim")
    return shown.append(" *") if changed else shown


def labelled(rows: Sequence[tuple[str, Sequence[str]]]) -> RenderableType:
    """Lines with a label before the first of each kind."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, lines in rows:
        for index, line in enumerate(lines):
            grid.add_row("" if index else label, Text(safe(line)))
    return Padding(grid, (0, 0, 0, 2))


def long_form(one: Judged, lang: str) -> RenderableType:
    """All about one knob: what it does, by which formula, what it comes to here, what it does not do."""
    knob = one.knob
    rows = [
        (tr(lang, "does"), [text(knob.does, lang)]),
        (tr(lang, "formula"), [text(knob.formula, lang)]),
        (tr(lang, "here"), [*_figures(one.figures, lang), *(text(note, lang) for note in one.notes)]),
        (tr(lang, "evidence"), [fact(item, lang) for item in one.answer.evidence]),
        (tr(lang, "does not do"), [text(line, lang) for line in knob.does_not]),
        (tr(lang, "range"), [_range(knob, lang)]),
        *_ways(one, lang),
        (tr(lang, "what if"), [f"jinmaek tune {knob.name}=VALUE"]),
        (tr(lang, "set"), [f"jinmaek tune --apply {knob.name}=VALUE"]),
        (tr(lang, "source"), [f"/{knob.path}", *knob.sources]),
    ]
    return Group(_title(one, lang), Padding(Text(_sentence(one, lang)), (0, 0, 0, 2)), labelled(rows))


def _figures(figures: Sequence[Figure], lang: str) -> list[str]:
    return [f"{text(item.name, lang)}: {amount(item.value, item.unit)}" for item in figures]


def _range(knob: Knob, lang: str) -> str:
    if knob.words:
        return ", ".join(knob.words)
    unit = f" {knob.unit}" if knob.unit else ""
    if knob.most is None or knob.most >= 2**31 - 1:
        return tr(lang, "from {least}").format(least=f"{knob.least}{unit}")
    return tr(lang, "{least} to {most}").format(least=knob.least, most=f"{knob.most}{unit}")


def what_if(tried: Tried, lang: str) -> RenderableType:
    """What another value would change."""
    knob = tried.knob
    title = Text()
    changes = {
        "nothing": tr(lang, "would change nothing"),
        "shifts": tr(lang, "would change something"),
        "unknown": tr(lang, "unknown"),
    }[tried.effect.kind]
    style = {"nothing": "cyan", "shifts": "bold black on yellow", "unknown": "yellow"}[tried.effect.kind]
    title.append(f" {changes} ", style=style)
    title.append(f" {full(knob)}: {worth(knob, tried.old)} → {worth(knob, tried.new)}", style="bold")
    sentence = text(tried.effect.sentence, lang)
    if tried.effect.gap:
        sentence = f"{sentence} {_gap(tried.effect.gap, lang)}"
    rows = [
        (tr(lang, "becomes"), _pairs(tried.figures, lang)),
        (tr(lang, "risk"), [text(tried.effect.risk, lang)] if tried.effect.risk else []),
        (tr(lang, "refused"), [_refused(tried, lang)] if tried.refused else []),
        (tr(lang, "here"), [text(note, lang) for note in tried.notes]),
        (tr(lang, "evidence"), [fact(item, lang) for item in tried.effect.evidence]),
    ]
    if tried.old != tried.new:
        rows += ways(knob, tried.new, tried.undo, lang)
    return Group(title, Padding(Text(safe(sentence)), (0, 0, 0, 2)), labelled(rows))


def _refused(tried: Tried, lang: str) -> str:
    return f"--apply: {text(tried.refused, lang) if tried.refused else ''}"


def _pairs(pairs: Sequence[tuple[Figure, Figure]], lang: str) -> list[str]:
    return [
        f"{text(now.name, lang)}: {amount(now.value, now.unit)} → {amount(then.value, then.unit)}"
        for now, then in pairs
    ]
