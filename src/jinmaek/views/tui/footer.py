"""The line of tabs, the line at the foot, and the page of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinmaek.i18n import tr
from jinmaek.views.fit import cells, clip, pad
from jinmaek.views.tui.keys import HELP, HELP_OF_A_RECORDING, TABS
from jinmaek.views.tui.line import Line, line
from jinmaek.views.tui.source import Tab
from jinmaek.views.units import amount

if TYPE_CHECKING:
    from jinmaek.views.tui.app import Tui

NAMES = {
    "pulse": "Pulse",
    "processes": "Processes",
    "memory": "Memory",
    "load": "Load",
    "swap": "Swap",
    "disks": "Disks",
    "cgroups": "Cgroups",
    "history": "History",
}
"""What each tab is called; translated when shown."""
STATM = "/proc/self/statm"


def tabs(at: str, findings: int | None, lang: str, width: int) -> Line:
    """The names of the tabs, the one that is shown in reverse, with the number of findings at the first."""
    pieces: list[tuple[str, str]] = []
    for place, name in enumerate(TABS, 1):
        told = tr(lang, NAMES[name])
        if name == "pulse" and findings:
            told += f" {findings}"
        pieces.append(
            (f" {place} {told} ", "head" if name == at else "warn" if name == "pulse" and findings else "")
        )
    room = width - sum(cells(text) for text, _ in pieces)
    return line(*pieces, " " * max(0, room))


def tab_at(x: int, findings: int | None, lang: str) -> Tab | None:
    """The tab whose name is at a cell of the line."""
    left = 0
    for place, (text, _) in enumerate(tabs("", findings, lang, 0).parts):
        left += cells(text)
        if x < left and place < len(TABS):
            return TABS[place]
    return None


def foot(app: Tui, width: int) -> Line:
    """Keys, or a note, and what this program itself costs."""
    lang = app.lang
    right = tr(lang, "own cost {cpu:.1%} CPU, {memory}").format(
        cpu=app.cost, memory=amount(_resident(), "bytes")
    )
    if app.source.live:
        keys = tr(lang, "? explain  / find  h keys  q quit")
        keys += "  " + tr(lang, "every {seconds:g} s").format(seconds=app.delay)
    else:
        playing = f"▶ {app.player.speed}x" if app.player.began else "■"
        place = f"{app.asked.place + 1:,}/{len(app.source.walls):,}"
        keys = f"{playing} {place}  " + tr(lang, "←→ step  n N wrong  ? explain  h keys  q quit")
    left = app.note or keys
    room = width - cells(right) - 1
    if cells(left) > room and app.note:
        return line((clip(left, width), "warn"))
    return line((pad(clip(left, room), -room), "warn" if app.note else ""), " ", (right, "dim"))


def _resident() -> int:
    import resource

    with open(STATM, encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def keys_page(live: bool, lang: str) -> list[Line]:
    """All keys and what they do."""
    every = HELP if live else (*HELP_OF_A_RECORDING, *(one for one in HELP if one[0] not in ("space", "+ -")))
    return [line((pad(keys, -16), "key"), tr(lang, text)) for keys, text in every]
