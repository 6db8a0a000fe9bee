"""Lines of a page: pieces of harmless text with a style each, and what the line is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jinmaek.views.fit import cells, clip
from jinmaek.views.paragraph import wrap
from jinmaek.views.plain import safe

STYLES = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "label": "cyan",
    "good": "green",
    "warn": "yellow",
    "bad": "red",
    "critical": "bold white on red",
    "warning": "bold black on yellow",
    "info": "bold cyan",
    "benign": "green",
    "head": "reverse",
    "key": "bold",
    "a": "green",
    "b": "blue",
    "c": "magenta",
    "d": "cyan",
    "e": "yellow",
}
"""By name, as Rich writes styles; letters are colours that only tell parts of a bar apart."""

LEVELS = " ▁▂▃▄▅▆▇█"
FILLS = "█▓▒░"
"""Parts of a bar differ in these too: there may be no colour."""

Piece = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces of (text, name of style). ``about`` is the word that ``?`` explains, ``key`` what the line is of
    when the page is made anew, ``moment`` a time it leads to, in seconds since the epoch."""

    parts: tuple[tuple[str, str], ...] = ()
    about: str | None = None
    key: str | None = None
    moment: float | None = None

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.parts)


def line(
    *pieces: Piece, about: str | None = None, key: str | None = None, moment: float | None = None
) -> Line:
    """A line; whatever would steer a terminal is made harmless here, for every page."""
    told = ((one, "") if isinstance(one, str) else one for one in pieces)
    return Line(tuple((safe(text), style) for text, style in told if text), about, key, moment)


def wrapped(
    text: str, width: int, style: str = "", *, lead: Piece = "", about: str | None = None
) -> Iterator[Line]:
    """A sentence in lines of a width, further ones below the first; ``lead`` stands before it."""
    first, shown = (lead, "") if isinstance(lead, str) else lead
    room = max(10, width - cells(first))
    for place, told in enumerate(wrap(safe(text), room)):
        yield line((" " * cells(first) if place else first, shown), (told, style), about=about)


def plain(texts: Iterable[str], about: str | None = None) -> Iterator[Line]:
    """Ready lines without a style."""
    return (line(text, about=about) for text in texts)


def heading(text: str, width: int, style: str = "bold") -> Line:
    """A title with a rule behind it."""
    return line((f"{text} ", style), ("─" * max(0, width - cells(text) - 1), "dim"))


def fit(told: Line, width: int) -> Line:
    """The line cut to a width."""
    left, kept = width, []
    for text, style in told.parts:
        short = clip(text, left)
        if short:
            kept.append((short, style))
        left -= cells(short)
        if short != text:
            break
    return Line(tuple(kept), told.about, told.key, told.moment)


def spark(values: Sequence[float | None], width: int, top: float | None = None) -> str:
    """The last values as a row of blocks, 0 to ``top`` (their largest); a moment not known is a gap."""
    shown = list(values)[-width:]
    most = top or max((value for value in shown if value is not None), default=0.0)
    text = "".join(_block(value, most) for value in shown)
    return text.rjust(width)


def _block(value: float | None, most: float) -> str:
    if value is None:
        return " "
    if most <= 0 or value <= 0:
        return LEVELS[1]
    return LEVELS[min(8, max(1, round(value / most * 8)))]


def bar(parts: Sequence[tuple[float, str]], whole: float, width: int) -> list[tuple[str, str]]:
    """A bar of ``width`` cells for ``whole``: parts differ in fill and in colour."""
    pieces: list[tuple[str, str]] = []
    at, done = 0.0, 0
    for place, (size, style) in enumerate(parts):
        at += max(0.0, size)
        end = min(width, round(at / whole * width)) if whole > 0 else 0
        if end > done:
            pieces.append((FILLS[place % len(FILLS)] * (end - done), style))
            done = end
    pieces.append(("·" * (width - done), "dim"))
    return pieces


def share_bar(share: float | None, width: int, style: str = "a") -> tuple[str, str]:
    """One share from 0 to 1 as a small bar; empty where it is not known."""
    if share is None:
        return " " * width, ""
    full = min(width, max(0, round(share * width)))
    return "█" * full + "·" * (width - full), style
