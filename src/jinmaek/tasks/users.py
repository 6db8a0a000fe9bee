"""Names of users, and how many sessions are logged in."""

from __future__ import annotations

import os
import pwd
import struct
from collections.abc import Callable
from functools import cache

from jinmaek import procfile
from jinmaek.root import LIVE, Root

USER_PROCESS = 7
"""``ut_type`` of a session in utmp(5)."""

RECORDS = (384, 400)
"""Sizes of a utmp record in glibc: most machines, and 64-bit ones without a 32-bit past."""

NAME = 44
"""Where the user's name begins in a record."""

UNREADABLE = (FileNotFoundError, NotADirectoryError, PermissionError)


def names(root: Root) -> Callable[[int], str]:
    """What to call a user id: this host's name for it, a captured tree's own, else the number."""
    if root.live:
        return _name
    known = _passwd(root)
    return lambda uid: known.get(uid, str(uid))


def names_of(host: object) -> Callable[[int], str]:
    """What to call a user id of the host of this name: its number, where that is not this host."""
    # This host's names of users are another host's only by chance.
    return names(LIVE) if host == os.uname().nodename else str


def uid_of(word: str) -> int | None:
    """The id of a user given by name or number; None where there is no such user."""
    try:
        return pwd.getpwnam(word).pw_uid
    except KeyError:
        return int(word) if word.isdigit() and word.isascii() and len(word) <= 10 else None


def sessions(root: Root) -> int:
    """Sessions in utmp, which uptime(1) and top(1) call users; 0 where nobody keeps utmp."""
    for path in ("var/run/utmp", "run/utmp"):
        try:
            with open(root.path(path), "rb") as file:
                return count_sessions(file.read())
        except UNREADABLE:
            continue
    return 0


def count_sessions(data: bytes) -> int:
    """Records of running sessions in the bytes of a utmp file."""
    for size in RECORDS:
        records = [data[at : at + size] for at in range(0, len(data) - size + 1, size)]
        types = [struct.unpack_from("=h", record)[0] for record in records]
        if len(data) % size == 0 and all(0 <= kind < 10 for kind in types):
            return sum(
                kind == USER_PROCESS and record[NAME] != 0
                for kind, record in zip(types, records, strict=True)
            )
    return 0


@cache
def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _passwd(root: Root) -> dict[int, str]:
    try:
        text = procfile.read(root.path("etc/passwd"))
    except procfile.Unreadable:
        return {}
    fields = [line.split(":") for line in text.split("\n")]
    return {int(words[2]): words[0] for words in reversed(fields) if len(words) > 2 and words[2].isdigit()}
