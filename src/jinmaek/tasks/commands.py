"""Command lines, and whose mmap_lock is held: both come of reading cmdline under a deadline.

A command line is read once, and again when its process has done something since (a program may write its
own). A process whose lock is held for longer than the deadline is named, whatever was wanted of it: its page
faults, smaps, ps and every tool that reads its memory wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest

from jinmaek.model import Locked
from jinmaek.root import Root
from jinmaek.tasks.guarded import HELD, Guard
from jinmaek.tasks.table import Scan, place

Identity = tuple[int, float]
"""pid and start time."""

BUDGET = 0.05
"""Seconds for all command lines of one refresh."""
SUSPECTS = 16
"""So many of the largest processes, and of those with a thread in D, are looked at though nobody asked."""
EVERY = 1.0
"""Seconds from one look at the suspects to the next."""


class Commands:
    """Command lines by identity, as far as they could be read; ``locked`` are those that stood in the way."""

    __slots__ = ("_budget", "_guard", "_looked", "_texts", "locked", "unread")

    def __init__(self, root: Root, budget: float = BUDGET) -> None:
        self._guard = Guard(root, ("cmdline",))
        self._budget = budget
        self._texts: dict[Identity, str] = {}
        self._looked = -EVERY
        self.locked: tuple[Locked, ...] = ()
        self.unread = 0
        """Command lines the budget of the last reading did not reach."""

    @property
    def texts(self) -> Mapping[Identity, str]:
        """Words parted by spaces; empty where there is none, as of a kernel thread."""
        return self._texts

    def read(self, wanted: Sequence[Identity], scan: Scan, again: Iterable[Identity] = ()) -> None:
        """Have the command lines of ``wanted``, the most urgent first, and of ``again`` anew.

        Before all others, but not more often than ``EVERY`` seconds, the suspects are looked at.
        """
        for one in again:
            self._texts.pop(one, None)
        suspects: list[Identity] = []
        if time.monotonic() - self._looked >= EVERY:
            self._looked = time.monotonic()
            suspects = _suspects(scan)
        targets = dict.fromkeys((*suspects, *(one for one in wanted if one not in self._texts)))
        if not targets:
            return
        locked = {} if suspects else {(one.pid, one.start_time): one for one in self.locked}
        self.unread = 0
        for identity, reading in self._guard.read([(one, one[0]) for one in targets], self._budget).items():
            assert isinstance(identity, tuple)
            locked.pop(identity, None)
            if reading.missed is None:
                self._texts[identity] = _words(reading.texts[0])
            elif reading.missed.why == HELD:
                gap = reading.missed.gap()
                locked[identity] = Locked(identity[0], identity[1], _name(scan, identity[0]), gap)
            elif reading.missed.kind == "timed out":
                self.unread += 1
        self.locked = tuple(locked.values())
        if len(self._texts) > 2 * len(scan.processes) + SUSPECTS:
            there = set(zip(scan.processes.pid, scan.processes.start_time, strict=True))
            self._texts = {one: text for one, text in self._texts.items() if one in there}


def _suspects(scan: Scan) -> list[Identity]:
    """Processes with a thread in D, then the largest: who waits, or has much to walk, holds a lock long."""
    tasks = scan.processes
    sizes = tasks.resident
    largest = nlargest(SUSPECTS, range(len(tasks)), key=lambda i: sizes[i] or 0)
    starts = tasks.start_time
    stuck = {thread.tgid for thread in scan.waiting}
    places = [i for pid in sorted(stuck)[:SUSPECTS] if (i := place(tasks, pid)) is not None]
    return [(tasks.pid[i], starts[i]) for i in (*places, *(i for i in largest if sizes[i]))]


def _words(data: bytes) -> str:
    """In one line, as procps shows them."""
    return data.rstrip(b"\0").replace(b"\0", b" ").replace(b"\n", b" ").decode("utf-8", "backslashreplace")


def _name(scan: Scan, pid: int) -> str:
    i = place(scan.processes, pid)
    return "?" if i is None else scan.processes.comm[i]
