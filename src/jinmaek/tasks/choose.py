"""Which way the task table is filled: by the kernel's own task iterator where it lets us, else from /proc."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, Literal, Self, get_args

from jinmaek import procfile
from jinmaek.model import Gap, TasksRead
from jinmaek.root import LIVE, Root
from jinmaek.tasks import procfs
from jinmaek.tasks.files import listing
from jinmaek.tasks.held import Held
from jinmaek.tasks.table import Scan

if TYPE_CHECKING:
    from jinmaek.tasks.bpf import TaskIterator

Way = Literal["auto", "bpf", "procfs"]
WAYS: tuple[Way, ...] = get_args(Way)

MANY = 1000
"""Below this many processes, opening the iterator costs more than it saves in a look or two."""

SOURCE = "tasks.bpf"
"""The source of the gap that tells why the iterator is not used."""


class Refused(Exception):
    """The way that was asked for cannot be used here."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.detail)
        self.gap = gap


class Scanner:
    """Scans of one machine, the same way each time; ``close`` it, or use ``with``.

    ``auto`` takes the iterator if it can, where there are ``MANY`` processes, and says in ``refused`` why
    it did not. A captured tree is always
    read by ``procfs.scan``. ``cpu_s`` is what everything cost so far. Raises ``Refused`` for ``bpf``.
    """

    def __init__(self, root: Root = LIVE, way: Way = "auto") -> None:
        began = time.process_time()
        self._root = root
        self._iterator: TaskIterator | None = None
        self._held: Held | None = None
        self.refused: Gap | None = None
        self.way = "procfs"
        if way == "bpf" and not root.live:
            raise Refused(Gap("absent", SOURCE, "a captured tree is read from its files"))
        if root.live and (way == "bpf" or (way == "auto" and _many(root))):
            found = _iterator()
            if isinstance(found, Gap):
                self.refused = found
                if way == "bpf":
                    raise Refused(found)
            else:
                self._iterator, self.way = found, "bpf"
        if self._iterator is None and root.live:
            self._held = Held(root)
        self.cpu_s = time.process_time() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def scan(self, details: bool, threads: bool = False, usage: bool = False) -> Scan:
        """All tasks now. ``threads`` adds the table of threads; the rest is as in ``procfs.scan``."""
        if self._iterator is not None:
            found = self._iterator.scan(details=details, usage=usage, threads=threads)
        elif self._held is not None:
            found = self._held.scan(details=details, usage=usage, threads=threads)
        else:
            found = procfs.scan(self._root, details=details, usage=usage, threads=threads)
        self.cpu_s += found.cpu_s
        return found

    @property
    def reading(self) -> TasksRead:
        """How it reads and what that has cost so far."""
        hidden = self._iterator.hidden if self._iterator is not None else ()
        return TasksRead(self.way, self.cpu_s, self.refused, hidden)

    def close(self) -> None:
        """Let go of every descriptor."""
        if self._iterator is not None:
            self._iterator.close()
        if self._held is not None:
            self._held.close()


def _many(root: Root) -> bool:
    try:
        return sum(name.isdigit() for name in listing(root.path("proc"))) >= MANY
    except procfile.Unreadable:
        return False  # the scan itself names the gap


def _iterator() -> TaskIterator | Gap:
    # Imported only where it is used: ctypes and struct cost what a whole scan does.
    from jinmaek.tasks import bpf

    try:
        return bpf.TaskIterator()
    except bpf.Unavailable as refusal:
        reason = str(refusal)
        denied = any(os.strerror(number) in reason for number in (errno.EPERM, errno.EACCES))
        return Gap("denied" if denied else "absent", SOURCE, reason)
