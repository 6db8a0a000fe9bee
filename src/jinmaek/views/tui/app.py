"""The full-screen view as a Textual application: it asks, is told, and shows; threads do the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.events import Click
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input

from jinmaek.i18n import tr
from jinmaek.model import Diagnosis
from jinmaek.views.plain import safe
from jinmaek.views.top import COLUMNS, Shown
from jinmaek.views.top_filter import parse
from jinmaek.views.top_live import ANEW, CHANGES
from jinmaek.views.tui import overview
from jinmaek.views.tui.asking import Asking
from jinmaek.views.tui.explanation import Explanation, of_process, of_word
from jinmaek.views.tui.footer import foot, keys_page, tab_at, tabs
from jinmaek.views.tui.keys import BINDINGS, OF_A_RECORDING, TABS
from jinmaek.views.tui.lines import Lines
from jinmaek.views.tui.messages import Explained, Found, Pictured, Told
from jinmaek.views.tui.pages import LIVE, RECORDED, page
from jinmaek.views.tui.player import Player
from jinmaek.views.tui.process_table import ProcessTable
from jinmaek.views.tui.source import Account, Asked, Picture, Source, Tab

Kind = TypeVar("Kind", bound=Widget)

DELAYS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)


class Tui(App[None]):
    """``source`` is asked in two threads: one for pictures, one for what takes longer."""

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS
    ENABLE_COMMAND_PALETTE = False
    TITLE = "jinmaek"
    CSS = """
    #overview { height: 2; }
    #tabs, #foot { height: 1; background: $surface; }
    #overview, #tabs, #foot { overflow: hidden; }
    ContentSwitcher { height: 1fr; }
    ContentSwitcher > * { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll; }
    #ask { height: 1; border: none; padding: 0; display: none; background: $boost; }
    """

    def __init__(
        self,
        source: Source,
        *,
        lang: str = "en",
        delay: float = 2.0,
        place: int = 0,
        moment: Callable[[str], float | None] = lambda _: None,
    ) -> None:
        super().__init__()
        self.source, self.lang, self.delay = source, lang, delay
        self.asked = Asked(place=place)
        self.picture: Picture | None = None
        self.known: dict[Tab, Account] = {}
        self.note = ""
        self.player = Player(source.walls, frozenset(round(since, 6) for since, _, _ in source.gaps))
        self._moment = moment
        self._waiting = ""
        self._asking = ""
        self._asks = Asking(source, lambda: self.asked, lambda: self.delay, self.post_message)
        self._began = time.monotonic(), time.process_time()

    def compose(self) -> ComposeResult:
        """Two lines on top, the tabs, the page, and a line of keys."""
        yield Lines(id="overview")
        yield Lines(id="tabs")
        with ContentSwitcher(initial="pulse", id="pages"):
            for name in TABS:
                yield ProcessTable(id=name) if name == "processes" else Lines(id=name)
        yield Input(id="ask", compact=True)
        yield Lines(id="foot")

    def on_mount(self) -> None:
        for name in ("overview", "tabs", "foot"):
            bar = self._at(name, Lines)
            bar.can_focus, bar.margin_cells = False, 0
        self._at("pulse", Lines).focus()
        self._show()
        self.run_worker(self._asks.pictures, thread=True, group="pictures")
        self.run_worker(self._asks.accounts, thread=True, group="accounts")
        if not self.source.live:
            self.set_interval(0.1, self._play)

    def on_unmount(self) -> None:
        self._asks.stop()

    def on_pictured(self, message: Pictured) -> None:
        self.picture = message.picture
        if message.picture.diagnosis is not None:
            self.known["pulse"] = message.picture.diagnosis
        self._show()

    def on_told(self, message: Told) -> None:
        if message.asked.place != self.asked.place and message.asked.tab != "history":
            return
        self._waiting = message.text
        if message.account is not None:
            self.known[message.asked.tab] = message.account
        if message.asked.tab == self.asked.tab:
            self._show()

    def on_found(self, message: Found) -> None:
        if message.found is None:
            self.note = tr(self.lang, "nothing more was wrong in this direction")
            self._show()
        else:
            place, self.note = message.found
            self._to(place)

    def _show(self) -> None:
        lang, picture, tab = self.lang, self.picture, self.asked.tab
        self._at("tabs", Lines).show(lambda width: [tabs(tab, self._count, lang, width)])
        self._at("foot", Lines).show(lambda width: [foot(self, width)])
        if picture is None:
            waiting = tr(lang, "taking the pulse")
            self._at("overview", Lines).show(lambda _: overview.waiting(waiting))
            return
        shown = replace(picture, diagnosis=picture.diagnosis or self._judged)
        live = self.source.live
        self._at("overview", Lines).show(lambda width: overview.lines(shown, lang, width, live=live))
        if tab == "processes":
            if isinstance(picture.frame, str):
                self.note = safe(picture.frame)
            else:
                self._at("processes", ProcessTable).show(picture.frame, self.asked.shown)
            return
        self._at(tab, Lines).show(page(tab, picture, self.known, self._waiting, self.source, lang))

    def _at(self, name: str, kind: type[Kind]) -> Kind:
        # Not that of the screen on top: an explanation may be over it.
        return self.screen_stack[0].query_one(f"#{name}", kind)

    @property
    def _judged(self) -> Diagnosis | None:
        judged = self.known.get("pulse")
        return judged if isinstance(judged, Diagnosis) else None

    @property
    def _count(self) -> int | None:
        return None if self._judged is None else len(self._judged.findings)

    @property
    def cost(self) -> float:
        """The share of one CPU this program used since its begin."""
        wall, cpu = self._began
        return (time.process_time() - cpu) / max(0.001, time.monotonic() - wall)

    def _ask(self, asked: Asked) -> None:
        moved = asked.place != self.asked.place
        self.asked = asked
        if moved and not self.source.live:
            # Figures of another moment are none of this one; what happened is of the whole record.
            self.known = {tab: one for tab, one in self.known.items() if tab == "history"}
        self._asks.anew()
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of time travel are none on a live host; nothing is stolen from what is being typed."""
        del parameters
        if action in OF_A_RECORDING and self.source.live:
            return False
        busy = bool(self._asking) or len(self.screen_stack) > 1
        return not (busy and action in (*OF_A_RECORDING, "beside"))

    def action_tab(self, name: Tab) -> None:
        """Another tab."""
        self._waiting = self.note = ""
        self._at("pages", ContentSwitcher).current = name
        self._at(name, Widget).focus()
        exprs = (LIVE if self.source.live else RECORDED).get(name, {})
        self._ask(replace(self.asked, tab=name, exprs=exprs))

    def action_beside(self, by: int) -> None:
        """The tab to the right, or the left."""
        at = TABS.index(self.asked.tab)
        self.action_tab(TABS[(at + by) % len(TABS)])

    def action_explain(self) -> None:
        """What is at the cursor."""
        picture, tab = self.picture, self.asked.tab
        process, word = None, None
        if tab == "processes":
            process = self._at("processes", ProcessTable).current
        else:
            at = self._at(tab, Lines).current
            word = at.about if at is not None else None
        if picture is None or (process is None and word is None):
            self.say("nothing to explain in this line: move the cursor")
            return

        def explain() -> None:
            # Figures are read: not on the screen's own thread.
            here = self.source.here(picture, process.tgid if process else None)
            if process is not None and not isinstance(picture.frame, str):
                told = of_process(process, picture.frame, self.asked.shown.field, here, self.lang)
            else:
                told = of_word(word or "", here, self.lang)
            self.post_message(Explained(told))

        self.run_worker(explain, thread=True, group="explain", exclusive=True)

    def on_explained(self, message: Explained) -> None:
        if not message.lines:
            self.say("nothing to explain in this line: move the cursor")
        elif len(self.screen_stack) == 1:
            self.push_screen(Explanation(message.lines, self.lang))

    def action_keys(self) -> None:
        """The keys there are."""
        self.push_screen(Explanation(keys_page(self.source.live, self.lang), self.lang))

    def action_find(self) -> None:
        """Ask for a text to find."""
        self._question("find", tr(self.lang, "show only: a text, or %CPU>5, RES>100m, USER=root"))

    def action_moment(self) -> None:
        """Ask for a moment to go to."""
        self._question("moment", tr(self.lang, "to which moment: 03:12, 2h"))

    def _question(self, what: str, text: str) -> None:
        self._asking = what
        ask = self._at("ask", Input)
        ask.placeholder, ask.value = text, ""
        ask.display = True
        self._at("foot", Lines).display = False
        ask.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        what = self._asking
        self.action_everything(filters=False)
        if what == "find":
            self._find(event.value.strip())
        elif event.value.strip():
            wall = self._moment(event.value)
            if wall is None:
                self.note = tr(self.lang, "{text} is no moment").format(text=safe(event.value))
                self._show()
            else:
                self._to(self.player.place(wall))

    def _find(self, text: str) -> None:
        table = self._at("processes", ProcessTable)
        wanted = parse(text, COLUMNS, exact=False) if self.asked.tab == "processes" else None
        if wanted is not None:
            self._shown(replace(self.asked.shown, filters=(*self.asked.shown.filters, wanted)))
            return
        table.needle = text.casefold()
        for name in TABS:
            if name != "processes":
                self._at(name, Lines).find(text)
        self.note = tr(self.lang, "only with {text}; Esc: all").format(text=safe(text)) if text else ""
        self._show()

    def action_everything(self, *, filters: bool = True) -> None:
        """Leave the question; without one, no filter any more."""
        asked, self._asking = self._asking, ""
        self._at("ask", Input).display = False
        self._at("foot", Lines).display = True
        self._at(self.asked.tab, Widget).focus()
        if filters and not asked:
            self._find("")
            self._shown(replace(self.asked.shown, filters=(), idle=True))

    def action_change(self, key: str) -> None:
        """Another order, or threads and command lines: what the key does in ``top``."""
        if key in ANEW and not self.source.live:
            self.say("threads and command lines are not recorded")
            return
        self._shown(CHANGES[key](self.asked.shown))
        if key in ANEW:
            self._asks.anew(account=False)

    def action_tree(self) -> None:
        """As a tree, or in one row."""
        table = self._at("processes", ProcessTable)
        table.as_tree = not table.as_tree
        self._show()

    def _shown(self, shown: Shown) -> None:
        self.asked = replace(self.asked, shown=shown)
        self.note = tr(self.lang, "sorted by {field}").format(field=shown.field)
        self._show()

    def action_unchanged(self) -> None:
        """Nothing is ended or changed here."""
        self.say(
            "nothing is changed here: kill PID ends a process in order, renice -n 10 -p PID favours others"
        )

    def say(self, sentence: str) -> None:
        """A note at the foot, in the language of the screen."""
        self.note = tr(self.lang, sentence)
        self._show()

    def action_space(self) -> None:
        """A new picture; of a recording: play, or stop."""
        if self.source.live:
            self._asks.anew(account=False)
            return
        self.player.toggle(self.asked.place, time.monotonic())
        self._show()

    def action_pace(self, by: int) -> None:
        """Faster or slower."""
        if self.source.live:
            near = min(range(len(DELAYS)), key=lambda place: abs(DELAYS[place] - self.delay))
            self.delay = DELAYS[min(max(near + by, 0), len(DELAYS) - 1)]
        else:
            self.player.pace(by, self.asked.place, time.monotonic())
        self._show()

    def action_step(self, by: int) -> None:
        """A sample on, or back."""
        self._to(self.asked.place + by)

    def action_travel(self, seconds: float) -> None:
        """So far on, or back."""
        self._to(self.player.place(self.source.walls[self.asked.place] + seconds))

    def action_finding(self, forward: bool) -> None:
        """To the next thing that was wrong, or the one before."""
        self.say("judging what was recorded")
        self.run_worker(
            lambda: self._asks.search(forward=forward), thread=True, group="search", exclusive=True
        )

    def _to(self, place: int) -> None:
        place = min(max(0, place), len(self.source.walls) - 1)
        self.player.moved(place, time.monotonic())
        self._ask(replace(self.asked, place=place))

    def _play(self) -> None:
        place = self.player.due(self.asked.place, time.monotonic())
        if place is not None:
            self._ask(replace(self.asked, place=place))

    def on_lines_chosen(self, message: Lines.Chosen) -> None:
        if len(self.screen_stack) > 1:
            return
        if message.line.moment is not None and not self.source.live:
            self._to(self.player.place(message.line.moment))
        else:
            self.action_explain()

    def on_process_table_chosen(self) -> None:
        self.action_explain()

    def on_click(self, event: Click) -> None:
        if event.widget is not None and event.widget.id == "tabs":
            name = tab_at(event.x, self._count, self.lang)
            if name is not None:
                self.action_tab(name)
