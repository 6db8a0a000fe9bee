"""A page of lines on the screen: scrolled, with a cursor, made anew for the width it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from jinmaek.views.fit import cells
from jinmaek.views.tui.line import STYLES, Line, fit

RICH = {name: Style.parse(told) if told else Style() for name, told in STYLES.items()}
MARK = Style(bold=True)
Make = Callable[[int], Sequence[Line]]
"""The lines of a page for a width."""


MOVES: tuple[BindingType, ...] = (
    Binding("up", "move(-1)", show=False),
    Binding("down", "move(1)", show=False),
    Binding("ctrl+u", "page(-1)", show=False),
    Binding("ctrl+d", "page(1)", show=False),
    Binding("pageup", "page(-1)", show=False),
    Binding("pagedown", "page(1)", show=False),
    Binding("home", "to(0)", show=False),
    Binding("end", "to(-1)", show=False),
    Binding("enter", "choose", show=False),
)
"""Keys of whatever has a cursor that goes from line to line."""


class Lines(ScrollView, can_focus=True):
    """Shows what ``show`` is given. The line at the cursor bears a mark, so that no colour is needed."""

    DEFAULT_CSS = "Lines { scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll; }"

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]

    class Chosen(Message):
        """Enter was pressed on a line."""

        def __init__(self, line: Line) -> None:
            super().__init__()
            self.line = line

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make: Make = lambda _: ()
        self.lines: Sequence[Line] = ()
        self.cursor = 0
        self.margin_cells = 2
        """Cells before each line, where the mark of the cursor is."""
        self.needle = ""
        """Only lines with this text, and those without a key, are shown."""

    def show(self, make: Make, *, top: bool = False) -> None:
        """Another page, or the same anew: the cursor stays at what it was at, or goes to the top."""
        self._make = make
        if top:
            self.cursor = 0
            self.scroll_to(0, 0, animate=False)
        self._lay()

    @property
    def current(self) -> Line | None:
        """The line at the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def find(self, needle: str) -> None:
        """Show only lines that have this text."""
        self.needle = needle.casefold()
        self._lay()

    def on_resize(self) -> None:
        self._lay()

    def _lay(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        before = self.current
        made = self._make(max(20, width - self.margin_cells))
        if self.needle:
            made = [one for one in made if one.key is None or self.needle in one.text.casefold()]
        self.lines = made
        if before is not None and before.key is not None:
            same = (place for place, one in enumerate(made) if one.key == before.key)
            self.cursor = next(same, self.cursor)
        self.cursor = min(self.cursor, max(0, len(made) - 1))
        self.virtual_size = Size(width, len(made))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        at = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if at >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        here = at == self.cursor and self.has_focus
        margin = self.margin_cells
        told = fit(self.lines[at], width - margin)
        segments = [Segment("▌ " if here else "  ", MARK if here else None)] if margin else []
        segments += [Segment(text, RICH[style]) for text, style in told.parts]
        rest = width - margin - cells(told.text)
        if rest > 0:
            reversed_ = bool(told.parts) and told.parts[-1][1] == "head"
            segments.append(Segment(" " * rest, RICH["head"] if reversed_ else None))
        return Strip(segments, width).apply_style(self.rich_style)

    def on_click(self, event: Click) -> None:
        if self.can_focus:
            self._go(event.y + self.scroll_offset.y)

    def action_move(self, by: int) -> None:
        """The cursor up or down."""
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        """A screen up or down."""
        self._go(self.cursor + by * max(1, self.size.height - 1))

    def action_to(self, place: int) -> None:
        """To the first line, or the last."""
        self._go(len(self.lines) - 1 if place < 0 else place)

    def action_choose(self) -> None:
        """What this line leads to."""
        if self.current is not None:
            self.post_message(self.Chosen(self.current))

    def _go(self, place: int) -> None:
        self.cursor = min(max(0, place), max(0, len(self.lines) - 1))
        top, height = self.scroll_offset.y, self.size.height
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)
        self.refresh()
