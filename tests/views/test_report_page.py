"""The page of a report in a real browser: alone, by mouse and by keys, in the dark and on a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.views.incident import HOST, HOSTILE, INTERFACE

from jinmaek.cli.main import main

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.peer("chromium")


class Opened:
    """The page, and what it asked of the browser that it must not."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(dialog.message))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready=yes]")

    def js(self, code: str) -> Any:
        return self.page.evaluate(code)

    @property
    def moment(self) -> int:
        return int(self.js("document.documentElement.dataset.moment"))

    def names(self) -> list[str]:
        return self.page.locator("#processes tr td:first-child").all_inner_texts()

    def zooms(self) -> set[str]:
        self.page.wait_for_timeout(0)
        return set(
            self.js(
                "[...document.querySelectorAll('figure')].map((f) => f.dataset.since + ' ' + f.dataset.until)"
            )
        )


@pytest.fixture(scope="module")
def file(incident: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page") / "incident.html"
    assert main(["report", "--recording", str(incident), "-o", str(made), "--lang", "en"]) == 0
    return made


@pytest.fixture(scope="module")
def opened(file: Path, peer: Callable[[str], str]) -> Iterator[Callable[..., Opened]]:
    """Opens the page anew in the one browser; ``**`` are options of its context."""
    chromium = peer("chromium")
    if os.environ.get("CI") != "true":
        pytest.importorskip("playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        contexts = []

        def open_page(**options: Any) -> Opened:
            contexts.append(browser.new_context(**options))
            contexts[-1].set_default_timeout(90_000)
            return Opened(contexts[-1].new_page(), file)

        yield open_page
        for context in contexts:
            context.close()
        browser.close()


@pytest.fixture(scope="module")
def wide(opened: Callable[..., Opened]) -> Opened:
    return opened(viewport={"width": 1280, "height": 900}, color_scheme="light")


def test_it_opens_alone_and_begins_at_the_worst(wide: Opened) -> None:
    assert wide.requests[0].startswith("file://")
    assert [url for url in wide.requests[1:] if not url.startswith("data:")] == []
    assert wide.said == []
    assert wide.page.locator("figure canvas").count() >= 4
    assert wide.names()[0] == HOSTILE[0]
    assert wide.page.locator("#timeline .bar").count() >= 1


def test_names_do_no_harm(wide: Opened) -> None:
    page = wide.page
    assert page.locator(".host").inner_text() == HOST
    assert f"{INTERFACE} received" in page.locator("figure[data-chart=network] .u-legend").inner_text()
    for tag in ("b", "img", "svg", "i"):
        assert page.locator(f"body {tag}").count() == 0, tag
    page.fill("#filter", HOSTILE[0][:6])
    assert wide.names() == [HOSTILE[0]]
    page.fill("#filter", "")
    assert wide.js("({}).polluted === undefined && Object.prototype.toString.call(window.x)") != "1"


def test_keys_move_the_moment_and_the_tables_follow(wide: Opened) -> None:
    page = wide.page
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("Home")
    assert wide.moment == 0
    before = page.locator("#processes").inner_text()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert wide.moment == 10
    assert page.locator("#processes").inner_text() != before
    page.keyboard.press("End")
    last = wide.moment
    assert last > 60
    assert page.locator("#slider").get_attribute("aria-valuetext") == page.locator("#moment").inner_text()
    page.keyboard.press("]")
    assert wide.moment < last
    assert page.locator("#timeline .bar.chosen").count() == 1
    assert page.locator(".card.chosen[open]").count() == 1
    assert page.locator("#told").inner_text() != ""
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


def test_everything_can_be_reached_by_tab(wide: Opened) -> None:
    wide.js("document.activeElement.blur()")
    seen = set()
    for _ in range(60):
        wide.page.keyboard.press("Tab")
        seen.add(wide.js("(document.activeElement.id || document.activeElement.className)"))
    assert {"keys", "theme", "slider", "finding-next", "closer", "filter", "scroll"} <= seen
    assert any("bar" in one for one in seen)


def test_zoom_is_one_for_all_charts(wide: Opened) -> None:
    page = wide.page
    (whole,) = wide.zooms()
    over = page.locator("figure .u-over").first
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=5)
    page.mouse.up()
    page.wait_for_function("document.querySelector('#zoomed').textContent !== ''")
    (part,) = wide.zooms()
    since, until = map(float, part.split())
    begin, end = map(float, whole.split())
    assert (until - since) / (end - begin) == pytest.approx(0.3, abs=0.05)
    assert page.locator("#zoomed").inner_text() != ""
    page.keyboard.press("Escape")
    assert wide.zooms() == {whole}
    page.keyboard.press("+")
    (closer,) = wide.zooms()
    assert closer != whole
    page.keyboard.press("Escape")
    moment = wide.moment
    page.mouse.click(box["x"] + box["width"] * 0.05, middle)
    assert wide.moment not in (moment, 0)
    assert wide.zooms() == {whole}


def test_a_sorted_column(wide: Opened) -> None:
    page = wide.page
    page.get_by_role("button", name="sort by pid", exact=True).click()
    pids = [int(text) for text in page.locator("#processes tr td:nth-child(2)").all_inner_texts() if text]
    assert pids == sorted(pids)
    assert page.locator("#processes-head th[aria-sort=ascending]").inner_text().startswith("pid")


def test_dark_is_dark(opened: Callable[..., Opened]) -> None:
    dark = opened(color_scheme="dark")

    def ground() -> int:
        colour = dark.js("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert ground() < 150
    dark.page.keyboard.press("t")
    assert ground() > 600
    assert dark.said == []


def test_a_phone_has_nothing_at_its_side(opened: Callable[..., Opened]) -> None:
    phone = opened(viewport={"width": 360, "height": 740}, has_touch=True, device_scale_factor=2)
    assert phone.js("document.documentElement.scrollWidth") <= 360
    assert phone.js(
        "[...document.querySelectorAll('canvas')].every((one) => one.getBoundingClientRect().width <= 360)"
    )
    phone.page.locator("#moment-next").tap()
    assert phone.said == []
