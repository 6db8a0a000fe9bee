"""Disks as a page: how fast each answers, how busy it is, what is under way."""

from __future__ import annotations

import math
from collections.abc import Iterator

from jinmaek.diagnosis.evaluate import Missing
from jinmaek.diagnosis.expr import Expr, now, rate
from jinmaek.i18n import tr
from jinmaek.model import Labels
from jinmaek.views.fit import cut, pad
from jinmaek.views.procps import MISSING
from jinmaek.views.tui.line import Line, Piece, line, share_bar, wrapped
from jinmaek.views.tui.source import Told
from jinmaek.views.units import amount

NAME = 12
BAR = 12

COLUMNS: dict[str, tuple[Expr, str, str]] = {
    "busy": (rate("diskstats.io_ticks"), "ratio", "diskstats.io_ticks"),
    "reads/s": (rate("diskstats.read_ios"), "count", "diskstats.read_ios"),
    "writes/s": (rate("diskstats.write_ios"), "count", "diskstats.write_ios"),
    "read": (rate("diskstats.read_sectors"), "bytes/s", "diskstats.read_sectors"),
    "written": (rate("diskstats.write_sectors"), "bytes/s", "diskstats.write_sectors"),
    "a read": (rate("diskstats.read_ticks") / rate("diskstats.read_ios"), "seconds", "diskstats.read_ticks"),
    "a write": (
        rate("diskstats.write_ticks") / rate("diskstats.write_ios"), "seconds", "diskstats.write_ticks",
    ),
    "at once": (now("diskstats.in_flight"), "count", "diskstats.in_flight"),
}  # fmt: skip
"""Head of a column: expression, unit, and the word that explains it."""
EXPRS: dict[str, Expr] = {name: expr for name, (expr, _, _) in COLUMNS.items()}
FITTING = (("read", "written"), ("at once",), ("reads/s", "writes/s"))
"""Columns that are left out one after another where there is no room."""
WIDE = 12


def lines(told: Told, lang: str, width: int) -> Iterator[Line]:
    """One line for each device, the busiest first; those that did nothing in one line."""
    busy = told.get("busy")
    if not busy or isinstance(busy, Missing):
        why = (
            ""
            if not isinstance(busy, Missing)
            else f"{busy.gap.source} {tr(lang, busy.gap.kind)} {busy.gap.detail}"
        )
        yield from wrapped(why or tr(lang, "a rate needs two readings"), width, "warn")
        return
    shown = [name for name in COLUMNS if name not in _left_out(width)]
    heads = "".join(pad(tr(lang, name), WIDE) for name in shown)
    graph = width >= NAME + WIDE * len(shown) + BAR + 1
    yield line((pad(tr(lang, "device"), -NAME), "head"), (heads, "head"), (" " * (BAR + 1) * graph, "head"))
    at_work = {
        labels for name in COLUMNS for labels, value in _values(told, name) if value and math.isfinite(value)
    }
    for labels, share in sorted(busy.items(), key=lambda one: (-one[1], one[0])):
        if labels not in at_work:
            continue
        device = dict(labels)["device"]
        figures = "".join(pad(_figure(told, name, labels), WIDE) for name in shown)
        tail: list[Piece] = [" ", share_bar(share, BAR, "bad" if share > 0.9 else "a")] if graph else []
        yield line(
            (pad(cut(device, NAME), -NAME), "bold"), figures, *tail, about="diskstats.io_ticks", key=device
        )
    idle = sorted(dict(labels)["device"] for labels in busy if labels not in at_work)
    if idle:
        yield line()
        text = tr(lang, "did nothing: {list}").format(list=", ".join(idle))
        yield from wrapped(text, width, "dim", about="diskstats.read_ios")
    yield line()
    yield from wrapped(
        tr(
            lang,
            "Busy is the share of the time in which a request was under way; a disk that serves many at once "
            "may be always busy and far from its limit. What a request takes says more.",
        ),
        width,
        "dim",
        about="diskstats.io_ticks",
    )


def _left_out(width: int) -> set[str]:
    left: set[str] = set()
    for names in FITTING:
        if NAME + WIDE * (len(COLUMNS) - len(left)) <= width:
            break
        left.update(names)
    return left


def _values(told: Told, name: str) -> list[tuple[Labels, float]]:
    found = told.get(name)
    return [] if found is None or isinstance(found, Missing) else list(found.items())


def _figure(told: Told, name: str, labels: Labels) -> str:
    value = dict(_values(told, name)).get(labels)
    # Nothing over nothing: no read, no time of a read.
    return MISSING if value is None or not math.isfinite(value) else amount(value, COLUMNS[name][1])
