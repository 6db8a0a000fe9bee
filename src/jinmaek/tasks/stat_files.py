"""Stat files of processes and threads kept open, as many as there is room for, and what they last said."""

from __future__ import annotations

import os
from dataclasses import dataclass

from jinmaek.kernel import pid_stat
from jinmaek.kernel.pid_stat import PidStat
from jinmaek.tasks.files import unreadable

LINE = 2048
"""More than a stat file can hold: 52 numbers of 20 digits and an escaped name."""


@dataclass(slots=True)
class Kept:
    """A stat file and what it last said. ``file`` is -1 where no descriptor was to spare."""

    file: int
    raw: bytes
    row: PidStat


class StatFiles:
    """Holds up to ``room`` files."""

    def __init__(self, room: int) -> None:
        self._room = room

    def again(self, path: str, kept: Kept | None) -> Kept:
        """A stat file once more; opened anew where it was not held, or its task has gone."""
        if kept is not None and kept.file >= 0:
            try:
                return self._said(kept, os.pread(kept.file, LINE, 0))
            except ProcessLookupError:
                self.release({path: kept})
                kept = None
            except BaseException:
                self.release({path: kept})
                raise
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                raw = os.pread(file, LINE, 0)
                row = kept.row if kept and kept.raw == raw else _parse(raw)
            except BaseException:
                os.close(file)
                raise
        except OSError as error:
            raise unreadable(error, path) from None
        if self._room > 0:
            self._room -= 1
        else:
            os.close(file)
            file = -1
        return Kept(file, raw, row)

    def _said(self, kept: Kept, raw: bytes) -> Kept:
        if raw != kept.raw:
            kept.row = _parse(raw)
            kept.raw = raw
        return kept

    def release(self, files: dict[str, Kept]) -> None:
        """Close these, and forget them."""
        for kept in files.values():
            if kept.file >= 0:
                os.close(kept.file)
                kept.file = -1
                self._room += 1
        files.clear()


def _parse(raw: bytes) -> PidStat:
    return pid_stat.parse(raw.decode("utf-8", "backslashreplace"))
