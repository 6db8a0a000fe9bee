"""The line that tells on a terminal how far a command is: on standard error, replaced and in the end gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

WIDTH = 80
"""Columns of a terminal that does not tell."""


def wanted() -> bool:
    """Whether somebody looks: in a pipe nothing is said."""
    return sys.stderr.isatty()


def show(text: str) -> None:
    """This in place of what was said before, if somebody looks. It may hold names of others."""
    if not wanted():
        return
    if text:
        from jinmaek.views.fit import clip
        from jinmaek.views.plain import safe

        # Never a second line: it would stay.
        text = clip(safe(text), _width() - 2) + " "
    sys.stderr.write(f"\r\033[K{text}")
    sys.stderr.flush()


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH
    except (OSError, ValueError):  # a standard error that is no file
        return WIDTH


def clear() -> None:
    """Leave no sign behind."""
    show("")


def countdown(text: str) -> Callable[[float], None] | None:
    """Shows a text with the seconds ``left`` in it; None where nobody looks."""

    def tell(left: float) -> None:
        show(text.format(left=f"{left:.0f}") if left > 0 else "")

    return tell if wanted() else None


def part(text: str) -> Callable[[float], None] | None:
    """Shows a text with the ``share`` that is done in it; None where nobody looks."""

    def tell(share: float) -> None:
        show(text.format(share=f"{share:4.0%}"))

    return tell if wanted() else None
