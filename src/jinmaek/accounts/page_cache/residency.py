"""How much of one open file is in the page cache, the best way this kernel has."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Literal

from jinmaek.kernel.cachestat import PAGE, Cachestat, cachestat
from jinmaek.kernel.mincore import resident, truthful
from jinmaek.kernel.statx import Statx
from jinmaek.model import Gap

OUT_OF_MEANS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))
"""Errors that say nothing of the file: going on would count less than there is, file after file."""


@dataclass(frozen=True, slots=True)
class Way:
    """The system call asked, and why not the better one. ``shm`` is the device of memfd files."""

    name: Literal["cachestat", "mincore"]
    refused: Gap | None
    shm: int | None


class OnlyPart(Exception):
    """The time ran out in the middle of a file."""

    def __init__(self, told: Cachestat) -> None:
        super().__init__()
        self.told = told


def choose() -> Way:
    """cachestat(2) where it answers about a file of our own, else mincore(2)."""
    try:
        probe = os.memfd_create("jinmaek", os.MFD_CLOEXEC)
    except (AttributeError, OSError) as error:
        return Way("mincore", Gap("absent", "cachestat(2)", f"memfd_create: {error}"), None)
    try:
        shm = os.fstat(probe).st_dev
        cachestat(probe)
    except OSError as error:
        why = error.strerror or str(error)
        return Way("mincore", Gap("absent", "cachestat(2)", f"{why}: Linux 6.5, or a seccomp filter"), shm)
    finally:
        os.close(probe)
    return Way("cachestat", None, shm)


def ask(way: Way, descriptor: int, file: Statx, until: float, *, through: bool) -> Cachestat:
    """The page cache of an open file; ``through`` is for a file whose pages are another file's (overlay).

    Raises OSError, ``PermissionError`` also where the kernel would not tell the truth, and ``OnlyPart``.
    """
    if way.name == "cachestat" and not through:
        return cachestat(descriptor)
    if not truthful(descriptor, file.uid):
        raise PermissionError(errno.EPERM, "mincore(2) tells the truth only to owners and writers")
    found, whole = resident(descriptor, file.size, until)
    told = Cachestat(nr_cache=found)
    if not whole:
        raise OnlyPart(told)
    return told


def pages(size: int) -> int:
    """Bytes of the pages a file of this size takes."""
    return -(-size // PAGE) * PAGE
