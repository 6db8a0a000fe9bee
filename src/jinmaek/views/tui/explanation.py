"""What ``?`` shows: the thing at the cursor explained with the figures of the moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from jinmaek.explain.find import find
from jinmaek.explain.here import Here
from jinmaek.explain.page import page, rule_inputs, rule_of
from jinmaek.i18n import tr
from jinmaek.views.explain import figures
from jinmaek.views.explain import lines as explained
from jinmaek.views.fit import cells
from jinmaek.views.rules import sections
from jinmaek.views.top_explain import explain as columns_of
from jinmaek.views.top_frame import Frame
from jinmaek.views.top_processes import Process
from jinmaek.views.tui.line import Line, heading, line, plain, wrapped
from jinmaek.views.tui.lines import Lines


def of_word(word: str, here: Here, lang: str) -> list[Line]:
    """A field, a state or a rule; empty where there is no explanation of it."""
    rule = rule_of(word)
    if rule is not None:
        told = [line((rule.id, "info")), line((tr(lang, rule.title), "bold")), line()]
        told += wrapped(tr(lang, rule.why), 78)
        for title, texts in sections(rule, lang):
            told += [line(), line((title, "bold"))]
            for text in texts:
                told += wrapped(text, 76, lead="  ")
        told += [line(), line((tr(lang, "this host"), "bold"))]
        return [*told, *plain(figures(rule_inputs(rule, here), lang))]
    found = find(word).subjects
    return list(plain(explained(page(found[0], here), lang))) if found else []


def of_process(process: Process, frame: Frame, field: str, here: Here, lang: str) -> list[Line]:
    """Every column of a process in its own figures, then the column that is sorted by."""
    told = list(plain(columns_of(process, frame, lang)))
    more = of_word(f"top.{field}", here, lang)
    return [*told, line(), heading(field, 78), *more] if more else told


class Explanation(ModalScreen[None]):
    """A page over the screen; Escape, q or ? close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", show=False),
    ]
    CSS = """
    Explanation { align: center middle; }
    Explanation > Vertical { width: 86; max-width: 100%; height: 90%; border: round $primary; }
    Explanation > Vertical { background: $surface; }
    Explanation Lines { height: 1fr; background: $surface; }
    """

    def __init__(self, lines: Sequence[Line], lang: str) -> None:
        super().__init__()
        self._lines, self._lang = lines, lang

    def compose(self) -> ComposeResult:
        """The frame and the page in it."""
        yield Vertical(Lines(id="explained"))

    def on_mount(self) -> None:
        box = self.query_one(Vertical)
        box.border_title = tr(self._lang, "what it means")
        box.border_subtitle = tr(self._lang, "Esc closes")
        page = self.query_one(Lines)
        page.show(self._folded)
        page.focus()

    def _folded(self, width: int) -> list[Line]:
        """Lines that are longer than the window is wide are broken."""
        return [short for told in self._lines for short in _broken(told, width)]


def _broken(told: Line, width: int) -> Iterator[Line]:
    if cells(told.text) <= width:
        yield told
        return
    lead = told.text[: len(told.text) - len(told.text.lstrip())]
    yield from wrapped(told.text.strip(), width, told.parts[-1][1], lead=lead, about=told.about)
