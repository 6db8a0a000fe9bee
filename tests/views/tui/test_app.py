"""The full-screen view driven by keys: every tab and size, hostile names, no key that changes anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from tests.views.tui.told import EVENTS, HOSTILE, Told
from textual.pilot import Pilot
from textual.widgets import Input

from jinmaek.views.tui.app import Tui
from jinmaek.views.tui.explanation import Explanation
from jinmaek.views.tui.keys import TABS
from jinmaek.views.tui.lines import Lines
from jinmaek.views.tui.process_table import ProcessTable

Drive = Callable[[Pilot[None], Tui], Awaitable[None]]
WALLS = [1_700_000_000.0 + place for place in range(60)]


@pytest.fixture(scope="module")
def host() -> Told:
    return Told()


@pytest.fixture(scope="module")
def recording() -> Told:
    return Told(
        live=False, walls=WALLS, gaps=[(WALLS[30], WALLS[31], "[i]why[/i]")], accounts={"history": EVENTS}
    )


def driven(source: Told, drive: Drive, size: tuple[int, int] = (80, 24), lang: str = "en") -> None:
    async def run() -> None:
        app = Tui(source, lang=lang, delay=60.0, moment=lambda text: WALLS[0] + float(text))
        async with app.run_test(size=size) as pilot:
            while app.picture is None:
                await pilot.pause(0.01)
            await pilot.pause()
            await drive(pilot, app)

    asyncio.run(run())


def screen(app: Tui) -> list[str]:
    """What the terminal shows, line by line."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip)[:width] for strip in strips[:height]]


async def shown(pilot: Pilot[None], app: Tui, keys: str) -> str:
    await pilot.press(*keys.split())
    await pilot.pause()
    while app.picture is None or app.picture.asked.tab != app.asked.tab:
        await pilot.pause(0.01)
    await pilot.pause()
    return "\n".join(screen(app))


async def explained(pilot: Pilot[None], app: Tui) -> str:
    await pilot.press("question_mark")
    while not isinstance(app.screen, Explanation):
        await pilot.pause(0.01)
    await pilot.pause()
    return "\n".join(screen(app))


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("size", [(80, 24), (200, 60), (40, 10)], ids=str)
def test_every_tab_fits_every_size(host: Told, size: tuple[int, int], lang: str) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        for place, name in enumerate(TABS, 1):
            text = await shown(pilot, app, str(place))
            lines = text.split("\n")
            assert len(lines) == size[1]
            assert app.query_one(f"#{name}").display
            assert text.replace("\n", "").isprintable()
        await pilot.resize_terminal(50, 15)
        assert len(screen(app)) == 15

    driven(host, drive, size, lang)


def test_the_findings_come_first(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        text = "\n".join(screen(app))
        assert "Nothing to do" in text or any(one.title in text for one in host.diagnosis.findings)
        assert "could not be judged" in "\n".join(one.text for one in app.query_one("#pulse", Lines).lines)

    driven(host, drive)


def test_hostile_names_are_text_and_nothing_else(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        text = await shown(pilot, app, "2 N R")
        for name in HOSTILE[:5]:
            harmless = "".join(c if c.isprintable() else "?" for c in name)
            assert harmless[:12] in text, name
        assert "[b]h[/b]" in text
        text = await explained(pilot, app)
        assert text.replace("\n", "").isprintable()

    driven(host, drive, (120, 40))


def test_processes_are_sorted_found_and_shown_as_a_tree(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        table = app.query_one("#processes", ProcessTable)
        await shown(pilot, app, "2 M")
        sizes = [one.resident or 0 for one in table.rows]
        assert sizes == sorted(sizes, reverse=True)
        await shown(pilot, app, "R")
        assert [one.resident or 0 for one in table.rows] == sorted(sizes)
        await pilot.press("slash", *"BOLD", "enter")
        await pilot.pause()
        assert [one.comm for one in table.rows] == ["[bold]fat[/bold]"]
        await pilot.press("escape")
        await pilot.press("slash", *"PID=1", "enter")
        await pilot.pause()
        assert 0 < len(table.rows) < len(sizes)
        await pilot.press("escape")
        assert len(table.rows) == len(sizes)
        text = await shown(pilot, app, "N R t")
        assert "└─ " in text or "├─ " in text
        assert len(table.rows) == len(sizes)

    driven(host, drive)


def test_the_cursor_stays_at_its_process(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        table = app.query_one("#processes", ProcessTable)
        await shown(pilot, app, "2 N down down down")
        at = table.current
        await shown(pilot, app, "R")
        assert table.current is at
        await shown(pilot, app, "end")
        assert table.cursor == len(table.rows) - 1
        assert table.scroll_offset.y <= table.cursor
        await shown(pilot, app, "home")
        assert table.cursor == 0

    driven(host, drive)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_explains_what_is_at_the_cursor(host: Told, lang: str) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        for tab, word in (("6", "diskstats"), ("8", "stat_cpu")):
            await shown(pilot, app, f"{tab} home")
            page = app.query_one(f"#{app.asked.tab}", Lines)
            while (one := page.current) is None or one.about is None:
                await pilot.press("down")
            assert one.about.startswith(word)
            text = await explained(pilot, app)
            assert one.about in text
            await pilot.press("escape")
            assert not isinstance(app.screen, Explanation)

    driven(host, drive, (100, 40), lang)


def test_a_rule_is_explained_where_its_line_is(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        page = app.query_one("#pulse", Lines)
        wanted = next(place for place, one in enumerate(page.lines) if one.about and "." in one.about)
        await pilot.press(*["down"] * wanted)
        text = await explained(pilot, app)
        assert (page.lines[wanted].about or "?") in text

    driven(host, drive, (100, 40))


def test_no_key_ends_or_changes_a_process(host: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def refuse(*_: object) -> None:
        pytest.fail("a process was touched")

    for name in ("kill", "setpriority", "killpg", "nice"):
        monkeypatch.setattr(os, name, refuse)

    async def drive(pilot: Pilot[None], app: Tui) -> None:
        await shown(pilot, app, "2")
        for key in "abcdefghijklmoprstuvwxyzABCDEFGHIJKLMOPQSUVWXYZ0":
            await pilot.press(key)
            await pilot.press("escape")
        for key in ("delete", "backspace", "f9", "f8", "f7", "ctrl+k", "ctrl+d", "enter", "escape"):
            await pilot.press(key)
        await pilot.press("k")
        assert "nothing is changed here" in app.note

    driven(host, drive)


def test_time_travel_on_the_same_screens(recording: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        await pilot.press("right", "right", "right", "left")
        assert app.asked.place == 2
        await shown(pilot, app, "n")
        while app.asked.place != 10:
            await pilot.pause(0.01)
        assert "[bold]it[/bold]" in app.note
        await pilot.press("N")
        while "nothing more" not in app.note:
            await pilot.pause(0.01)
        await pilot.press("pagedown")
        assert app.asked.place == len(WALLS) - 1
        await pilot.press("pageup")
        assert app.asked.place == 0
        await pilot.press("g", *"42", "enter")
        assert app.asked.place == 42
        await shown(pilot, app, "2")
        await pilot.press("left")
        assert app.asked.place == 41
        text = await shown(pilot, app, "8")
        assert "Swap [x] is used" in text
        assert "[i]why[/i]" in text
        page = app.query_one("#history", Lines)
        place = next(place for place, one in enumerate(page.lines) if one.moment == WALLS[10])
        await pilot.press("home", *["down"] * place, "enter")
        assert app.asked.place == 10
        await pilot.press("space")
        assert app.player.began is not None
        while app.asked.place == 10:
            await pilot.pause(0.05)
        await pilot.press("space")
        assert app.player.began is None

    driven(recording, drive, (100, 40))


def test_keys_of_time_travel_are_typed_into_a_question(recording: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        await pilot.press("slash", *"nN", "left", "right", "space")
        assert app.query_one("#ask", Input).value == "nN "
        assert app.asked.place == 0
        await pilot.press("escape")
        assert app.asked.place == 0

    driven(recording, drive)


def test_nothing_of_time_travel_on_a_live_host(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        before = len(host.asked)
        await pilot.press("n", "N", "left", "right")
        await pilot.pause()
        assert app.asked.place == 0
        assert len(host.asked) == before

    driven(host, drive)


def test_the_mouse_goes_where_it_points(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        await pilot.click("#tabs", offset=(14, 0))
        assert app.asked.tab == "processes"
        table = app.query_one("#processes", ProcessTable)
        await pilot.click("#processes", offset=(5, 4))
        assert table.cursor == 3
        await pilot.click("#tabs", offset=(2, 0))
        await pilot.click("#pulse", offset=(5, 2))
        assert app.query_one("#pulse", Lines).cursor == 2

    driven(host, drive)


def test_without_colour_nothing_is_lost(host: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def drive(pilot: Pilot[None], app: Tui) -> None:
        await shown(pilot, app, "2 down")
        strips = app.screen._compositor.render_strips()
        marked = [strip for strip in strips if any(s.style and s.style.reverse for s in strip)]
        assert len(marked) >= 2, "the heads and the line at the cursor stand out by being reversed"

    driven(host, drive)


def test_the_foot_says_what_this_program_costs(host: Told) -> None:
    async def drive(pilot: Pilot[None], app: Tui) -> None:
        assert re.search(r"own cost \d+\.\d% CPU, [\d.]+ [MG]iB", screen(app)[-1])

    driven(host, drive)
