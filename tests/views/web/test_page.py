"""The page in a real browser: every tab, zoom, languages, dark, narrow, keys, a server that comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.engines import free_port
from tests.tasks.children import until
from tests.views.web.conftest import needed
from tests.views.web.serving import GOLDEN, HOSTILE, Server, running, start

from jinmaek.views.units import amount

TABS = ("pulse", "history", "processes", "memory", "load", "swap", "cgroups")
THERE = {
    "pulse": ".card",
    "history": ".chart canvas",
    "processes": "tbody tr",
    "memory": ".map .cell",
    "load": ".answer",
    "swap": ".answer",
    "cgroups": ".card",
}
"""What shows that a tab has what it wants."""
PATIENCE = 120_000


@dataclass
class Seen:
    """A page, what its console said, and which requests it made."""

    page: Any
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, tab: str) -> None:
        self.page.click(f"#tab-{tab}")
        self.page.wait_for_selector(f"#view {THERE[tab]}")


@pytest.fixture(scope="module")
def browser(peer: Any) -> Iterator[Any]:
    sync_api = needed("playwright.sync_api")
    chromium = peer("chromium")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield made
        made.close()


@pytest.fixture
def seen(browser: Any, server: Server) -> Iterator[Seen]:
    context = patient(browser, locale="en-GB", viewport={"width": 1280, "height": 900})
    found = Seen(context.new_page())

    def said(message: Any) -> None:
        if message.type == "error":
            found.errors.append(message.text)

    found.page.on("console", said)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("request", lambda asked: found.hosts.add(urlsplit(asked.url).netloc))
    found.page.goto(server.url)
    found.page.wait_for_selector("#view .card")
    yield found
    context.close()


def patient(browser: Any, **more: Any) -> Any:
    """A context in which everything may take its time."""
    made = browser.new_context(**more)
    made.set_default_timeout(PATIENCE)
    return made


def well(found: Seen, server: Server) -> None:
    assert found.errors == []
    assert found.hosts == {f"127.0.0.1:{server.port}"}


def serious(found: Seen) -> list[str]:
    """What axe finds that is serious or worse."""
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    told = axe.run(found.page).response
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:150]}"
        for one in told["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_every_tab_in_both_themes_is_there_for_everybody(seen: Seen, server: Server) -> None:
    for theme in ("light", "dark"):
        if theme == "dark":
            seen.page.click("#theme")
            assert seen.page.get_attribute("html", "data-theme") == "dark"
        # These are watched for seconds, and have no colours of their own.
        for tab in TABS if theme == "light" else [tab for tab in TABS if tab not in ("load", "swap")]:
            seen.open(tab)
            assert serious(seen) == [], (tab, theme)
    well(seen, server)


def of_how_long(server: Server) -> float:
    """Seconds of history it has."""
    span = server.get("/api/v1/host")["span"]
    return float(span["until"] - span["since"])


def drawn(page: Any) -> bool:
    """Draw the pointer over a part of a chart: whether that was taken, and not moved away meanwhile."""
    box = page.locator("#chart-cpu .u-over").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], middle, steps=4)
    page.mouse.up()
    try:
        page.wait_for_selector("#unzoom", timeout=5000)
    except needed("playwright.sync_api").TimeoutError:
        return False
    return True


def test_zooming_by_pointer_and_keys(seen: Seen, server: Server) -> None:
    page = seen.page
    seen.open("history")
    page.wait_for_selector("#shown:not(:empty)")
    # Who is told of the moment chosen has been read for a while, and the charts have found their place.
    until(lambda: of_how_long(server) > 20, 120)
    page.wait_for_selector("section[aria-label='findings over time'] .wait", state="detached")
    before = page.text_content("#shown")
    until(lambda: drawn(page), 120)
    page.wait_for_function("before => document.querySelector('#shown').textContent !== before", arg=before)
    zoomed = page.text_content("#shown")
    page.focus("#chart-load .plot")
    page.keyboard.press("-")
    page.wait_for_function("before => document.querySelector('#shown').textContent !== before", arg=zoomed)
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("#now")
    page.wait_for_selector("#who tbody tr")
    page.keyboard.press("Escape")
    page.wait_for_selector("#now", state="detached")
    page.click("#unzoom")
    page.wait_for_selector("#unzoom", state="detached")
    well(seen, server)


def test_the_language_is_switched_and_kept(seen: Seen, server: Server) -> None:
    page = seen.page
    page.click("#lang")
    page.wait_for_function("() => document.querySelector('#tab-memory').textContent === '메모리'")
    assert page.get_attribute("html", "lang") == "ko"
    page.wait_for_selector("#view .card")
    page.reload()
    page.wait_for_function("() => document.querySelector('#tab-memory')?.textContent === '메모리'")
    page.click("#lang")
    page.wait_for_function("() => document.querySelector('#tab-memory').textContent === 'Memory'")
    well(seen, server)


def test_keys_alone_are_enough(seen: Seen, server: Server) -> None:
    page = seen.page
    page.focus("#tab-pulse")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#tab-history[aria-selected=true]")
    page.keyboard.press("End")
    page.wait_for_selector("#tab-cgroups[aria-selected=true]")
    page.keyboard.press("3")
    page.wait_for_selector("#view tbody tr")
    page.keyboard.press("/")
    page.keyboard.type("jinmaek-no-such-name")
    page.wait_for_function("() => document.querySelectorAll('#view tbody tr').length === 0")
    well(seen, server)


@pytest.mark.parametrize("tab", [tab for tab in TABS if tab not in ("load", "swap")])
def test_a_telephone_shows_all_of_it(seen: Seen, server: Server, tab: str) -> None:
    seen.page.set_viewport_size({"width": 360, "height": 740})
    seen.open(tab)
    wide = seen.page.evaluate("() => document.scrollingElement.scrollWidth")
    assert wide <= 360
    well(seen, server)


def test_a_hostile_name_is_text(seen: Seen, server: Server, hostile: int) -> None:
    page = seen.page
    page.click("#tab-processes")
    page.wait_for_selector("#filter")
    page.fill("#filter", str(hostile))
    row = page.locator(f"xpath=//tbody/tr[*[1][normalize-space()='{hostile}']]")
    row.wait_for()
    shown = row.locator("td.name").text_content()
    assert shown.startswith("<b>?[31m?")
    assert all(ord(c) >= 0x20 and c != "\u202e" for c in shown)
    assert row.locator("td.name").evaluate("cell => cell.childElementCount") == 0
    assert HOSTILE.decode()[:3] == shown[:3]
    well(seen, server)


def test_the_ledger_is_all_of_the_picture(seen: Seen, server: Server) -> None:
    seen.open("memory")
    share = seen.page.evaluate(
        """() => {
          const map = document.querySelector('.map');
          const area = [...map.querySelectorAll(':scope > .cell')].reduce((sum, cell) =>
            sum + parseFloat(cell.style.width) * parseFloat(cell.style.height), 0);
          return area / (map.clientWidth * map.clientHeight);
        }"""
    )
    assert share == pytest.approx(1, abs=0.001)
    assert seen.page.locator("#total").count() == 1


def test_figures_are_written_as_on_the_terminal(seen: Seen) -> None:
    cases = [
        (value, unit)
        for unit in ("bytes", "bytes/s", "ratio", "seconds", "pages", "pages/s", "count", "count/s")
        for value in (0, 1, 1023, 1024, 1536, 123456789, 5e12, 0.51, 0.1234, 99.994, 100, 7200, 3599, 0.0005)
    ]
    got = seen.page.evaluate(
        "async (cases) => { const { amount } = await import('/static/format.js');"
        " return cases.map(([value, unit]) => amount(value, unit)); }",
        cases,
    )
    assert got == [amount(value, unit) for value, unit in cases]


def test_first_paint_is_told(seen: Seen) -> None:
    """Not held to a time here: a machine of others says nothing of it."""
    entries = "performance.getEntriesByName('first-contentful-paint')"
    seen.page.wait_for_function(f"() => {entries}.length")
    paint = seen.page.evaluate(f"() => {entries}.map(one => one.startTime)")
    assert len(paint) == 1
    print(f"first contentful paint after {paint[0]:.0f} ms")


def test_a_server_that_comes_back_is_joined_again_by_itself(browser: Any) -> None:
    server = start(port=free_port())
    context = patient(browser, locale="en-GB")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        page.goto(server.url)
        page.wait_for_selector("#joined.yes")
        server.stop()
        page.wait_for_selector("#notice.lost")
        server = start(port=server.port)
        page.wait_for_selector("#joined.yes")
        page.wait_for_function(
            "() => document.querySelector('#notice').textContent.startsWith('Connected again')"
        )
        page.wait_for_selector("#calm, .finding")
        assert errors == []
    finally:
        context.close()
        if server.process.poll() is None:
            server.stop()


def test_a_recording_is_shown_without_what_it_cannot_tell(browser: Any) -> None:
    context = patient(browser, locale="ko-KR", viewport={"width": 1280, "height": 900})
    found = Seen(context.new_page())
    found.page.on("console", lambda told: found.errors.append(told.text) if told.type == "error" else None)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    with running("--recording", str(GOLDEN)) as server:
        found.page.goto(server.url)
        found.page.wait_for_selector("#view .card")
        tabs = found.page.locator("#tabs button").evaluate_all("all => all.map(one => one.dataset.tab)")
        assert tuple(tabs) == TABS
        for tab in tabs:
            found.open(tab)
        found.open("history")
        found.page.focus("#chart-load .plot")
        found.page.keyboard.press("End")
        found.page.keyboard.press("ArrowLeft")
        found.page.keyboard.press("Enter")
        found.page.wait_for_selector("#now")
        found.page.wait_for_selector("#who tbody tr")
    assert found.errors == []
    context.close()
