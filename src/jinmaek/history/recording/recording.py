"""A recording as it is found on disk: its blocks in the order of time, and every damage by name.

Nothing is read but the heads of frames until it is asked for. A recording can be read while it is written.
"""

from __future__ import annotations

import json
import os
import zlib
from bisect import bisect_right
from collections import OrderedDict

from jinmaek.history.recording import folder as files
from jinmaek.history.recording import frames, stream
from jinmaek.history.recording.seal import TIMES
from jinmaek.history.recording.sealed import WRONG, Sealed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any, Self

    from jinmaek.history.recording.block import Block

OPEN = 4
"""Blocks that are kept in memory whole."""


class Entry:
    """A block of a recording: when it is, and where. Times are nanoseconds; those of a stream that was not
    read yet have no end."""

    __slots__ = ("boot", "boottime", "file", "frame", "name", "number", "samples", "sealed", "stream", "wall")

    def __init__(self, file: int, name: str, number: int) -> None:
        self.file = file
        self.name = name
        self.number = number
        self.frame: frames.Frame | None = None
        self.boot = ""
        self.wall: tuple[int, int] = (0, 0)
        self.boottime: tuple[int, int] = (0, 0)
        self.samples = 0
        self.sealed: Sealed | None = None
        self.stream: Block | None = None


class Damage:
    """What could not be read, or was mended, and where."""

    __slots__ = ("file", "mended", "what")

    def __init__(self, file: str, what: str, *, mended: bool = False) -> None:
        self.file = file
        self.what = what
        self.mended = mended

    def __str__(self) -> str:
        return f"{self.file}: {self.what} {'mended' if self.mended else 'lost'}"


class Recording:
    """The blocks of a folder. Raises ``OSError`` where it cannot be read."""

    def __init__(self, path: str, since: float | None = None) -> None:
        """``since`` leaves out files of days that were over at that moment, seconds since the epoch."""
        self.path = path
        self._since = since
        self.damage: list[Damage] = []
        self._files: list[int] = []
        self._whole: OrderedDict[int, Block | None] = OrderedDict()
        self.entries: list[Entry] = []
        """By wall time of their first sample."""
        try:
            self._list()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its files."""
        while self._files:
            os.close(self._files.pop())

    def _open(self, name: str) -> int:
        file = os.open(f"{self.path}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        self._files.append(file)
        return file

    def _list(self) -> None:
        # Streams first: one that is sealed meanwhile is then found twice, not never.
        found: list[Entry] = []
        for name in files.streams(self.path):
            try:
                file = self._open(name)
            except FileNotFoundError:
                continue
            entry = self._stream(file, name)
            if entry is not None:
                found.append(entry)
        unsealed = {entry.number for entry in found}
        days = [name for name in files.days(self.path) if self._since is None or _may_hold(name, self._since)]
        sealed = [entry for name in days for entry in self._day(name, unsealed)]
        known = {(entry.boot, entry.number) for entry in sealed}
        found = [entry for entry in found if (entry.boot, entry.number) not in known]
        self.entries = sorted((*sealed, *found), key=lambda entry: (entry.wall[0], entry.number))

    def _stream(self, file: int, name: str) -> Entry | None:
        """A stream by its first frame; all of it is read where that is damaged."""
        begin = next(frames.walk(file), None)
        entry = Entry(file, name, files.number_of(name))
        if isinstance(begin, frames.Frame) and begin.kind == frames.BEGIN:
            head = frames.read(file, begin)
            if head is not None:
                meta = json.loads(head[0])
                entry.boot = _hex(meta["boot"])
                began = int(meta["began"] * 1e9)
                entry.wall = began, began + (1 << 62)
                entry.boottime = 0, 1 << 62
                return entry
        return entry if self._decoded(entry) is not None else None

    def _day(self, name: str, unsealed: Collection[int]) -> list[Entry]:
        """The blocks of a day. Of those in ``unsealed`` the stream is still there: being sealed is no
        damage."""
        file = self._open(name)
        size = os.fstat(file).st_size
        found = []
        for frame in frames.walk(file):
            if isinstance(frame, frames.Lost):
                what = f"bytes {frame.start} to {frame.end}"
                whole = bool(unsealed) and frame.end == size
                self.damage.append(
                    Damage(name, f"{what}, of a sealing that is" if whole else what, mended=whole)
                )
            elif frame.cut and frame.number in unsealed:
                continue
            elif frame.kind == frames.BLOCK:
                entry = Entry(file, name, frame.number)
                entry.frame = frame
                if frame.mended:
                    self.damage.append(Damage(name, f"header of block {frame.number}", mended=True))
                if frame.cut:
                    self.damage.append(Damage(name, f"end of block {frame.number}"))
                if self._times(entry, frame):
                    found.append(entry)
        return found

    def _times(self, entry: Entry, frame: frames.Frame) -> bool:
        """Read when a block was, and its directory."""
        head = frames.read(entry.file, frame)
        if head is None:
            self.damage.append(Damage(entry.name, f"block {frame.number}, its directory"))
            return False
        data, mended = head
        if mended:
            self.damage.append(Damage(entry.name, f"directory of block {frame.number}", mended=True))
        wall, wall_end, boottime, boottime_end, entry.samples, _, boot = TIMES.unpack_from(data)
        entry.wall, entry.boottime = (wall, wall_end), (boottime, boottime_end)
        entry.boot = boot.hex()
        return True

    def find(self, wall: float) -> tuple[Entry, int] | None:
        """The last sample at or before a moment; None where there is none. Where the clock was set back, of
        the latest block that knows the moment."""
        # A float of today's seconds is exact to a quarter of a microsecond.
        moment = round(wall * 1e9) + 1000
        for entry in reversed(self.entries):
            if entry.wall[0] <= moment:
                walls = self.clocks(entry).get("wall", [])
                at = bisect_right(walls, moment) - 1
                if at >= 0:
                    return entry, at
        return None

    def span(self) -> tuple[float, float] | None:
        """When the first and the last sample were, in seconds since the epoch; None where there is none."""
        for last in reversed(self.entries):
            walls = self.clocks(last).get("wall")
            if walls:
                return self.entries[0].wall[0] / 1e9, walls[-1] / 1e9
        return None

    def open(self, entry: Entry) -> Sealed | Block | None:
        """A block, as much as is in memory; None where it cannot be read."""
        if entry.frame is None:
            return self._decoded(entry)
        if entry.sealed is None:
            head = frames.read(entry.file, entry.frame)
            if head is None:
                return None
            try:
                entry.sealed = Sealed(entry.file, entry.frame, head[0])
            except WRONG:
                self.damage.append(Damage(entry.name, f"block {entry.number}, its directory"))
                return None
        return entry.sealed

    def meta(self, entry: Entry) -> Mapping[str, Any]:
        """What the recorder said at the start of a block; empty where that is lost."""
        found = self.open(entry)
        return {} if found is None else found.meta

    def end(self, entry: Entry) -> str | None:
        """Why a block ended; None where its recorder did not come to say."""
        found = self.open(entry)
        return None if found is None or found.end is None else found.end.get("why")

    def clocks(self, entry: Entry) -> Mapping[str, list[int]]:
        """The clocks of every sample of a block; empty where they are lost."""
        found = self.open(entry)
        if isinstance(found, Sealed):
            clocks = found.clocks()
            self._named(entry, found)
            return clocks or {}
        return {} if found is None else found.clocks

    def whole(self, entry: Entry) -> Block | None:
        """All of a block that can be read."""
        key = id(entry)
        if key in self._whole:
            self._whole.move_to_end(key)
            return self._whole[key]
        found = self.open(entry)
        if isinstance(found, Sealed):
            sealed = found
            try:
                found = sealed.block()
            except WRONG:
                self.damage.append(Damage(entry.name, f"block {entry.number}"))
                found = None
            self._named(entry, sealed)
        self._whole[key] = found
        while len(self._whole) > OPEN:
            self._whole.popitem(last=False)
        return found

    def _named(self, entry: Entry, sealed: Sealed) -> None:
        """Put what was found damaged on the list, once."""
        known = {(one.file, one.what) for one in self.damage}
        for names, mended in ((sealed.lost, False), (sealed.mended, True)):
            for name in names:
                one = Damage(entry.name, f"block {entry.number}, {name}", mended=mended)
                if (one.file, one.what) not in known:
                    self.damage.append(one)

    def _decoded(self, entry: Entry) -> Block | None:
        """The block of a stream."""
        if entry.stream is None:
            try:
                read = stream.read(entry.file)
            except (*WRONG, zlib.error):
                read = None
            if read is None:
                self.damage.append(Damage(entry.name, "all of it"))
                return None
            self.damage += [Damage(entry.name, what) for what in read.lost]
            self.damage += [Damage(entry.name, what, mended=True) for what in read.mended]
            entry.stream = block = read.block
            wall, boottime = block.clocks["wall"], block.clocks["boottime"]
            entry.wall, entry.boottime = (wall[0], wall[-1]), (boottime[0], boottime[-1])
            entry.boot, entry.samples = _hex(block.meta["boot"]), block.samples
        return entry.stream


def _hex(boot: str) -> str:
    return boot.replace("-", "").ljust(32, "0")[:32]


def _may_hold(day: str, since: float) -> bool:
    """Whether a file of a day may have samples of a moment or later: a block is of a day at most."""
    return files.day_end(day) + 86_400.0 >= since
