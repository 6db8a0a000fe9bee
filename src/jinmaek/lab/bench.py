"""The workbench of one experiment: every condition that is made on it is undone when it is left.

``write`` comes before the making, so that nothing is ever there that is written down nowhere.
"""

from __future__ import annotations

import os
import shutil
import signal
from types import TracebackType
from typing import Self

from jinmaek.lab import journal
from jinmaek.lab.guardian import Guardian
from jinmaek.lab.journal import Group, Made
from jinmaek.lab.sentence import CannotMake, Sentence
from jinmaek.lab.undo import undo, undo_all

DEFAULT = "/var/tmp"  # noqa: S108 - only the base of a folder of one's own, checked each time
"""Where labs keep their files unless told otherwise: on disk, and larger than /tmp often is."""
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


class Bench:
    """A folder for files, and what stands until it is undone. To be used with ``with``."""

    __slots__ = ("_guardian", "_held", "_journal", "_standing", "folder", "leftovers", "pids")

    def __init__(self, base: str = DEFAULT) -> None:
        """Raises OSError, ``Untrusted``."""
        self.folder = journal.new_folder(base)
        self._journal = journal.Journal(self.folder)
        self._guardian = Guardian(self._journal)
        self._standing: dict[int, Made] = {}
        self._held: list[int] = []
        self.pids: list[int] = []
        """Of all processes that were started on it."""
        self.leftovers: tuple[Sentence, ...] = ()
        """What could not be undone."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def expect(self, seconds: float) -> None:
        """The experiment will be over in so many seconds; the guardian ends it some time after that."""
        self._guardian.expect(seconds)

    def write(self, made: Made) -> int:
        """Write down what is made next; its number."""
        number = self._journal.write(made)
        self._standing[number] = made
        if isinstance(made, Group):
            self.pids.append(made.pgid)
        return number

    def undo(self, number: int) -> None:
        """Undo one thing before the others. Raises ``CannotMake`` where it will not go."""
        made = self._standing.get(number)
        if made is None:
            return
        left = undo(made)
        if left:
            raise CannotMake(left.text, **left.values)
        if isinstance(made, Group):
            _reap(made.pgid)
        del self._standing[number]
        self._journal.undone(number)

    def hold(self, descriptor: int) -> None:
        """A descriptor to be closed when all is undone."""
        self._held.append(descriptor)

    def close(self) -> None:
        """Undo what stands, newest first; signals that would stop it wait meanwhile."""
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            left: list[Sentence] = []
            for number in sorted(self._standing, reverse=True):
                try:
                    self.undo(number)
                except CannotMake as remains:
                    left.append(remains.why)
            for descriptor in self._held:
                os.close(descriptor)
            self._held.clear()
            if not left:
                undo_all(self.folder, left.append)
            self.leftovers = tuple(left)
            self._guardian.dismiss()
            self._journal.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return


def clean(base: str = DEFAULT) -> tuple[int, tuple[Sentence, ...]]:
    """Undo what dead labs have left: how many labs, and what will not go. Raises OSError, ``Untrusted``."""
    count = 0
    said: list[Sentence] = []
    for folder, lock in journal.left_behind(base):
        count += 1
        try:
            if os.path.exists(f"{folder}/{journal.JOURNAL}"):
                undo_all(folder, said.append)
            else:
                shutil.rmtree(folder)
        finally:
            os.close(lock)
    return count, tuple(said)
