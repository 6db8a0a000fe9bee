"""``smem`` on a terminal: a table every few seconds, the largest first, until q is pressed."""

from __future__ import annotations

import os
import select
import sys
import time
from functools import partial

from jinmaek.views import smem
from jinmaek.views.terminal import LINE_END, own_screen, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Lines(Protocol):
        """The lines of a table."""

        def __call__(self, frame: smem.Frame, *, reverse: bool) -> Iterator[str]: ...


KEYS = "q quit, r the other end first, space a new table now"


def screen(frame: smem.Frame, lines: Iterator[str], columns: int, rows: int) -> str:
    """The whole screen: what is not fresh or not there, and as much of the table as there is room for."""
    shown = [smem.note(frame) or f"{frame.processes} processes, all read now", KEYS, "", *lines]
    return f"{LINE_END}\r\n".join(line[:columns] for line in shown[:rows]) + LINE_END


def watch(
    frames: Iterator[smem.Frame], lines: Lines, delay: float, count: int | None, *, reverse: bool
) -> int:
    """Show tables until q is pressed, or ``count`` of them."""
    keyboard, out = sys.stdin.fileno(), sys.stdout.fileno()
    with signals() as woken, own_screen(keyboard, out) as show:
        for frame in frames:
            due = time.monotonic() + delay
            show(partial(screen, frame, lines(frame, reverse=reverse)))
            if count is not None:
                count -= 1
                if not count:
                    break
            while True:
                left = max(0.0, due - time.monotonic())
                ready, _, _ = select.select([keyboard, woken], [], [], left)
                if not ready:
                    break
                if woken in ready:
                    os.read(woken, 4096)
                if keyboard in ready:
                    keys = os.read(keyboard, 1024).decode("utf-8", "replace")
                    if not keys or "q" in keys:
                        return 0
                    reverse ^= "r" in keys
                    if " " in keys:
                        break
                show(partial(screen, frame, lines(frame, reverse=reverse)))
    return 0
