"""What writes a recording: each sample to the open stream at once, streams into blocks, and on after a full
disk."""

from __future__ import annotations

import os
import time

from jinmaek.history.recording import folder as files
from jinmaek.history.recording import stream as streams
from jinmaek.history.recording.seal import sealed
from jinmaek.history.recording.stream import Stream, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from jinmaek.history.recording.block import Block
    from jinmaek.sampling import Snapshot

SPAN = 300.0
"""Seconds of a block. Its ends are at whole multiples of this since the epoch, so a day begins with a
block."""
JUMP = 1_000_000_000
"""By how many nanoseconds the wall clock may move against boottime before a new block begins."""
AGAIN = 5.0
"""Seconds after which a write to a full disk is tried again."""
PARTS = 20
"""A day goes on in another file when one holds this part of all that may be kept: what goes is files."""


def nanoseconds(seconds: float) -> int:
    """The whole number that, divided by 10^9, is this float again."""
    over, under = seconds.as_integer_ratio()
    return (over * 2_000_000_000 + under) // (2 * under)


class Writer:
    """One recorder's hand: ``add`` samples, give it time with ``work``, and ``close`` it.

    Raises ``folder.Busy`` where another recorder writes, ``OSError`` where nobody may.
    """

    def __init__(
        self,
        folder: str,
        meta: Mapping[str, Any],
        *,
        keep_s: float | None = None,
        keep_bytes: int | None = None,
        apart: bool = False,
        span: float = SPAN,
    ) -> None:
        """``apart``: seal in another process, which has its own memory. ``span``: seconds of a block."""
        self.folder = folder
        self.full: OSError | None = None
        """Why nothing can be written now."""
        self.changed: Collection[str] = ()
        """The tables that told anything new in the last sample."""
        self._meta = dict(meta)
        self._keep_s, self._keep_bytes = keep_s, keep_bytes
        self._lock = files.lock(folder)
        self._sealed = files.sealed_numbers(folder)
        self._waiting = files.streams(folder)
        """Streams to be sealed."""
        self._number = max((*self._sealed, *map(files.number_of, self._waiting)), default=-1)
        self._apart, self._span = apart, span
        self._child = 0
        self._asked: list[str] = []
        self._unsealed: list[str] = []
        """Streams whose turn comes again with the next block."""
        self._stream: Stream | None = None
        self._file = -1
        self._until = 0.0
        self._offset = 0
        self._again = 0.0
        self._since: float | None = None
        self._why = "started"

    @property
    def number(self) -> int:
        """Of the open block, or the last one."""
        return self._number

    @property
    def beginning(self) -> bool:
        """Whether the next sample is the first of a block: then it must hold every table."""
        return self._stream is None

    def due(self, wall: float) -> bool:
        """Whether the open block is over at this moment."""
        return self._stream is not None and not self._until - self._span <= wall < self._until

    def roll(self, why: str) -> None:
        """End the open block; it is sealed by and by."""
        stream = self._stream
        if stream is None:
            return
        try:
            files.write(self._file, stream.end({"why": why}))
        except OSError as error:
            if error.errno not in files.FULL:
                raise
        self._leave(stream, why)

    def _leave(self, stream: Stream, why: str) -> None:
        os.close(self._file)
        self._stream = None
        self._why = why
        self._waiting += [*self._unsealed, name_of(stream.number)]
        self._unsealed = []

    def add(self, snapshot: Snapshot, clocks: Mapping[str, int]) -> bool:
        """Write one sample; False where the disk is full: then it is lost, and the record will say so.

        ``clocks`` must have ``wall`` and ``boottime`` in nanoseconds.
        """
        offset = clocks["wall"] - clocks["boottime"]
        stream = self._stream
        if stream is not None:
            if stream.meta["boot"] != snapshot.boot_id:
                self.roll("another boot")
            elif abs(offset - self._offset) > JUMP:
                self.roll("clock set")
            elif self.due(snapshot.wall):
                self.roll("full block")
        self._offset = offset
        if self._stream is None and self.full is not None and time.monotonic() < self._again:
            return False
        try:
            self._write(snapshot, clocks)
        except OSError as error:
            if error.errno not in files.FULL:
                raise
            self._pause(error, snapshot.wall)
            return False
        return True

    def _write(self, snapshot: Snapshot, clocks: Mapping[str, int]) -> None:
        stream = self._stream
        if stream is None:
            stream = self._begin(snapshot)
        frame = stream.sample(snapshot, clocks)
        files.write(self._file, frame)
        self.changed = stream.changed
        if self.full is not None:
            self.full = self._since = None

    def _begin(self, snapshot: Snapshot) -> Stream:
        meta = {**self._meta, "boot": snapshot.boot_id, "why": self._why, "began": snapshot.wall}
        if self._since is not None and self.full is not None:
            meta["paused"] = [self._since, os.strerror(self.full.errno or 0)]
        number = self._number + 1
        stream = Stream(number, meta)
        file = files.create(self.folder, name_of(number))
        try:
            files.write(file, stream.begin())
        except OSError:
            os.close(file)
            os.unlink(f"{self.folder}/{name_of(number)}")
            raise
        self._number, self._stream, self._file = number, stream, file
        self._until = (snapshot.wall // self._span + 1) * self._span
        return stream

    def _pause(self, error: OSError, wall: float) -> None:
        """The disk is full: what the stream would say next cannot be read without what was not written."""
        self.full = error
        self._since = wall if self._since is None else self._since
        self._again = time.monotonic() + AGAIN
        if self._stream is not None:
            self._leave(self._stream, "no space")

    def work(self) -> None:
        """Seal what waits for it, here or apart; one after the other."""
        if self._child:
            done, _ = os.waitpid(self._child, os.WNOHANG)
            if not done:
                return
            self._child = 0
            self._unsealed += [name for name in self._asked if os.path.exists(f"{self.folder}/{name}")]
        names, self._waiting = self._waiting, []
        if not names:
            return
        if not self._apart:
            self._seal(names)
            return
        try:
            self._child = os.fork()
        except OSError:  # no memory: they wait
            self._unsealed += names
            return
        self._asked = names
        if not self._child:
            status = 1
            try:
                self._seal(names)
                status = 0
            finally:
                os._exit(status)

    def close(self, why: str = "stopped") -> None:
        """End the record, seal what is open, and let others write."""
        try:
            self.roll(why)
            if self._child:
                os.waitpid(self._child, 0)
                self._child = 0
            self._seal(files.streams(self.folder))
        finally:
            os.close(self._lock)

    def _seal(self, names: Iterable[str]) -> None:
        """Make blocks of streams. Of one for which there is no space the stream stays for the next time."""
        for name in names:
            path = f"{self.folder}/{name}"
            if files.number_of(name) in self._sealed:
                # Its recorder was stopped between sealing and removing.
                os.unlink(path)
                continue
            try:
                block = _block(path)
                if block is not None:
                    most = None if self._keep_bytes is None else self._keep_bytes // PARTS
                    files.append_block(self.folder, sealed(block), block.clocks["wall"][0] / 1e9, most)
                os.unlink(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in files.FULL:
                    raise
                self._unsealed.append(name)
        files.prune(self.folder, oldest=self._keep_s, most=self._keep_bytes, now=time.time())


def _block(path: str) -> Block | None:
    """The block of a stream with what could not be read of it by name; None without a whole first sample."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = streams.read(file)
    finally:
        os.close(file)
    if found is None:
        return None
    return found.block
