"""Where words are printed: in colour on a terminal, without padding into a pipe or a file."""

from __future__ import annotations

from rich.console import Console, RenderableType


def put(shown: RenderableType, console: Console | None = None) -> None:
    """Print once."""
    screen = console or Console(highlight=False, markup=False, emoji=False)
    if screen.is_terminal:
        screen.print(shown)
        return
    with screen.capture() as captured:
        screen.print(shown)
    # A pipe or a file wants no padding up to the width of a screen.
    for line in captured.get().splitlines():
        screen.out(line.rstrip(), highlight=False)
