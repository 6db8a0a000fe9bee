"""A recording on a terminal: the processes at any moment, moved through by keys, and what was wrong when.

What keys do is here; where pictures and findings come from is given.
"""

from __future__ import annotations

import os
import select
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from jinmaek.i18n import tr
from jinmaek.views.finding import moment
from jinmaek.views.fit import clip
from jinmaek.views.plain import safe
from jinmaek.views.terminal import LINE_END, own_screen, signals
from jinmaek.views.top import Shown, arrange, summary, table
from jinmaek.views.top_frame import Frame
from jinmaek.views.units import span

REVERSE, NORMAL = "\x1b[7m", "\x1b[0m"
ARROWS = {"\x1b[C": "l", "\x1b[D": "h", "\x1b[A": "]", "\x1b[B": "[", "\x1b[5~": "{", "\x1b[6~": "}"}
"""What arrow and page keys send, and the key that does the same."""
STEPS = {"l": 0.0, "h": -0.0, "]": 60.0, "[": -60.0, "}": 3600.0, "{": -3600.0}
SPEEDS = (1, 2, 5, 10, 30, 60, 300)
SORTS = {"P": "%CPU", "M": "%MEM", "T": "TIME+", "S": "SWAP"}
HELP: tuple[tuple[str, str], ...] = (
    ("→ l, ← h", "the next sample, the one before"),
    ("↑ ], ↓ [", "a minute on, a minute back"),
    ("PgDn }, PgUp {", "an hour on, an hour back"),
    ("g G", "to the beginning, to the end"),
    ("t", "to a moment: 03:12, 2h"),
    ("n", "to the next thing that was wrong"),
    ("w b", "to the next gap in the record, to the one before"),
    ("space", "play, or stop"),
    ("+ -", "play faster, slower"),
    ("P M T", "sort by CPU, memory, CPU time"),
    ("q", "leave"),
)


class Source(Protocol):
    """Where pictures come from. Moments are seconds since the epoch."""

    @property
    def walls(self) -> Sequence[float]:
        """Of every sample."""
        ...

    @property
    def gaps(self) -> Sequence[tuple[float, float, str]]:
        """From when to when samples are missing, and why."""
        ...

    def frame(self, place: int) -> Frame | str:
        """The picture of a sample, or why there is none."""
        ...

    def next_finding(self, after: float) -> tuple[float, str] | None:
        """When something began to be wrong, and what; None where nothing was to the end of the record."""
        ...

    def moment(self, text: str) -> float | None:
        """What a user wrote; None where that is no moment."""
        ...


@dataclass(slots=True)
class Replay:
    """What the keys change."""

    source: Source
    place: int
    lang: str = "en"
    shown: Shown = field(default_factory=Shown)
    playing: bool = False
    speed: int = 1
    message: str = ""
    asking: bool = False
    typed: str = ""
    help: bool = False
    searching: bool = False
    over: bool = False

    @property
    def wall(self) -> float:
        return self.source.walls[self.place]

    def go(self, wall: float) -> None:
        """To the last sample at or before a moment, or the first there is."""
        self.place = max(0, bisect_right(self.source.walls, wall) - 1)


def press(replay: Replay, key: str) -> None:  # noqa: C901 - one match over all keys
    """What one key does."""
    replay.message = ""
    if replay.asking:
        _type(replay, key)
        return
    if replay.help:
        replay.help = False
        return
    last = len(replay.source.walls) - 1
    match key:
        case "l" | "h":
            replay.place = min(max(replay.place + (1 if key == "l" else -1), 0), last)
        case "]" | "[" | "}" | "{":
            replay.go(replay.wall + STEPS[key])
        case "g":
            replay.place = 0
        case "G":
            replay.place = last
        case "t":
            replay.asking, replay.typed = True, ""
        case "n":
            replay.searching = True
        case "w" | "b":
            _to_gap(replay, forward=key == "w")
        case " ":
            replay.playing = not replay.playing
        case "+" | "-":
            at = SPEEDS.index(replay.speed) + (1 if key == "+" else -1)
            replay.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        case "q":
            replay.over = True
        case "?":
            replay.help = True
        case _ if key in SORTS:
            replay.shown = replace(replay.shown, field=SORTS[key], descending=True)
        case _:
            replay.message = tr(replay.lang, "unknown key: ? shows them all")


def _type(replay: Replay, key: str) -> None:
    if key in ("\n", "\r"):
        replay.asking = False
        wall = replay.source.moment(replay.typed)
        if wall is None:
            replay.message = tr(replay.lang, "{text} is no moment").format(text=safe(replay.typed))
        else:
            replay.go(wall)
    elif key in ("\x7f", "\b"):
        replay.typed = replay.typed[:-1]
    elif key == "\x1b":
        replay.asking = False
    elif key.isprintable():
        replay.typed += key


def _to_gap(replay: Replay, *, forward: bool) -> None:
    """To the last sample before a gap, so that one step more is over it."""
    starts = [since for since, _, _ in replay.source.gaps]
    at = bisect_right(starts, replay.wall + 1e-6) if forward else bisect_left(starts, replay.wall - 1e-6) - 1
    if not 0 <= at < len(starts):
        replay.message = tr(replay.lang, "no more gaps there")
    else:
        replay.go(starts[at])


def search(replay: Replay) -> None:
    """To the next thing that was wrong."""
    replay.searching = False
    found = replay.source.next_finding(replay.wall)
    if found is None:
        replay.message = tr(replay.lang, "nothing more was wrong up to the end of the record")
    else:
        replay.go(found[0])
        replay.message = found[1]


def screen(replay: Replay, columns: int, rows: int) -> str:
    """The whole screen as the terminal is to be told it."""
    if replay.help:
        lines = [tr(replay.lang, "Keys of jinmaek replay"), ""]
        lines += [f"  {keys:<16} {tr(replay.lang, text)}" for keys, text in HELP]
    else:
        lines = [_where(replay), _line(replay, columns), _note(replay), *_page(replay, columns, rows - 3)]
    cut = [line if line.startswith(REVERSE) else clip(line, columns) for line in lines[:rows]]
    return f"{LINE_END}\r\n".join(cut) + LINE_END


def _where(replay: Replay) -> str:
    source = replay.source
    play = f"▶ {replay.speed}x" if replay.playing else "■"
    text = tr(replay.lang, "{time}  {play}  sample {place} of {all}   ? keys")
    return text.format(
        time=moment(replay.wall), play=play, place=f"{replay.place + 1:,}", all=f"{len(source.walls):,}"
    )


def _line(replay: Replay, columns: int) -> str:
    """The whole record as a line, gaps left out, and where we are in it."""
    walls = replay.source.walls
    begin, end = walls[0], walls[-1]
    width = max(10, columns)
    scale = (width - 1) / max(end - begin, 1e-9)
    line = ["─"] * width
    for since, until, _ in replay.source.gaps:
        first, last = int((since - begin) * scale) + 1, int((until - begin) * scale)
        line[first:last] = " " * len(line[first:last])
    line[int((replay.wall - begin) * scale)] = "●"
    return "".join(line)


def _note(replay: Replay) -> str:
    if replay.asking:
        return f"{tr(replay.lang, 'To which moment')}: {replay.typed}"
    if replay.searching:
        return tr(replay.lang, "judging what was recorded from here on")
    if replay.message:
        return replay.message
    for since, until, why in replay.source.gaps:
        if abs(since - replay.wall) < 1e-6:
            text = tr(replay.lang, "behind this sample none for {time}: {why}")
            return text.format(time=span(until - since, replay.lang), why=safe(why))
    return ""


def _page(replay: Replay, columns: int, rows: int) -> list[str]:
    frame = replay.source.frame(replay.place)
    if isinstance(frame, str):
        return [safe(frame)]
    head = summary(frame, replay.shown, columns)
    room = max(0, rows - len(head) - 1)
    heads, *processes = table(frame, replay.shown, arrange(frame, replay.shown)[:room], columns)
    return [*head, REVERSE + heads.ljust(columns) + NORMAL, *processes]


def watch(replay: Replay) -> int:
    """Show the recording until q is pressed."""
    keyboard, out = sys.stdin.fileno(), sys.stdout.fileno()
    with signals() as woken, own_screen(keyboard, out) as show:
        began = time.monotonic(), replay.wall
        while not replay.over:
            show(lambda columns, rows: screen(replay, columns, rows))
            if replay.searching:
                search(replay)
                continue
            wait = 0.1 if replay.playing else None
            ready, _, _ = select.select([keyboard, woken], [], [], wait)
            if woken in ready:
                os.read(woken, 4096)
            if keyboard in ready:
                typed = os.read(keyboard, 1024).decode("utf-8", "replace")
                if not typed:
                    return 0
                for key in keys(typed):
                    press(replay, key)
                began = time.monotonic(), replay.wall
            elif replay.playing:
                passed = (time.monotonic() - began[0]) * replay.speed
                replay.place = max(replay.place, bisect_right(replay.source.walls, began[1] + passed) - 1)
                _over_gap(replay)
                if replay.wall > began[1] + passed:
                    began = time.monotonic(), replay.wall
                if replay.place == len(replay.source.walls) - 1:
                    replay.playing = False
    return 0


def _over_gap(replay: Replay) -> None:
    """Nothing is played in a gap: the sample behind it comes at once."""
    if any(abs(since - replay.wall) < 1e-6 for since, _, _ in replay.source.gaps):
        replay.place = min(replay.place + 1, len(replay.source.walls) - 1)


def keys(typed: str) -> Iterator[str]:
    """Single keys, arrows and page keys as the letters that do the same; other sequences are dropped."""
    while typed:
        for sent, key in ARROWS.items():
            if typed.startswith(sent):
                yield key
                typed = typed[len(sent) :]
                break
        else:
            if typed.startswith("\x1b["):
                return
            yield typed[0]
            typed = typed[1:]
