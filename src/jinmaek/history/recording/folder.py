"""The folder of a recording: its files, the one recorder that may write there, and what is removed when.

lock                 held by the recorder while it runs
2026-11-26-00.jmk    sealed blocks that begin on that day (UTC); -01 and so on where a day is large
00000042.stream      the open block, or one whose recorder did not come to seal it
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time

from jinmaek.history.recording import frames
from jinmaek.history.recording.stream import SUFFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_SUFFIX = ".jmk"
LOCK = "lock"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)
"""Errors of a write that a recorder survives."""


class Busy(Exception):
    """Another recorder writes here."""


def default() -> str:
    """Where a recording is kept without ``--recording``."""
    if os.geteuid() == 0:
        return "/var/lib/jinmaek/recording"
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return f"{state}/jinmaek/recording"


def days(folder: str) -> list[str]:
    """The files of sealed blocks, oldest first. Raises ``OSError``."""
    return sorted(name for name in os.listdir(folder) if name.endswith(DAY_SUFFIX))


def streams(folder: str) -> list[str]:
    """The files of blocks that are not sealed, oldest first. Raises ``OSError``."""
    return sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))


def lock(folder: str) -> int:
    """Become the one recorder of a folder, which is made if it is not there. Raises ``Busy``, ``OSError``."""
    os.makedirs(folder, 0o700, exist_ok=True)
    file = os.open(f"{folder}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(file, 20).decode("ascii", "replace").strip()
        os.close(file)
        raise Busy(f"process {pid or '?'} is recording there") from None
    # A full disk does not keep a recorder from starting: it waits for space.
    with contextlib.suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def recorder(folder: str) -> int | None:
    """The pid of the recorder that is writing in a folder; None where there is none."""
    try:
        file = os.open(f"{folder}/{LOCK}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(file, 20).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(file)
    return None


def create(folder: str, name: str) -> int:
    """A new file for its owner alone. Raises ``OSError``."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(f"{folder}/{name}", flags, 0o600)


def write(file: int, data: bytes) -> None:
    """Append all of it, or leave the file as it was. Raises ``OSError``."""
    end = os.lseek(file, 0, os.SEEK_END)
    try:
        done = 0
        while done < len(data):
            done += os.write(file, data[done:])
    except OSError:
        os.ftruncate(file, end)
        raise


def sealed_numbers(folder: str) -> set[int]:
    """The numbers of the latest blocks that are sealed. Raises ``OSError``."""
    numbers: set[int] = set()
    for name in days(folder)[-2:]:
        file = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            for frame in frames.walk(file):
                if isinstance(frame, frames.Frame) and not frame.cut and frames.read(file, frame) is not None:
                    numbers.add(frame.number)
        finally:
            os.close(file)
    return numbers


def number_of(name: str) -> int:
    """The number of a stream by its file's name; -1 of any other name."""
    digits = name.removesuffix(SUFFIX)
    return int(digits) if digits.isdigit() and digits.isascii() else -1


def append_block(folder: str, data: bytes, began: float, most: int | None) -> str:
    """Add a sealed block to the file of the day it began on, and to disk; gives the name of the file.

    ``most`` is the size from which on a day goes on in another file. Raises ``OSError``, and then the file is
    as it was.
    """
    day = time.strftime("%Y-%m-%d", time.gmtime(began))
    here = [name for name in days(folder) if name.startswith(day)]
    name = here[-1] if here else f"{day}-00{DAY_SUFFIX}"
    if here and most is not None and os.stat(f"{folder}/{name}").st_size + len(data) > most:
        name = f"{day}-{int(name[len(day) + 1 : -len(DAY_SUFFIX)]) + 1:02}{DAY_SUFFIX}"
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(f"{folder}/{name}", flags, 0o600)
    try:
        _cut_tail(file)
        write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    return name


def _cut_tail(file: int) -> None:
    """Take off the part of a block whose writing was broken off: its stream is still there."""
    size = os.fstat(file).st_size
    every = list(frames.walk(file))
    if not every:
        return
    last = every[-1]
    if isinstance(last, frames.Lost) or last.end > size:
        os.ftruncate(file, last.start)


def size_of(folder: str, names: Sequence[str]) -> int:
    """Bytes of these files together. Raises ``OSError``."""
    return sum(os.stat(f"{folder}/{name}").st_size for name in names)


def prune(folder: str, *, oldest: float | None, most: int | None, now: float) -> list[str]:
    """Remove files of days that ended ``oldest`` seconds ago, and the oldest while all are above ``most``
    bytes.

    The newest file stays. Gives the names of the removed. Raises ``OSError``.
    """
    names = days(folder)
    whole = size_of(folder, names) + size_of(folder, streams(folder))
    gone: list[str] = []
    for name in names[:-1]:
        size = os.stat(f"{folder}/{name}").st_size
        old = oldest is not None and day_end(name) < now - oldest
        if not old and (most is None or whole <= most):
            break
        os.unlink(f"{folder}/{name}")
        whole -= size
        gone.append(name)
    return gone


def day_end(name: str) -> float:
    """Seconds since the epoch at which the day of a file is over; infinity of a name that is no day."""
    import calendar

    try:
        return calendar.timegm(time.strptime(name[:10], "%Y-%m-%d")) + 86_400.0
    except ValueError:
        return float("inf")
