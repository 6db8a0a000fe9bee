"""The process table on the screen: only the lines that are seen are put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from jinmaek.views.fit import cells, clip
from jinmaek.views.plain import safe
from jinmaek.views.top import Shown, arrange, table
from jinmaek.views.top_frame import Frame
from jinmaek.views.top_processes import Process
from jinmaek.views.tui.lines import MOVES, RICH
from jinmaek.views.tui.process_tree import tree

ROW = {"R": "good", "D": "bad", "Z": "warn", "T": "warn", "t": "warn"}
"""Colours of lines by state; the letter says the same."""


NARROW = (
    (110, frozenset[str]()),
    (96, frozenset({"PR", "NI"})),
    (72, frozenset({"PR", "NI", "SHR", "%MEM"})),
)
"""Columns that make room for names, by the least width that is wide enough."""
NARROWEST = frozenset({"PR", "NI", "SHR", "%MEM", "VIRT", "TIME+"})


class ProcessTable(ScrollView, can_focus=True):
    """Columns and order are those of ``top``; the line at the cursor is shown in reverse."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]

    class Chosen(Message):
        """Enter was pressed on a process."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.frame: Frame | None = None
        self.shown = Shown()
        self.as_tree = False
        self.needle = ""
        self.rows: Sequence[Process] = ()
        self.cursor = 0
        self._branches: dict[int, str] = {}
        self._told: tuple[object, list[str]] = (None, [])

    def show(self, frame: Frame, shown: Shown) -> None:
        """Another picture, or another order of the same; the cursor stays at its process."""
        self.frame, self.shown = frame, shown
        at = self.current
        rows: Sequence[Process] = arrange(frame, shown)
        if self.needle:
            rows = [one for one in rows if self._has(one, frame)]
        self._branches = {}
        if self.as_tree and not frame.threads:
            rows, self._branches = tree(rows)
        self.rows = rows
        if at is not None:
            same = (
                place
                for place, one in enumerate(rows)
                if one.pid == at.pid and one.start_time == at.start_time
            )
            self.cursor = next(same, self.cursor)
        self.cursor = min(self.cursor, max(0, len(rows) - 1))
        self._told = (None, [])
        self.virtual_size = Size(self._width, len(rows) + 1)
        self._into_view()
        self.refresh()

    @property
    def current(self) -> Process | None:
        """The process at the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def _width(self) -> int:
        return max(1, self.scrollable_content_region.width)

    def _has(self, one: Process, frame: Frame) -> bool:
        name = frame.commands.get(one.tgid) or one.comm
        return (
            self.needle in safe(name).casefold()
            or self.needle in safe(one.user).casefold()
            or self.needle == str(one.pid)
        )

    def on_resize(self) -> None:
        if self.frame is not None:
            self.show(self.frame, self.shown)

    def render_line(self, y: int) -> Strip:
        """The heads stand still in the first line, processes are scrolled below them."""
        width = self._width
        if self.frame is None:
            return Strip.blank(width, self.rich_style)
        heads, lines = self._window(width)
        if y == 0:
            return Strip([Segment(heads, RICH["head"])], width).apply_style(self.rich_style)
        place = y - 1
        if place >= len(lines):
            return Strip.blank(width, self.rich_style)
        at = self.scroll_offset.y + place
        style = (
            RICH["head"] if at == self.cursor and self.has_focus else RICH[ROW.get(self.rows[at].state, "")]
        )
        return Strip([Segment(lines[place], style)], width).apply_style(self.rich_style)

    def _window(self, width: int) -> tuple[str, list[str]]:
        """The heads and the lines that are seen, made once for a picture and a place."""
        assert self.frame is not None
        top, height = self.scroll_offset.y, self.size.height - 1
        wanted = (id(self.frame), top, height, width, self.shown)
        if self._told[0] != wanted:
            seen = self.rows[top : top + height]
            frame, shown = self.frame, self.shown
            if self._branches:
                named = {one.tgid: self._branches.get(one.pid, "") + self._called(one) for one in seen}
                frame, shown = replace(frame, commands=named), replace(shown, command_line=True)
            without = next((names for least, names in NARROW if width >= least), NARROWEST)
            made = table(frame, replace(shown, without=without), seen, width)
            self._told = (wanted, [_padded(text, width) for text in made])
        heads, *lines = self._told[1]
        return heads, lines

    def _called(self, one: Process) -> str:
        assert self.frame is not None
        text = self.frame.commands.get(one.tgid) if self.shown.command_line else None
        return text or one.comm

    def on_click(self, event: Click) -> None:
        if event.y > 0:
            self._go(event.y - 1 + self.scroll_offset.y)

    def action_move(self, by: int) -> None:
        """The cursor up or down."""
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        """A screen up or down."""
        self._go(self.cursor + by * max(1, self.size.height - 2))

    def action_to(self, place: int) -> None:
        """To the first process, or the last."""
        self._go(len(self.rows) - 1 if place < 0 else place)

    def action_choose(self) -> None:
        """More about this process."""
        self.post_message(self.Chosen())

    def _go(self, place: int) -> None:
        self.cursor = min(max(0, place), max(0, len(self.rows) - 1))
        self._into_view()
        self.refresh()

    def _into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)


def _padded(text: str, width: int) -> str:
    short = clip(text, width)
    return short + " " * (width - cells(short))
