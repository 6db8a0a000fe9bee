"""``top`` on a terminal: a picture every few seconds, and keys that change it."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, assert_never

from jinmaek.i18n import tr
from jinmaek.views.fit import clip
from jinmaek.views.plain import safe
from jinmaek.views.terminal import LINE_END, own_screen, signals
from jinmaek.views.top import COLUMNS, Shown, arrange, remarks, summary, table
from jinmaek.views.top_filter import parse
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
    "<": lambda shown: replace(shown, field=_beside(shown.field, -1)),
    ">": lambda shown: replace(shown, field=_beside(shown.field, 1)),
    "i": lambda shown: replace(shown, idle=not shown.idle),
    "1": lambda shown: replace(shown, each_cpu=not shown.each_cpu),
    "I": lambda shown: replace(shown, solaris=not shown.solaris),
    "H": lambda shown: replace(shown, threads=not shown.threads),
    "c": lambda shown: replace(shown, command_line=not shown.command_line),
    "=": lambda shown: replace(shown, uid=None, others=False, idle=True, limit=None, filters=()),
}
"""Keys that show the same frame in another way; ``ANEW`` need another frame."""

ANEW = "Hc"
HELP: tuple[tuple[str, str], ...] = (
    ("P M T N", "sort by CPU, memory, CPU time, pid"),
    ("< >", "sort by the column to the left, to the right"),
    ("R", "reverse the order"),
    ("H", "threads, or processes"),
    ("c", "names, or whole command lines"),
    ("I", "%CPU of one CPU (Irix), or of the whole machine (Solaris)"),
    ("i", "hide or show processes that used no CPU time"),
    ("1", "a line for each CPU, or one for all"),
    ("u", "only one user's processes (!USER: all others, empty: everybody's)"),
    ("o O", "another filter: COMMAND=ssh, !USER=root, RES>10000, %CPU>5 (O: case matters)"),
    ("n", "how many processes at most (0: all)"),
    ("=", "everything again: no filter, no limit"),
    ("d s", "seconds between pictures"),
    ("space", "a new picture now"),
    ("r k", "how to change the priority of a process, or end it: nothing is changed here"),
    ("h ?", "this page"),
    ("q", "quit"),
)
"""Keys and what they do; the sentences are translated when shown."""

Question = Literal["delay", "user", "limit", "filter", "exact filter"]
ASKED: dict[Question, str] = {
    "delay": "Seconds between pictures",
    "user": "Which user (empty for all)",
    "limit": "How many processes (0 for all)",
    "filter": "Filter, as in COMMAND=ssh or !RES>1g",
    "exact filter": "Filter, upper and lower case differ",
}
ASKING: dict[str, Question] = {
    "u": "user",
    "d": "delay",
    "s": "delay",
    "n": "limit",
    "#": "limit",
    "o": "filter",
    "O": "exact filter",
}
"""Keys that ask something."""


@dataclass(slots=True)
class Live:
    """What the keys change."""

    shown: Shown
    delay: float
    user_id: Callable[[str], int | None]
    lang: str = "en"
    help: bool = False
    asking: Question | None = None
    typed: str = ""
    message: str = ""
    stale: bool = False
    """A new picture is wanted before its time."""
    over: bool = False

    def say(self, sentence: str, **values: object) -> None:
        """Show a message until the next key."""
        self.message = tr(self.lang, sentence).format(**values)


def press(live: Live, key: str) -> None:
    """What one key does."""
    live.message = ""
    if live.asking:
        _type(live, key)
    elif live.help:
        live.help = False
    elif key in CHANGES:
        live.shown = CHANGES[key](live.shown)
        live.stale |= key in ANEW
        if key == "I":
            live.say("Irix mode Off") if live.shown.solaris else live.say("Irix mode On")
    elif key in ASKING:
        live.asking = ASKING[key]
    else:
        _other(live, key)


def _other(live: Live, key: str) -> None:
    match key:
        case "q":
            live.over = True
        case "h" | "?":
            live.help = True
        case " ":
            live.stale = True
        case "r":
            live.say("nothing is changed here; to favour others: renice -n 10 -p PID")
        case "k":
            live.say("nothing is changed here; to end a process in order: kill PID, by force: kill -9 PID")
        case _:
            live.say("unknown key: h shows them all")


def _type(live: Live, key: str) -> None:
    if key in ERASE:
        live.typed = live.typed[:-1]
    elif key == ESCAPE:
        live.asking, live.typed = None, ""
    elif key in "\r\n":
        answer, question = live.typed.strip(), live.asking
        live.asking, live.typed = None, ""
        if question is not None:
            _answer(live, question, answer)
    elif key.isprintable():
        live.typed += key


def _answer(live: Live, question: Question, answer: str) -> None:
    match question:
        case "delay":
            try:
                delay = float(answer)
            except ValueError:
                delay = -1.0
            if 0 <= delay <= 1e6:
                # Without any pause there would be no time left for keys.
                live.delay = max(delay, 0.1)
            else:
                live.say("not a number of seconds: {answer}", answer=safe(answer))
        case "user":
            _only(live, answer)
        case "limit":
            if answer.isdigit() and answer.isascii():
                live.shown = replace(live.shown, limit=int(answer) or None)
            else:
                live.say("not a count: {answer}", answer=safe(answer))
        case "filter" | "exact filter":
            wanted = parse(answer, COLUMNS, exact=question == "exact filter")
            if wanted is not None:
                live.shown = replace(live.shown, filters=(*live.shown.filters, wanted))
            elif answer:
                live.say(
                    "no filter: {answer}; {fields} with = < >", answer=safe(answer), fields=" ".join(COLUMNS)
                )
        case _:
            assert_never(question)


def _only(live: Live, answer: str) -> None:
    """Only the processes of one user, or with ``!`` of all others."""
    name = answer.removeprefix("!")
    uid = live.user_id(name) if name else None
    if name and uid is None:
        live.say("there is no user {name}", name=safe(name))
    else:
        live.shown = replace(live.shown, uid=uid, others=answer.startswith("!"))


def _beside(field: str, step: int) -> str:
    """The next column to sort by; at either end, and for a field not shown, as near as there is."""
    if field not in COLUMNS:
        return COLUMNS[0] if step < 0 else COLUMNS[-1]
    return COLUMNS[min(max(COLUMNS.index(field) + step, 0), len(COLUMNS) - 1)]


def screen(live: Live, frame: Frame, columns: int, rows: int) -> str:
    """The whole screen as the terminal is to be told it."""
    if live.help:
        lines = _help(live.lang)
    else:
        head = summary(frame, live.shown, columns)
        room = max(0, rows - len(head) - 2)
        heads, *processes = table(frame, live.shown, arrange(frame, live.shown)[:room], columns)
        note = live.message or remarks(frame, live.lang)
        if live.asking:
            note = f"{tr(live.lang, ASKED[live.asking])}: {live.typed}"
        lines = [*head, note, REVERSE + heads.ljust(columns) + NORMAL, *processes]
    # The escapes of the reversed line are not part of its width.
    cut = [line if line.startswith(REVERSE) else clip(line, columns) for line in lines[:rows]]
    return f"{LINE_END}\r\n".join(cut) + LINE_END


def _help(lang: str) -> list[str]:
    lines = [f"  {keys:<8} {tr(lang, sentence)}" for keys, sentence in HELP]
    return [tr(lang, "Keys of jinmaek top"), "", *lines, "", tr(lang, "any key goes back")]


def watch(next_frame: Callable[[Shown], Frame], live: Live, count: int | None) -> int:
    """Show frames until q is pressed, or ``count`` of them. ``next_frame`` is told what is to be shown."""
    keyboard, out = sys.stdin.fileno(), sys.stdout.fileno()
    with signals() as woken, own_screen(keyboard, out) as show:
        while not live.over:
            draw = partial(screen, live, next_frame(live.shown))
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
