"""The open block: a file to which each sample is added as it is taken, and from which a block is sealed.

The documents of ``encode`` go through one compressor, flushed at each: a sample takes some hundred bytes,
and can be read back as soon as it is written. Every minute a checkpoint tells all of it again: what is
damaged takes the samples behind it along up to there, no farther.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import NamedTuple

from jinmaek.history.recording import frames
from jinmaek.history.recording.block import Block
from jinmaek.history.recording.decode import Builder
from jinmaek.history.recording.encode import Encoder
from jinmaek.history.recording.frames import Lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from jinmaek.sampling import Snapshot

SUFFIX = ".stream"
VERSION = 1
LEVEL = 6
CHECKED = 60
"""Samples from one checkpoint to the next."""
TAIL = b"\0\0\xff\xff"
"""What every flush ends with (RFC 7692, 7.2.1)."""
WRONG = (ValueError, LookupError, TypeError, AttributeError, OverflowError, zlib.error)
"""What reading damaged bytes that passed for sound may raise."""


def name_of(number: int) -> str:
    return f"{number:08}{SUFFIX}"


class Stream:
    """A stream being written: gives the frames to write."""

    __slots__ = ("_compressor", "_encoder", "count", "meta", "number")

    def __init__(self, number: int, meta: Mapping[str, Any]) -> None:
        self.number = number
        self.meta = meta
        self.count = 0
        """Samples so far."""
        self._encoder = Encoder()
        self._compressor = zlib.compressobj(LEVEL)

    @property
    def changed(self) -> Collection[str]:
        """The tables that told anything new in the last sample."""
        return self._encoder.changed

    def begin(self) -> bytes:
        """The first frame."""
        return frames.pack(frames.BEGIN, self.number, _json(self.meta), version=VERSION)

    def sample(self, snapshot: Snapshot, clocks: Mapping[str, int]) -> bytes:
        """The frame of one sample more, and of a checkpoint where one is due."""
        said = _json(self._encoder.sample(snapshot, clocks))
        self.count += 1
        checked = self.count % CHECKED == 0

        # Behind a full flush the compressor refers to nothing before it.
        data = self._compressor.compress(said)
        data += self._compressor.flush(zlib.Z_FULL_FLUSH if checked else zlib.Z_SYNC_FLUSH)
        frame = frames.pack(frames.SAMPLE, self.count - 1, data.removesuffix(TAIL), version=VERSION)
        if not checked:
            return frame
        told = zlib.compress(_json(self._encoder.checkpoint()), LEVEL)
        return frame + frames.pack(frames.CHECKPOINT, self.count - 1, told, version=VERSION)

    def end(self, said: Mapping[str, Any]) -> bytes:
        """The last frame, which says why it is the last."""
        return frames.pack(frames.END, self.count, _json(said), version=VERSION)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Read(NamedTuple):
    """A stream as it was found in a file: what could not be read, and what was mended, by place."""

    block: Block
    lost: tuple[str, ...]
    mended: tuple[str, ...]


def read(file: int) -> Read | None:
    """The samples of a stream in an open file, without those that are damaged and those behind them up to the
    next checkpoint; None without any."""
    found = _Found()
    size = os.fstat(file).st_size
    for frame in frames.walk(file):
        place = f"bytes {frame.start} to {frame.end}"
        data = None if isinstance(frame, Lost) else frames.read(file, frame)
        if isinstance(frame, Lost) or data is None:
            in_flight = frame.end >= size and found.ended is None
            found.lost.append(f"{place}, the sample in flight," if in_flight else place)
            continue
        if frame.mended or data[1]:
            found.mended.append(place)
        if not found.take(frame, data[0]):
            found.lost.append(place)
    if found.begin is None:
        return None
    builder, known = _built(found)
    if not builder.samples:
        return None

    found.lost += _missing(sorted(known), found.last)
    block = builder.finish()
    block.end = found.ended
    if found.lost:
        block.meta = {**block.meta, "lost": list(found.lost)}
    return Read(block, tuple(found.lost), tuple(found.mended))


class _Found:
    """What the frames of a stream said so far."""

    __slots__ = ("begin", "checkpoints", "ended", "last", "lost", "mended", "samples")

    def __init__(self) -> None:
        self.begin: tuple[int, Any] | None = None
        self.samples: dict[int, bytes] = {}
        self.checkpoints: dict[int, bytes] = {}
        """By the sample they are of."""
        self.last = -1
        """The last sample of which there was anything."""
        self.ended: Mapping[str, Any] | None = None
        self.lost: list[str] = []
        self.mended: list[str] = []

    def take(self, frame: frames.Frame, data: bytes) -> bool:
        """One frame more; whether it belongs there."""
        # Of kinds that are not known nothing is missed.
        known: bool = frame.kind > frames.CHECKPOINT
        try:
            if frame.kind == frames.BEGIN and self.begin is None:
                self.begin = frame.number, json.loads(data)
            elif frame.kind == frames.SAMPLE and frame.number > self.last:
                self.samples[frame.number] = data
                self.last = frame.number
            elif frame.kind == frames.CHECKPOINT and frame.number >= self.last:
                self.checkpoints[frame.number] = data
                self.last = frame.number
            elif frame.kind == frames.END and frame.number > self.last:
                self.ended = json.loads(data)
                self.last = frame.number - 1
            else:
                return known
        except ValueError:
            return False
        return True


def _built(found: _Found) -> tuple[Builder, set[int]]:
    """Everything that makes sense, and the samples that are in it by number."""
    assert found.begin is not None
    while True:
        builder, known = Builder(*found.begin), set[int]()
        try:
            for number in _samples(found, builder):
                known.add(number)
        except _Nonsense as wrong:
            # What it had begun to add is in it by halves: once more without it.
            (found.checkpoints if wrong.behind else found.samples).pop(wrong.number)
            continue
        return builder, known


class _Nonsense(Exception):
    """A sample, or ``behind`` it a checkpoint, that passed for sound and is not."""

    def __init__(self, number: int, behind: bool) -> None:
        super().__init__(number)
        self.number = number
        self.behind = behind


def _samples(found: _Found, builder: Builder) -> Iterator[int]:
    """Add samples one by one, and where one is missing go on at the next checkpoint."""
    inflater = zlib.decompressobj()
    number = 0
    while number <= found.last:
        payload, whole = found.samples.get(number), False
        try:
            if payload is not None:
                builder.add(json.loads(_inflated(inflater, payload + TAIL)))
            else:
                later = [one for one in found.checkpoints if one >= number]
                if not later:
                    return
                number, whole = min(later), True
                builder.resume(json.loads(_inflated(zlib.decompressobj(), found.checkpoints[number])))
                inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        except WRONG:
            raise _Nonsense(number, whole) from None
        yield number
        number += 1


def _inflated(inflater: zlib._Decompress, data: bytes) -> bytes:
    said = inflater.decompress(data, frames.LARGEST)
    if inflater.unconsumed_tail:
        raise ValueError("larger than any sample")
    return said


def _missing(known: list[int], last: int) -> Iterator[str]:
    """The samples that are not in a block, by name."""
    before = -1
    for number in (*known, last + 1):
        if number == before + 2:
            yield f"sample {before + 1}"
        elif number > before + 2:
            yield f"samples {before + 1} to {number - 1}"
        before = number
