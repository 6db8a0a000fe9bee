"""A process that outlives the lab: when the lab ends without a word, it undoes what the lab has made.

It holds the reading end of a pipe whose other end only the lab has, so that the kernel tells it of the
lab's end whatever that was. The lab may also name a time at which it will have ended.
"""

from __future__ import annotations

import os
import select
import signal
import time

from jinmaek.lab import calls
from jinmaek.lab.journal import Journal
from jinmaek.lab.undo import kill, undo_all

NAME = "jinmaek-guard"
DONE = b"done"
GRACE = 60.0
"""Seconds a lab may take to undo its things after its time is over, before the guardian does it."""


class Guardian:
    """The lab's end of the pipe."""

    __slots__ = ("_pipe", "pid")

    def __init__(self, journal: Journal) -> None:
        """Start the process. Raises OSError."""
        reading, self._pipe = os.pipe()
        lab = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _guard(lab, reading, journal)
            finally:
                os._exit(0)
        os.close(reading)

    def expect(self, seconds: float) -> None:
        """The lab will be done in so many seconds from now, or else is stuck."""
        self._say(f"{time.monotonic() + seconds}".encode())

    def dismiss(self) -> None:
        """All is undone: nothing is left to guard."""
        self._say(DONE)
        os.close(self._pipe)
        os.waitpid(self.pid, 0)

    def _say(self, line: bytes) -> None:
        try:
            os.write(self._pipe, line + b"\n")
        except BrokenPipeError:
            return  # somebody killed it: the lab undoes its things itself


def _guard(lab: int, reading: int, journal: Journal) -> None:
    """The life of the guardian."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    calls.set_name(NAME)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    only((reading, journal.descriptor))
    os.chdir("/")
    if _wait(lab, reading):
        undo_all(journal.folder, lambda _: None)


def only(kept: tuple[int, ...]) -> None:
    """Close every descriptor but the standard three and these."""
    at = 3
    for descriptor in sorted(kept):
        os.closerange(at, descriptor)
        at = descriptor + 1
    os.closerange(at, os.sysconf("SC_OPEN_MAX"))


def _wait(lab: int, reading: int) -> bool:
    """Until the lab is done (False), or dead or past its time (True)."""
    watch = select.poll()
    watch.register(reading, select.POLLIN | select.POLLHUP)
    due: float | None = None
    said = b""
    while True:
        left = None if due is None else max(0.0, due + GRACE - time.monotonic())
        if not watch.poll(None if left is None else left * 1000):
            kill(lab)
            return True
        heard = os.read(reading, 4096)
        if not heard:
            return True
        *lines, said = (said + heard).split(b"\n")
        for line in lines:
            if line == DONE:
                return False
            due = float(line)
