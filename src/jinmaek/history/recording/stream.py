"""The open block: a file to which each sample is added as it is taken, and from which a block is sealed.

The documents of ``encode`` go through one compressor, flushed at each: a sample takes some hundred bytes,
and can be read back as soon as it is written. One that is damaged takes those behind it along, until the
next stream.
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
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from jinmaek.sampling import Snapshot

SUFFIX = ".stream"
VERSION = 1
LEVEL = 6
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
        """The frame of one sample more."""
        said = _json(self._encoder.sample(snapshot, clocks))
        data = self._compressor.compress(said) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        payload = data.removesuffix(TAIL)
        self.count += 1
        return frames.pack(frames.SAMPLE, self.count - 1, payload, version=VERSION)

    def end(self, said: Mapping[str, Any]) -> bytes:
        """The last frame, which says why it is the last."""
        return frames.pack(frames.END, self.count, _json(said), version=VERSION)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _add(builder: Builder, payloads: Iterable[bytes]) -> Iterator[None]:
    """Add samples one by one."""
    decompressor = zlib.decompressobj()
    for payload in payloads:
        said = decompressor.decompress(payload + TAIL, frames.LARGEST)
        if decompressor.unconsumed_tail:
            raise ValueError("larger than any sample")
        builder.add(json.loads(said))
        yield


class Read(NamedTuple):
    """A stream as it was found in a file: what could not be read, and what was mended, by place."""

    block: Block
    lost: tuple[str, ...]
    mended: tuple[str, ...]


def read(file: int) -> Read | None:
    """The samples of a stream in an open file up to its end or the first damaged one; None without any."""
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
    block, count = _built(*found.begin, found.payloads)
    if count < len(found.payloads):
        found.lost.append(f"sample {count} and {len(found.payloads) - count - 1} behind it")
        found.ended = None
    if not count:
        return None
    block.end = found.ended
    return Read(block, tuple(found.lost), tuple(found.mended))


class _Found:
    """What the frames of a stream said so far."""

    __slots__ = ("begin", "ended", "lost", "mended", "payloads")

    def __init__(self) -> None:
        self.begin: tuple[int, Any] | None = None
        self.payloads: list[bytes] = []
        self.ended: Mapping[str, Any] | None = None
        self.lost: list[str] = []
        self.mended: list[str] = []

    def take(self, frame: frames.Frame, data: bytes) -> bool:
        """One frame more; whether it belongs there."""
        try:
            if frame.kind == frames.BEGIN and self.begin is None:
                self.begin = frame.number, json.loads(data)
            elif frame.kind == frames.SAMPLE and frame.number == len(self.payloads):
                self.payloads.append(data)
            elif frame.kind == frames.END and frame.number == len(self.payloads):
                self.ended = json.loads(data)
            else:
                return False
        except ValueError:
            return False
        return True


def _built(number: int, meta: Mapping[str, Any], payloads: Sequence[bytes]) -> tuple[Block, int]:
    """The block of all samples before the first that makes no sense, and their number."""
    builder = Builder(number, meta)
    try:
        for _ in _add(builder, payloads):
            pass
    except WRONG:
        # What it had begun to add is in it by halves.
        return _built(number, meta, payloads[: builder.samples])
    return builder.finish(), builder.samples
