"""Sentences broken into lines of a width, wide characters counted as two cells."""

from __future__ import annotations

import re

from jinmaek.views.fit import cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


GLUE = "\u00a0"
AMOUNT = r"(?<=\d) (?=[KMGTPE]?i?B\b|%|pages)"
"""The space inside an amount: a number and its unit stay together."""
WIDEST = 120
NARROWEST = 60


def screen() -> int:
    """Cells of a line: the terminal's, or what COLUMNS says, within what can be read; 100 in a pipe."""
    from shutil import get_terminal_size

    return max(NARROWEST, min(WIDEST, get_terminal_size((100, 40)).columns))


def wrap(text: str, width: int, first: str = "", rest: str = "") -> Iterator[str]:
    """Lines of at most ``width`` cells where words allow; ``first`` and ``rest`` stand before them."""
    line, lead = "", first
    for word in re.sub(AMOUNT, GLUE, text).split(" "):
        grown = f"{line} {word}" if line else word
        if line and cells(lead + grown) > width:
            yield (lead + line).replace(GLUE, " ")
            line, lead = word, rest
        else:
            line = grown
    yield (lead + line).replace(GLUE, " ")
