"""History as a page: how the last minutes went, and of a recording what was wrong when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinmaek.i18n import tr
from jinmaek.views.finding import moment
from jinmaek.views.fit import cut, pad
from jinmaek.views.tui.line import Line, heading, line, spark, wrapped
from jinmaek.views.tui.source import CHARTS, TRACES, Event, Happened, Picture
from jinmaek.views.units import amount, span

NAME = 20
VALUE = 12
WORDS = {
    "CPU busy": "stat_cpu.user",
    "memory in use": "meminfo.MemAvailable",
    "waiting for CPU": "pressure_cpu.some_total",
    "for memory": "pressure_memory.some_total",
    "for I/O": "pressure_io.some_total",
}
"""What explains a trace."""
TITLES = {"for memory": "waiting for memory", "for I/O": "waiting for I/O"}
"""Of traces whose name needs those beside it."""


def charts(picture: Picture, lang: str, width: int) -> Iterator[Line]:
    """One graph a line: its height is its own largest value, or 100 % of a share."""
    yield heading(tr(lang, "lately"), width)
    room = max(10, width - NAME - 2 * VALUE)
    yield line(
        (" " * (NAME + room), ""),
        (pad(tr(lang, "now"), VALUE), "dim"),
        (pad(tr(lang, "highest"), VALUE), "dim"),
    )
    for name in (*TRACES, *CHARTS):
        values = picture.traces.get(name, ())
        unit, word = ("ratio", WORDS[name]) if name in TRACES else CHARTS[name][1:]
        yield _chart(name, values, unit, word, lang, room)


def _chart(name: str, values: Sequence[float | None], unit: str, word: str, lang: str, room: int) -> Line:
    known = [value for value in values if value is not None]
    now = amount(values[-1], unit) if values and values[-1] is not None else "-"
    most = amount(max(known), unit) if known else "-"
    top = 1.0 if unit == "ratio" else None
    return line(
        pad(cut(tr(lang, TITLES.get(name, name)), NAME - 1), -NAME),
        (spark(values, room, top), "label"),
        (pad(now, VALUE), "bold"),
        (pad(most, VALUE), "dim"),
        about=word,
        key=name,
    )


def happened(
    found: Happened | None, gaps: Sequence[tuple[float, float, str]], lang: str, width: int
) -> Iterator[Line]:
    """What was wrong from the begin of the record on, and where samples are missing; Enter goes there."""
    yield line()
    share = "" if found is None or found.share >= 1 else f" ({found.share:.0%})"
    yield heading(tr(lang, "what was wrong when") + share, width)
    if found is None:
        yield line((tr(lang, "judging what was recorded"), "dim"))
    told: list[tuple[float, Line]] = [(one.since, _event(one, lang)) for one in found.events] if found else []
    told += [(since, _gap(since, until, why, lang)) for since, until, why in gaps]
    for _, one in sorted(told, key=lambda one: one[0]):
        yield one
    if found is not None and found.share >= 1 and not found.events:
        yield line((tr(lang, "Nothing was wrong in all of the record."), "good"))
    if told:
        yield line()
        yield from wrapped(
            tr(lang, "Enter goes to the moment of a line; n and N to the next and the one before."),
            width,
            "dim",
        )


def _event(one: Event, lang: str) -> Line:
    return line(
        moment(one.since),
        f"  {pad(span(one.until - one.since, lang), 12)}  ",
        (f" {tr(lang, one.severity.upper())} ", one.severity),
        f" {one.title}",
        (f"  {one.rule}", "dim"),
        about=one.rule,
        key=f"{one.since}{one.title}",
        moment=one.since,
    )


def _gap(since: float, until: float, why: str, lang: str) -> Line:
    text = tr(lang, "no samples: {why}").format(why=why)
    length = pad(span(until - since, lang), 12)
    return line((f"{moment(since)}  {length}  {text}", "dim"), key=f"gap{since}", moment=since)
