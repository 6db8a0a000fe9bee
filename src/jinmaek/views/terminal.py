"""A terminal taken over for a while: keys without Enter, its second screen, and all given back afterwards."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENTER = "\x1b[?1049h\x1b[?25l"
LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l"
HOME, LINE_END, SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"

Draw = Callable[[int, int], str]
"""The whole screen for so many columns and rows."""


@contextmanager
def own_screen(keyboard: int, out: int) -> Iterator[Callable[[Draw], None]]:
    """Gives what draws the screen. What was there comes back at the end, and while stopped by Ctrl-Z."""
    saved = termios.tcgetattr(keyboard)

    def enter() -> None:
        tty.setcbreak(keyboard)
        os.write(out, ENTER.encode())

    def leave() -> None:
        os.write(out, LEAVE.encode())
        termios.tcsetattr(keyboard, termios.TCSADRAIN, saved)

    def pause(_: int, __: FrameType | None) -> None:
        leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        enter()

    def show(draw: Draw) -> None:
        columns, rows = os.get_terminal_size(out)
        text = HOME + draw(columns, rows) + SCREEN_END
        _write(out, text.encode(sys.stdout.encoding, "replace"))

    stopped = signal.signal(signal.SIGTSTP, pause)
    try:
        enter()
        yield show
    finally:
        leave()
        signal.signal(signal.SIGTSTP, stopped)


@contextmanager
def signals() -> Iterator[int]:
    """A descriptor that is readable after any signal; SIGTERM and SIGHUP end the program in order."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    def wake(_: int, __: FrameType | None) -> None:
        """The byte in the pipe does it."""

    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    was = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    handlers = {signal.SIGWINCH: wake, signal.SIGCONT: wake, signal.SIGTERM: end, signal.SIGHUP: end}
    saved = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield readable
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(was)
        os.close(readable)
        os.close(writable)


def _write(out: int, data: bytes) -> None:
    while data:
        data = data[os.write(out, data) :]
