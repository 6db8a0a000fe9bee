"""``explain``: a page about one subject, the choice between several, and the lists of what there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from jinmaek.explain.entry import BLANK
from jinmaek.explain.find import Subject, siblings
from jinmaek.explain.formula import Vector
from jinmaek.explain.page import Figure, Page
from jinmaek.explain.sources import since, source
from jinmaek.explain.vocabulary import known
from jinmaek.i18n import explained, tr
from jinmaek.model import Gap, Labels
from jinmaek.views.fit import cells, folded, pad
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING
from jinmaek.views.units import amount, span

WIDTH = 78
NAME = 26
"""Cells of a name in a list."""
ROWS = 8
"""Rows of a table that are shown, the largest where there are more; JSON has them all."""


def lines(
    page: Page,
    lang: str,
    *,
    up: float | None = None,
    also: Sequence[Subject] = (),
    own: int | None = None,
) -> Iterator[str]:
    """The page about a subject. ``up`` are the seconds its averages since boot are of, ``also`` what else is
    called by the word that was typed, ``own`` the pid of this program where figures of a process are its own.
    """
    subject, entry = page.subject, page.subject.entry
    shown = f"  ({', '.join(subject.shown)})" if subject.shown else ""
    yield subject.name + shown
    yield from _indented(explained(lang, subject.meaning))
    if entry is not None:
        for text in (explained(lang, entry.text), said(page, lang)):
            if text:
                yield ""
                yield from _indented(text)
    yield from _computed(page, lang, up)
    if page.inputs:
        yield ""
        yield tr(lang, "this host")
        yield from figures(page.inputs, lang)
        if own is not None and any(known()[one.column].of_process for one in page.inputs):
            text = tr(lang, "The process is jinmaek itself [{pid}]; --pid PID shows another.")
            yield from _indented(text.format(pid=own))
    yield ""
    yield from _about(page, lang)
    yield from _fact(tr(lang, "also"), ", ".join(one.name for one in also))


def said(page: Page, lang: str, given: Mapping[str, str] | None = None) -> str:
    """The sentence of the entry with this host's figures in it; empty where one is not known."""
    entry = page.subject.entry
    if entry is None or not entry.here:
        return ""
    values = dict(given or {})
    for one in page.inputs:
        values.setdefault(one.column, _single(one.values, one.unit))
    for step in page.steps:
        values.setdefault(step.step.name, _single(step.values, step.step.unit))
    result = page.result
    values.setdefault("value", amount(*result) if result else MISSING)
    if any(values.get(blank, MISSING) == MISSING for blank in entry.blanks()):
        return ""
    return BLANK.sub(lambda blank: values[blank[1]], explained(lang, entry.here))


def _computed(page: Page, lang: str, up: float | None) -> Iterator[str]:
    if not page.steps:
        return
    yield ""
    yield tr(lang, "computed here")
    for one in page.steps:
        name = one.step.name or tr(lang, "result")
        yield from _hanging(f"  {pad(name, -11)} ", one.step.text)
        shown, more = _values(one.values, one.step.unit, lang)
        yield from (f"{' ' * 14}= {text}" for text in shown)
        yield from (f"{' ' * 14}{text}" for text in more)
    difference = page.difference
    if difference is not None and page.own is not None:
        text = tr(lang, "The kernel itself says {value}: a difference of {difference}.")
        if page.result is None:
            text = tr(lang, "Largest difference from what the kernel itself says: {difference}.")
        theirs = _single(page.own.values, page.own.unit)
        yield from _indented(text.format(value=theirs, difference=amount(*difference)))
    if page.rated and up is not None:
        text = tr(lang, "Rates are averages since boot, {time}: jinmaek vmstat 1 shows those of now.")
        yield from _indented(text.format(time=span(up, lang)))


def figures(inputs: Sequence[Figure], lang: str) -> Iterator[str]:
    """Columns and their values; of a table with rows one line for each row."""
    width = max((len(one.column) for one in inputs), default=0)
    tables: dict[str, list[Figure]] = {}
    for one in inputs:
        tables.setdefault(one.column.partition(".")[0], []).append(one)
    for table, columns in tables.items():
        rows = [one.values for one in columns if not isinstance(one.values, Gap) and () not in one.values]
        if len(rows) > 1:
            yield from _grid(table, columns, lang)
            continue
        for one in columns:
            shown, more = _values(one.values, one.unit, lang)
            first, *rest = [*shown, *more]
            yield f"  {pad(one.column, -width)}  {first}"
            yield from (f"  {' ' * width}  {text}" for text in rest)


def _grid(table: str, columns: Sequence[Figure], lang: str) -> Iterator[str]:
    """Several columns of one table: a row for each of its rows, where they are many of the largest."""
    there = [one.values for one in columns if not isinstance(one.values, Gap)]
    labels = list(dict.fromkeys(row for values in there for row in values))
    if len(labels) > ROWS:
        labels.sort(key=lambda row: [values.get(row, 0) for values in there], reverse=True)
    shown = labels[:ROWS]
    heads = [f"  {table}", *(one.column.partition(".")[2] for one in columns)]
    cells_of = [[f"    {_labels(row).strip()}", *(_cell(one, row) for one in columns)] for row in shown]
    widths = [max(len(row[n]) for row in (heads, *cells_of)) for n in range(len(heads))]
    for first, *rest in (heads, *cells_of):
        yield pad(first, -widths[0]) + "".join(
            f"  {pad(text, width)}" for text, width in zip(rest, widths[1:], strict=True)
        )
    yield from (f"    {text}" for text in _more(len(labels), lang))


def _cell(one: Figure, row: Labels) -> str:
    if isinstance(one.values, Gap) or row not in one.values:
        return MISSING
    return amount(one.values[row], one.unit).removesuffix(" pages")


def _values(values: Vector | Gap, unit: str, lang: str) -> tuple[list[str], list[str]]:
    """A line for each value, the largest where they are many, and a line that says how many more."""
    if isinstance(values, Gap):
        return [f"{MISSING}  ({safe(values.source)} {tr(lang, values.kind)})"], []
    if not values:
        return [MISSING], []
    labels = list(values)
    if len(labels) > ROWS:
        labels.sort(key=values.__getitem__, reverse=True)
    shown = [f"{amount(values[row], unit)}{_labels(row)}" for row in labels[:ROWS]]
    return shown, _more(len(labels), lang)


def _more(rows: int, lang: str) -> list[str]:
    return [tr(lang, "… and {count} more").format(count=rows - ROWS)] if rows > ROWS else []


def _labels(labels: Labels) -> str:
    return "".join(f"  {name}={safe(value)}" for name, value in labels)


def _single(values: Vector | Gap, unit: str) -> str:
    return MISSING if isinstance(values, Gap) or () not in values else amount(values[()], unit)


def _about(page: Page, lang: str) -> Iterator[str]:
    subject, column = page.subject, page.subject.column
    if column is not None:
        kind = {"counter": tr(lang, "counter"), "gauge": tr(lang, "gauge")}[column.column.kind]
        words = [kind, column.column.unit]
        first = since(subject)
        if first is not None:
            words.append(tr(lang, "since Linux {version}").format(version=first))
        yield from _fact(tr(lang, "kind"), ", ".join(words))
        yield from _fact(tr(lang, "file"), column.file)
    elif since(subject) is not None:
        yield from _fact(tr(lang, "since"), f"Linux {since(subject)}")
    yield from _fact(tr(lang, "source"), source(subject))
    if column is not None and column.metric:
        own = f" ({tr(lang, 'no exporter has it')})" if column.metric.startswith("jinmaek_") else ""
        yield from _fact("Prometheus", column.metric + own)
    yield from _fact(tr(lang, "rules"), ", ".join(page.rules))
    also = siblings(subject)
    yield from _fact(tr(lang, "together"), ", ".join(also[:ROWS]) + (", …" if len(also) > ROWS else ""))
    yield from _fact(tr(lang, "see"), ", ".join(subject.entry.see) if subject.entry else "")


def _fact(heading: str, text: str) -> Iterator[str]:
    if text:
        yield from _hanging(pad(heading, -11) + " ", text)


def choices(word: str, subjects: Sequence[Subject], lang: str) -> Iterator[str]:
    """Several things that are called by one word: their exact names, to be typed."""
    yield tr(lang, "{word} is the name of several things:").format(word=safe(word))
    yield from listing(((one.name, one) for one in subjects), lang)
    yield tr(lang, "jinmaek explain NAME tells of one.")


def listing(named: Iterable[tuple[str, Subject]], lang: str) -> Iterator[str]:
    """A line for each: its name and its meaning."""
    for name, subject in named:
        full = f"  = {subject.name}" if name not in (subject.name, subject.name.partition(".")[2]) else ""
        shown = f" [{', '.join(subject.shown)}]" if subject.shown and name == subject.name else ""
        yield from _hanging(f"  {pad(name, -NAME)} ", explained(lang, subject.meaning) + shown + full)


def overview(groups: Iterable[tuple[str, Iterable[tuple[str, str]]]], lang: str) -> Iterator[str]:
    """What can be asked for: groups of words, a line for each."""
    for heading, words in groups:
        yield heading
        for name, meaning in words:
            yield from _hanging(f"  {pad(name, -NAME)} ", meaning)
        yield ""
    yield tr(
        lang, "jinmaek explain WORD: any of these, or a field, a column, a state letter, a sysctl, a rule."
    )


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in folded(text, WIDTH - 2))


def _hanging(head: str, text: str) -> Iterator[str]:
    """Text beside a heading, its further lines below its first."""
    room = max(20, WIDTH - cells(head))
    first, *rest = folded(text, room)
    yield head + first
    yield from (" " * cells(head) + line for line in rest)
