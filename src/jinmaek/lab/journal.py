"""What a lab is about to make, written down before it is made, so that whoever is left can undo it.

One folder for each running lab, below one of its user's own; in it the journal, a line of JSON for each
thing, and whatever files the lab makes. The journal is locked as long as the lab or its guardian lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

JOURNAL = "journal"
BORN = 60.0
"""Seconds in which a folder without a journal may be that of a lab that is just beginning."""


class Untrusted(Exception):
    """The folder of labs belongs to somebody else, or others may write to it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A process and all its descendants: its process group. ``started`` is in clock ticks since boot."""

    pgid: int
    started: int


@dataclass(frozen=True, slots=True)
class Swap:
    """A swap file or device in use."""

    path: str


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A folder of a cgroup tree."""

    path: str


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    target: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A file system that lets nobody write."""

    target: str


@dataclass(frozen=True, slots=True)
class Knob:
    """A kernel setting, and what it was."""

    path: str
    old: str


Made = Group | Swap | Cgroup | Mount | Frozen | Knob
KINDS = {kind.__name__: kind for kind in (Group, Swap, Cgroup, Mount, Frozen, Knob)}


class Journal:
    """The journal of this lab."""

    __slots__ = ("_file", "_written", "folder")

    def __init__(self, folder: str) -> None:
        """Start one in a folder that is empty. Raises OSError."""
        self.folder = folder
        self._written = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(f"{folder}/{JOURNAL}", flags, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        # Whoever cleans up may have taken it for one left behind, in the moment before.
        os.stat(f"{folder}/{JOURNAL}")

    @property
    def descriptor(self) -> int:
        """What holds the lock: shared with the guardian, closed in all others."""
        return self._file

    def write(self, made: Made) -> int:
        """Write down one thing; its number. It is on disk when this returns."""
        self._line({"made": type(made).__name__, **asdict(made)})
        self._written += 1
        return self._written - 1

    def undone(self, number: int) -> None:
        """The thing of this number is not there any more."""
        self._line({"undone": number})

    def _line(self, record: dict[str, object]) -> None:
        os.write(self._file, json.dumps(record).encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def standing(folder: str) -> list[tuple[int, Made]]:
    """What is written in a folder's journal and not undone, newest first. Raises OSError, ValueError.

    A last line that was cut off is of something that was not made yet.
    """
    made: dict[int, Made] = {}
    with open(f"{folder}/{JOURNAL}", "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    number = 0
    for line in lines:
        record = json.loads(line)
        if "undone" in record:
            made.pop(record["undone"], None)
        else:
            made[number] = KINDS[record.pop("made")](**record)
            number += 1
    return sorted(made.items(), reverse=True)


def place(base: str) -> str:
    """The folder of this user's labs below ``base``, made if need be. Raises OSError, ``Untrusted``."""
    path = f"{base.rstrip('/')}/jinmaek-lab-{os.geteuid()}"
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        check(path)
    return path


def check(path: str) -> None:
    """A folder of this user alone, or ``Untrusted``: what is written there is obeyed."""
    told = os.lstat(path)
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.geteuid() or told.st_mode & 0o077:
        raise Untrusted(path)


def new_folder(base: str) -> str:
    """A folder for one lab. Raises OSError, ``Untrusted``."""
    return tempfile.mkdtemp(prefix="run-", dir=place(base))


def living(base: str) -> list[str]:
    """Folders of labs that run now. Raises OSError, ``Untrusted``."""
    found = []
    for name in sorted(os.listdir(place(base))):
        path = f"{place(base)}/{name}"
        try:
            file = os.open(f"{path}/{JOURNAL}", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            found.append(path)
        finally:
            os.close(file)
    return found


def left_behind(base: str) -> Iterator[tuple[str, int]]:
    """Folders of dead labs, and the descriptor that now holds each lock. Raises OSError, ``Untrusted``."""
    for name in sorted(os.listdir(place(base))):
        folder = f"{place(base)}/{name}"
        check(folder)
        try:
            file = os.open(f"{folder}/{JOURNAL}", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            if time.time() - os.lstat(folder).st_mtime < BORN:
                continue
            file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            continue
        yield folder, file
