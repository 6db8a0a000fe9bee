"""``--explain`` of the classic views: after the table, each of its columns in this host's own figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jinmaek.explain.find import shown
from jinmaek.explain.here import Here
from jinmaek.explain.page import page
from jinmaek.i18n import explained, tr
from jinmaek.views.explain import WIDTH, said
from jinmaek.views.fit import cells, folded, pad

NAME = 11
"""Cells of a column's name; ``CACHE SIZE`` is the longest."""


def lines(
    view: str, columns: Iterable[str], here: Here, lang: str, given: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A line or two for each column; ``given`` are figures of the view itself, ready to be printed.

    What this host has no figure for is explained without one.
    """
    yield ""
    for column in columns:
        subject = shown(view, column)
        text = said(page(subject, here), lang, given) or explained(lang, subject.meaning)
        first, *rest = folded(text, WIDTH - NAME - 1)
        yield f"{pad(column, -NAME)} {first}" if cells(column) <= NAME else f"{column} {first}"
        yield from (f"{' ' * NAME} {line}" for line in rest)
    yield tr(lang, "More: jinmaek explain {word}").format(word=f"{view}.{column}")
