"""USS, PSS and swap of the processes there are, read once under the guard of their mmap_lock.

A process is asked for nothing that nobody wants to see: a file opened for each of 5,000 processes costs
40 ms of CPU time.
"""

from __future__ import annotations

import os

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_smaps_rollup, pid_statm, pid_status
from jinmaek.tasks.guarded import Guard, Missed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from typing import TypeAlias

    from jinmaek.root import Root
    from jinmaek.tasks.guarded import Reading, Tick

    Take: TypeAlias = "Callable[[Process, bytes], None]"
    """Given a process and its file; may raise ``Malformed``."""

COMMAND = "cmdline"
UNKNOWN = "?"
TABLES = 32
"""Tables after which a process that did nothing is read again at the latest, where tables are repeated."""


class Process:
    """What one process holds, in bytes. Figures nobody asked for are 0, words empty.

    ``at`` is when the kernel was asked (CLOCK_MONOTONIC); ``uid`` is None where it is not known.
    """

    __slots__ = ("at", "command", "name", "pid", "pss", "rss", "swap", "swappss", "uid", "user", "uss", "vss")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.uid: int | None = None
        self.user = self.name = self.command = ""
        self.at = 0.0
        self.vss = self.swap = self.uss = self.pss = self.rss = 0
        self.swappss: int | None = None


class Unread:
    """A process that could not be read, and why."""

    __slots__ = ("missed", "name", "pid")

    def __init__(self, pid: int, name: str, missed: Missed) -> None:
        self.pid = pid
        self.name = name
        self.missed = missed


class Asked:
    """Which processes to read and what to tell of them besides what ``take`` makes of their ``file``.

    ``command`` is looked for in the name and in the command line, ``user`` in what ``user_of`` calls the
    effective user.
    """

    __slots__ = ("command", "commands", "file", "names", "sizes", "take", "user", "user_of", "users")

    def __init__(
        self,
        take: Take,
        user_of: Callable[[int], str] = str,
        *,
        file: str = "smaps_rollup",
        commands: bool = True,
        names: bool = True,
        users: bool = True,
        sizes: bool = True,
        command: re.Pattern[str] | None = None,
        user: re.Pattern[str] | None = None,
    ) -> None:
        self.take = take
        self.user_of = user_of
        self.file = file
        self.commands = commands
        self.names = names
        self.users = users or user is not None
        self.sizes = sizes
        self.command = command
        self.user = user

    def guard(self, root: Root, tick: Tick | None = None) -> Guard:
        """What reads the file, and the command line where it is shown or tells whether the file is wanted."""
        if self.command is None:
            return Guard(root, (self.file, COMMAND) if self.commands else (self.file,), tick=tick)
        search = self.command.search

        def wanted(folder: str, words: bytes) -> bool:
            return bool(search(words_of(words)) or search(name_of(folder)))

        return Guard(root, (COMMAND, self.file), wanted=wanted, tick=tick)

    def owned(self, root: Root, one: Process) -> bool:
        """Fill in the user; False where it is not one that is asked for, or the process has gone."""
        if not self.users:
            return True
        try:
            one.uid = _uid(root, one.pid)
        except FileNotFoundError:
            return False
        one.user = UNKNOWN if one.uid is None else self.user_of(one.uid)
        return self.user is None or self.user.search(one.user) is not None

    def fill(self, root: Root, one: Process, reading: Reading) -> bool | Missed:
        """Fill in the rest; False of a process that is not asked for, or why it could not be read."""
        if reading.missed is not None:
            return reading.missed
        texts = reading.texts
        if self.command is None:
            file, words = texts[0], texts[1] if self.commands else b""
        elif len(texts) == 1:
            return False
        else:
            words, file = texts
        if not file:
            return False
        try:
            self.take(one, file)
        except Malformed as fault:
            return Missed("malformed", f"proc/{one.pid}/{self.file}", str(fault))
        one.at = reading.at
        one.command = words_of(words)
        if self.names or (self.commands and not one.command):
            one.name = one.name or name_of(root.path(f"proc/{one.pid}"))
            one.command = one.command or f"[{one.name}]"
        return True


def once(
    root: Root, asked: Asked, *, budget: float | None = None, tick: Tick | None = None
) -> tuple[list[Process], list[Unread]]:
    """The processes asked for, and those that exist and could not be read.

    The largest are read first where there is a ``budget`` in seconds. Raises ``procfile.Unreadable`` where
    there is no proc folder.
    """
    listed = _listed(root, asked, by_size=budget is not None)
    read = asked.guard(root, tick).read([(one, one.pid) for one in listed], budget)
    found: list[Process] = []
    unread: list[Unread] = []
    for one in listed:
        told = asked.fill(root, one, read[one])
        if told is True:
            found.append(one)
        elif told is not False and told.kind != "gone":
            unread.append(Unread(one.pid, name_of(root.path(f"proc/{one.pid}")), told))
    return found, unread


def sums() -> Take:
    """What fills in the figures of a process from its smaps_rollup file."""
    of = pid_smaps_rollup.Sizes().of

    def take(one: Process, data: bytes) -> None:
        one.uss, one.pss, one.rss, one.swap, one.swappss = of(data)

    return take


def pids(root: Root) -> list[int]:
    """Raises ``procfile.Unreadable``."""
    folder = root.path("proc")
    try:
        return [int(word) for word in os.listdir(folder) if word.isdigit() and word.isascii()]
    except OSError as error:
        why = procfile.REASONS.get(error.errno or 0)
        if why is None:
            raise
        raise procfile.Unreadable(why, folder) from None


def _listed(root: Root, asked: Asked, *, by_size: bool) -> list[Process]:
    # statm takes no lock. It is all 0 for kernel threads and zombies: those of this host have no figures
    # to read, those of a tree have no file.
    statm = asked.sizes or by_size or not root.live
    listed: list[Process] = []
    for pid in pids(root):
        one = Process(pid)
        if (not statm or _has_memory(root, one)) and asked.owned(root, one):
            listed.append(one)
    if by_size:
        listed.sort(key=lambda one: one.rss, reverse=True)
    return listed


def _has_memory(root: Root, one: Process) -> bool:
    try:
        size, resident = procfile.read_bytes(root.path(f"proc/{one.pid}/statm")).split(None, 2)[:2]
        one.vss, one.rss = int(size) * pid_statm.PAGE, int(resident) * pid_statm.PAGE
    except (procfile.Unreadable, ValueError):
        return False
    return one.vss > 0


def _uid(root: Root, pid: int) -> int | None:
    folder = root.path(f"proc/{pid}")
    if root.live:
        return os.stat(folder).st_uid
    try:
        return pid_status.parse(procfile.read(f"{folder}/status")).euid
    except (procfile.Unreadable, Malformed):
        return None


def name_of(folder: str) -> str:
    """The name of a process, from a file that takes no lock."""
    try:
        return procfile.read(f"{folder}/comm").removesuffix("\n")
    except procfile.Unreadable:
        return UNKNOWN


def words_of(data: bytes) -> str:
    """A command line as text, its arguments apart by a space."""
    return data.rstrip(b"\0").decode("utf-8", "backslashreplace").replace("\0", " ")
