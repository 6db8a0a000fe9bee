"""``top`` on a terminal: a picture every few seconds, and keys that change it."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from jinmaek.views.plain import safe
from jinmaek.views.terminal import LINE_END, own_screen, signals
from jinmaek.views.top import Shown, arrange, summary, table
from jinmaek.views.top_frame import Frame

REVERSE, NORMAL = "\x1b[7m", "\x1b[0m"
ESCAPE = "\x1b"
ERASE = ("\x7f", "\b")

CHANGES: dict[str, Callable[[Shown], Shown]] = {
    "P": lambda shown: replace(shown, field="%CPU", descending=True),
    "M": lambda shown: replace(shown, field="%MEM", descending=True),
    "T": lambda shown: replace(shown, field="TIME+", descending=True),
    "N": lambda shown: replace(shown, field="PID", descending=True),
    "R": lambda shown: replace(shown, descending=not shown.descending),
    "i": lambda shown: replace(shown, idle=not shown.idle),
    "1": lambda shown: replace(shown, each_cpu=not shown.each_cpu),
}
"""Keys that show the same frame in another way."""

HELP = (
    "Keys of jinmaek top",
    "",
    "  P M T N  sort by CPU, memory, CPU time, pid",
    "  R        reverse the order",
    "  i        hide or show processes that used no CPU time",
    "  1        one line for each CPU, or one for all",
    "  u        only one user's processes (!USER: all others, empty: everybody's)",
    "  d        seconds between pictures",
    "  space    a new picture now",
    "  h ?      this page",
    "  q        quit",
    "",
    "any key goes back",
)

Question = Literal["", "delay", "user"]
ASKED: dict[Question, str] = {
    "": "",
    "delay": "Seconds between pictures: ",
    "user": "Which user (empty for all): ",
}


@dataclass(slots=True)
class Live:
    """What the keys change."""

    shown: Shown
    delay: float
    user_id: Callable[[str], int | None]
    help: bool = False
    asking: Question = ""
    typed: str = ""
    message: str = ""
    stale: bool = False
    """A new picture is wanted before its time."""
    over: bool = False


def press(live: Live, key: str) -> None:
    """What one key does."""
    live.message = ""
    if live.asking:
        _type(live, key)
    elif live.help:
        live.help = False
    elif key in CHANGES:
        live.shown = CHANGES[key](live.shown)
    else:
        match key:
            case "q":
                live.over = True
            case "u":
                live.asking = "user"
            case "d":
                live.asking = "delay"
            case "h" | "?":
                live.help = True
            case " ":
                live.stale = True
            case _:
                live.message = "unknown key: h shows them all"


def _type(live: Live, key: str) -> None:
    if key in ERASE:
        live.typed = live.typed[:-1]
    elif key == ESCAPE:
        live.asking, live.typed = "", ""
    elif key in "\r\n":
        answer, question = live.typed.strip(), live.asking
        live.asking, live.typed = "", ""
        _answer(live, question, answer)
    elif key.isprintable():
        live.typed += key


def _answer(live: Live, question: Question, answer: str) -> None:
    if question == "delay":
        try:
            delay = float(answer)
        except ValueError:
            delay = -1.0
        if not 0 <= delay <= 1e6:
            live.message = f"not a number of seconds: {safe(answer)}"
            return
        # Without any pause there would be no time left for keys.
        live.delay = max(delay, 0.1)
        return
    others = answer.startswith("!")
    name = answer.removeprefix("!")
    uid = live.user_id(name) if name else None
    if name and uid is None:
        live.message = f"there is no user {safe(name)}"
        return
    live.shown = replace(live.shown, uid=uid, others=others)


def screen(live: Live, frame: Frame, columns: int, rows: int) -> str:
    """The whole screen as the terminal is to be told it."""
    if live.help:
        lines = list(HELP)
    else:
        head = summary(frame, live.shown)
        room = max(0, rows - len(head) - 2)
        heads, *processes = table(frame, arrange(frame.processes, live.shown)[:room], columns)
        note = ASKED[live.asking] + live.typed if live.asking else live.message
        lines = [*head, note, REVERSE + heads.ljust(columns) + NORMAL, *processes]
    # The escapes of the reversed line are not part of its width.
    cut = [line if line.startswith(REVERSE) else line[:columns] for line in lines[:rows]]
    return f"{LINE_END}\r\n".join(cut) + LINE_END


def watch(next_frame: Callable[[], Frame], live: Live, count: int | None) -> int:
    """Show frames until q is pressed, or ``count`` of them."""
    keyboard, out = sys.stdin.fileno(), sys.stdout.fileno()
    with signals() as woken, own_screen(keyboard, out) as show:
        while not live.over:
            draw = partial(screen, live, next_frame())
            due = time.monotonic() + live.delay
            live.stale = False
            show(draw)
            if count is not None:
                count -= 1
                if not count:
                    break
            while not (live.over or live.stale) and (left := due - time.monotonic()) > 0:
                ready, _, _ = select.select([keyboard, woken], [], [], left)
                if woken in ready:
                    os.read(woken, 4096)
                if keyboard in ready:
                    typed = os.read(keyboard, 1024).decode("utf-8", "replace")
                    if not typed:
                        return 0
                    before = live.delay
                    for key in _keys(typed):
                        press(live, key)
                    due += live.delay - before
                if ready:
                    show(draw)
    return 0


def _keys(typed: str) -> Iterator[str]:
    """Single keys; the sequence an arrow or function key sends is none of ours and dropped whole."""
    if typed.startswith(ESCAPE) and len(typed) > 1:
        return
    yield from typed
