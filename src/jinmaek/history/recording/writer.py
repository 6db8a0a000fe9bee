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
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
    from typing import Any

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
    ) -> None:
        self.folder = folder
        self.full: OSError | None = None
        """Why nothing can be written now."""
        self.changed: Collection[str] = ()
        """The tables that told anything new in the last sample."""
        self._meta = dict(meta)
        self._keep_s, self._keep_bytes = keep_s, keep_bytes
        self._lock = files.lock(folder)
        self._sealed = files.sealed_numbers(folder)
        self._number = max((*self._sealed, *map(files.number_of, files.streams(folder))), default=-1)
        self._stream: Stream | None = None
        self._file = -1
        self._until = 0.0
        self._offset = 0
        self._again = 0.0
        self._written = 0
        self._since: float | None = None
        self._why = "started"
        self._unsealed: list[str] = []
        """The streams of blocks that could not be put where they belong."""
        self._work = self._left_behind(files.streams(folder))

    @property
    def beginning(self) -> bool:
        """Whether the next sample is the first of a block: then it must hold every table."""
        return self._stream is None

    def due(self, wall: float) -> bool:
        """Whether the open block is over at this moment."""
        return self._stream is not None and not self._until - SPAN <= wall < self._until

    def roll(self, why: str) -> None:
        """End the open block; it is sealed by and by."""
        stream = self._stream
        if stream is None:
            return
        self._end(stream, why)
        self._work = self._chained(self._work, self._seal(stream))
        if self._unsealed:
            names, self._unsealed = self._unsealed, []
            self._work = self._chained(self._work, self._left_behind(names))

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
            if self.full is not None and time.monotonic() < self._again:
                raise self.full
            stream = self._begin(snapshot)
        frame = stream.sample(snapshot, clocks)
        files.write(self._file, frame)
        self._written = stream.count
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
        self._number, self._stream, self._file, self._written = number, stream, file, 0
        self._until = (snapshot.wall // SPAN + 1) * SPAN
        return stream

    def _pause(self, error: OSError, wall: float) -> None:
        """The disk is full: what the stream would say next cannot be read without what was not written."""
        self.full = error
        self._since = wall if self._since is None else self._since
        self._again = time.monotonic() + AGAIN
        stream, self._stream = self._stream, None
        if stream is None:
            return
        os.close(self._file)
        self._why = "no space"
        # What was not written is not in the record.
        del stream.payloads[self._written :]
        if stream.count:
            stream.ended = {"why": "no space"}
            self._work = self._chained(self._work, self._seal(stream))
        else:
            os.unlink(f"{self.folder}/{name_of(stream.number)}")

    def _end(self, stream: Stream, why: str) -> None:
        frame = stream.end({"why": why})
        try:
            files.write(self._file, frame)
        except OSError as error:
            if error.errno not in files.FULL:
                raise
        os.close(self._file)
        self._stream = None
        self._why = why

    def work(self, until: float) -> None:
        """Seal and tidy until this moment of CLOCK_MONOTONIC, or until all is done."""
        while time.monotonic() < until:
            if next(self._work, None) is None:
                return

    def close(self, why: str = "stopped") -> None:
        """End the record, seal what is open, and let others write."""
        try:
            self.roll(why)
            for _ in self._work:
                pass
        finally:
            os.close(self._lock)

    @staticmethod
    def _chained(first: Iterator[bytes], then: Iterator[bytes]) -> Iterator[bytes]:
        yield from first
        yield from then

    def _seal(self, stream: Stream) -> Iterator[bytes]:
        frame = yield from self._made(stream.seal())
        yield from self._put(frame, stream.meta["began"], name_of(stream.number))

    @staticmethod
    def _made(sealing: Iterator[bytes]) -> Generator[bytes, None, bytes]:
        """The last of what sealing gives, after as many pauses as it makes."""
        last = b""
        for part in sealing:
            last = part
            yield b""
        return last

    def _put(self, frame: bytes, began: float, name: str) -> Iterator[bytes]:
        """Add a block to its day and remove its stream; on a full disk the stream waits for the next time."""
        most = None if self._keep_bytes is None else self._keep_bytes // PARTS
        try:
            files.append_block(self.folder, frame, began, most)
        except OSError as error:
            if error.errno not in files.FULL:
                raise
            self._unsealed.append(name)
            return
        os.unlink(f"{self.folder}/{name}")
        yield b""
        files.prune(self.folder, oldest=self._keep_s, most=self._keep_bytes, now=time.time())

    def _left_behind(self, names: Iterable[str]) -> Iterator[bytes]:
        """Seal streams that were not."""
        for name in names:
            if files.number_of(name) in self._sealed:
                # Its recorder was stopped between the two.
                os.unlink(f"{self.folder}/{name}")
                continue
            file = os.open(f"{self.folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                found = streams.read(file)
            finally:
                os.close(file)
            yield b""
            if found is None:
                # Not even a whole first sample.
                os.unlink(f"{self.folder}/{name}")
                continue
            block = found.block
            if found.lost:
                block.meta = {**block.meta, "lost": list(found.lost)}
            frame = yield from self._made(sealed(block))
            yield from self._put(frame, block.clocks["wall"][0] / 1e9, name)
