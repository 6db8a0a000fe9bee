"""``jinmaek tui``: on a real terminal, of this host, and of a recording made here."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from tests.history.recording.kept import META, clocks
from tests.tasks.children import until
from tests.views.tui.told import TREE, named

from jinmaek.accounts.load.account import Load
from jinmaek.catalog import tables
from jinmaek.cli.main import main
from jinmaek.history.recording.writer import Writer
from jinmaek.model import Diagnosis
from jinmaek.root import Root
from jinmaek.rules import rules
from jinmaek.sampling import take
from jinmaek.tasks.choose import Scanner

pytest.importorskip("textual", reason="the library textual is not installed")

from jinmaek.cli.tui_live import Live
from jinmaek.cli.tui_past import Past
from jinmaek.views.tui.app import Tui
from jinmaek.views.tui.keys import TABS
from jinmaek.views.tui.pages import LIVE as ASKED
from jinmaek.views.tui.pages import RECORDED
from jinmaek.views.tui.source import Account, Asked, Happened, MemoryRead, SwapRead, Tab

BEGAN = 1_700_000_100.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two minutes of a host whose swap is read and written hard in the second."""
    made = tmp_path_factory.mktemp("recording")
    root = Root(str(TREE))
    with Scanner(root) as scanner:
        one = named(take(root, list(tables()), scanner.scan(details=True)))
    assert one.tasks is not None
    writer = Writer(str(made), {**META, "interval": 2.0})
    (vmstat,) = one.tables["vmstat"]
    names = vmstat.__slots__  # type: ignore[attr-defined]
    values = {name: getattr(vmstat, name) for name in names}
    for second in range(0, 240, 2):
        moved = max(0, second - 120) * 5000
        grown = {**values}
        for name in ("pswpin", "pswpout", "workingset_refault_anon", "pgmajfault"):
            grown[name] = (values[name] or 0) + moved
        sample = replace(
            one, boot_id="b", wall=BEGAN + second, monotonic=9e6 + second,
            tasks=replace(one.tasks, time=9e6 + second),
            tables={**one.tables, "vmstat": (type(vmstat)(**grown),)},
        )  # fmt: skip
        assert writer.add(sample, clocks(sample))
    writer.close()
    return str(made)


@pytest.fixture(scope="module")
def past(folder: str) -> Iterator[Past]:
    args = argparse.Namespace(recording=folder, at=None, lang="en")
    with Past(args, rules()) as made:
        yield made


def silent(tab: Tab, text: str, account: Account | None) -> None:
    """Nobody waits."""


def test_a_recording_gives_pictures_of_its_moments(past: Past) -> None:
    assert len(past.walls) == 120
    assert past.begin == 119
    for place in (0, 60, 119):
        picture = past.picture(Asked(place=place, tab="disks", exprs=RECORDED["disks"]))
        assert picture.wall == BEGAN + 2 * place
        assert not isinstance(picture.frame, str)
        assert picture.frame.wall == picture.wall
        assert picture.host == "h"
    assert picture.traces["from swap"][-1] == pytest.approx(5000, rel=0.05)


def test_a_moment_is_judged_as_diagnose_does(past: Past) -> None:
    found = past.account(Asked(place=119), silent)
    assert isinstance(found, Diagnosis)
    assert found.recorded == (BEGAN + 238, BEGAN + 238)
    assert "swap.active" in {one.rule for one in found.findings}
    early = past.account(Asked(place=30), silent)
    assert isinstance(early, Diagnosis)
    assert "swap.active" not in {one.rule for one in early.findings}
    assert past.picture(Asked(place=119)).diagnosis is found


def test_the_accounts_of_a_moment_are_those_of_their_commands(past: Past) -> None:
    memory = past.account(Asked(place=5, tab="memory"), silent)
    assert isinstance(memory, MemoryRead)
    balance = memory.ledger.balance
    assert sum(one.bytes for one in balance.buckets) + balance.residual == balance.total
    swap = past.account(Asked(place=119, tab="swap"), silent)
    assert isinstance(swap, SwapRead)
    assert swap.verdict.rates["pswpin"] == pytest.approx(5000, rel=0.05)
    assert isinstance(past.account(Asked(place=119, tab="load"), silent), Load)


def test_what_was_wrong_is_found_from_both_sides(past: Past) -> None:
    listed = past.account(Asked(tab="history"), silent)
    assert isinstance(listed, Happened)
    assert listed.share == 1
    begun = [one.since for one in listed.events if one.rule == "swap.active"]
    assert len(begun) == 1
    # An episode is told from the begin of the window on in which it showed.
    assert BEGAN + 60 <= begun[0] <= BEGAN + 200
    place, told = past.finding(0, forward=True) or (None, "")
    assert place is not None
    assert told
    back = past.finding(119, forward=False)
    assert back is not None
    assert past.walls[back[0]] <= listed.events[-1].since + 2
    assert past.finding(0, forward=False) is None


def test_explanations_of_the_past_read_nothing_of_this_host(past: Past) -> None:
    here = past.here(past.picture(Asked(place=3)), None)
    (told,) = here.column("meminfo.MemTotal").values()
    with Scanner(Root(str(TREE))) as scanner:
        (row,) = take(Root(str(TREE)), ("meminfo",), scanner.scan(details=False)).tables["meminfo"]
    assert told == row.MemTotal  # type: ignore[attr-defined]


def test_this_host_gives_pictures_and_is_judged_after_some_seconds() -> None:
    with Live(rules(), "en") as live:
        first = live.picture(Asked())
        assert first.diagnosis is None, "a second is not enough to judge"
        assert not isinstance(first.frame, str)
        assert any(one.cpu for one in first.frame.processes)
        for tab in ("disks", "cgroups"):
            picture = live.picture(Asked(tab=tab, exprs=ASKED[tab]))
            assert set(picture.told) == set(ASKED[tab])

        def judged() -> bool:
            return live.picture(Asked()).diagnosis is not None

        until(judged)
        found = live.picture(Asked()).diagnosis
        assert found is not None
        assert found.window_s >= 5
        ids = {one.rule for kind in (found.findings, found.quiet, found.unknown) for one in kind}
        assert ids == {one.id for one in rules()}
        assert found.explained is not None


@pytest.mark.parametrize("tab", ["memory", "load"])
def test_accounts_of_this_host(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jinmaek.cli.tui_accounts.LATER", 1.0)
    told: list[str] = []
    with Live(rules(), "en") as live:
        found = live.account(Asked(tab=tab), lambda tab, text, account: told.append(text))
    assert found is not None
    assert not isinstance(found, str)
    assert told


def test_every_tab_of_a_real_recording(past: Past) -> None:
    async def run() -> None:
        app = Tui(past, place=past.begin, moment=past.moment)
        async with app.run_test(size=(100, 30)) as pilot:
            for name in TABS:
                app.action_tab(name)
                while (picture := app.picture) is None or picture.asked.tab != name:
                    await pilot.pause(0.02)
                await pilot.pause()
            await pilot.press("home")
            while app.known.get("history") is None:
                await pilot.pause(0.02)
            await pilot.pause()
            lines = app.query_one("#history").lines  # type: ignore[attr-defined]
            assert any("swap.active" in one.text for one in lines)
            await pilot.press("1", "g", *"90s", "enter")
            while app.known.get("pulse") is None:
                await pilot.pause(0.02)
            assert app.asked.place == past.walls.index(BEGAN + 148)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["tui"], 2, "no terminal"),
        (["tui", "-d", "0"], 2, "--delay"),
        (["tui", "--recording", "/nowhere"], 2, "no terminal"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == status
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.peer("tmux")
def test_on_a_terminal_of_80_by_24(peer: Callable[[str], str], folder: str) -> None:
    tool = peer("tmux")
    with tempfile.TemporaryDirectory(prefix="jinmaek") as place:
        tmux = (tool, "-u", "-S", f"{place}/s", "-f", "/dev/null")

        def run(*words: str) -> str:
            return subprocess.run(
                (*tmux, *words), capture_output=True, text=True, check=True, timeout=120
            ).stdout

        def text() -> str:
            return run("capture-pane", "-p")

        shell = "env -u ENV NO_COLOR=1 PS1='$ ' LC_ALL=C.UTF-8 sh"
        run("new-session", "-d", "-x", "80", "-y", "24", shell)
        try:
            program = f"{shlex.quote(sys.executable)} -m jinmaek tui"
            run("send-keys", f"{program} -d 0.5; echo status=$?", "Enter")
            until(lambda: "own cost" in text() and "load " in text())
            assert all(len(line) <= 80 for line in text().split("\n"))
            for key, seen in (("2", "PID USER"), ("6", "device"), ("8", "lately"), ("1", "Pulse")):
                run("send-keys", key)
                until(lambda seen=seen: seen in text())  # type: ignore[misc]
            run("send-keys", "h")
            until(lambda: "another tab" in text())
            run("send-keys", "Escape")
            until(lambda: "another tab" not in text())
            run("resize-window", "-x", "120", "-y", "40")
            until(lambda: max(map(len, text().split("\n"))) > 80)
            run("send-keys", "q")
            until(lambda: "status=0" in text())
            assert run("display-message", "-p", "#{alternate_on}").strip() == "0"
            run("send-keys", f"clear; {program} --recording {shlex.quote(folder)}; echo status=$?", "Enter")
            until(lambda: "120/120" in text())
            run("send-keys", "Left")
            until(lambda: "119/120" in text())
            run("send-keys", "q")
            until(lambda: "status=0" in text())
        finally:
            run("kill-server")
