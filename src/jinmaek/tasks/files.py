"""The files of a process: read without what ``open()`` costs over thousands of them."""

from __future__ import annotations

import os

from jinmaek import procfile

BUFFER = 16384


def read(path: str) -> str:
    """The whole of one file. Raises ``procfile.Unreadable``, as all here do."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(file, BUFFER)
            # A kernel file gives all it has, up to the size asked for, in one read.
            if len(data) == BUFFER:
                data += b"".join(iter(lambda: os.read(file, BUFFER), b""))
        finally:
            os.close(file)
    except OSError as error:
        raise unreadable(error, path) from None
    return data.decode("utf-8", "backslashreplace")


def listing(folder: str) -> list[str]:
    """The names in a folder."""
    try:
        return os.listdir(folder)
    except OSError as error:
        raise unreadable(error, folder) from None


def owner(folder: str) -> int:
    """Whose folder it is: of /proc/PID the effective user."""
    try:
        return os.stat(folder).st_uid
    except OSError as error:
        raise unreadable(error, folder) from None


def unreadable(error: OSError, path: str) -> procfile.Unreadable:
    """The reason an error number stands for. Any other error is raised as it is."""
    why = procfile.REASONS.get(error.errno or 0)
    if why is None:
        raise error
    return procfile.Unreadable(why, path)
