"""Frames, of which every file of a recording is made: found again behind damage, one turned bit mended.

A frame is a header of 32 bytes, a head and a body. The header has a checksum of its own, and that of the
head; a body is divided by the head, which holds the checksum of each part. So no byte of a file is trusted
unseen, and a frame is found without the one before it.
"""

from __future__ import annotations

import os
import struct
import zlib
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAGIC = b"\xabJMK"
HEADER = struct.Struct("<4sBBHQIII")
"""Magic, kind, version of its content, flags (0), number, bytes of head and body, bytes of the head, CRC-32
of the head. The CRC-32 of these 28 bytes follows."""
SIZE = HEADER.size + 4
LONGEST = 1 << 30
STEP = 1 << 16
MENDED = 4 << 20
"""Bytes in which a turned bit is looked for; a larger part is given up."""

LARGEST = 256 << 20
"""Bytes of a part at most, inflated."""

BEGIN, SAMPLE, END, BLOCK, CHECKPOINT = 1, 2, 3, 4, 5
"""Kinds of frames. Numbers are never used again; a frame of a kind that is not known is passed over."""


class Frame:
    """Where a frame is in its file. ``mended``: its header had a bit turned; ``cut``: its body is cut off."""

    __slots__ = ("crc", "cut", "end", "head", "kind", "mended", "number", "start", "version")

    def __init__(self, start: int, header: bytes, *, mended: bool, size: int) -> None:
        _, self.kind, self.version, _, self.number, length, head, self.crc = HEADER.unpack_from(header)
        self.start = start
        self.head = start + SIZE, head
        """Offset and size."""
        self.end = start + SIZE + length
        self.mended = mended
        self.cut = self.end > size

    @property
    def body(self) -> int:
        """Offset of what follows the head."""
        return sum(self.head)


class Lost:
    """Bytes of a file from ``start`` to ``end`` that are no frame."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


def pack(kind: int, number: int, head: bytes, body: Sequence[bytes] = (), version: int = 1) -> bytes:
    """A whole frame."""
    length = len(head) + sum(map(len, body))
    header = HEADER.pack(MAGIC, kind, version, 0, number, length, len(head), zlib.crc32(head))
    return b"".join((header, zlib.crc32(header).to_bytes(4, "little"), head, *body))


def walk(file: int, start: int = 0) -> Iterator[Frame | Lost]:
    """The frames of an open file in order, and the bytes between them that are none.

    A frame that ends behind the end of the file was cut off, or never written to its end: it is the last, and
    lost if its head is not whole.
    """
    size = os.fstat(file).st_size
    while start < size:
        found = _frame(file, start, size, mending=True)
        if found is None:
            began = start
            start = _next(file, start + 1, size)
            yield Lost(began, start)
        else:
            yield found
            start = found.end


def read(file: int, frame: Frame) -> tuple[bytes, bool] | None:
    """The head of a frame and whether a bit of it was mended; None where it is damaged."""
    return read_part(file, *frame.head, frame.crc)


def read_part(file: int, offset: int, size: int, crc: int) -> tuple[bytes, bool] | None:
    """A part of a file as it was written and whether a bit of it was mended; None where it is damaged."""
    data = os.pread(file, size, offset)
    if len(data) < size:
        return None
    if zlib.crc32(data) == crc:
        return data, False
    mended = mend(data, crc)
    return None if mended is None else (mended, True)


def inflate(data: bytes) -> bytes:
    """What was deflated. Raises ``zlib.error`` of what was not, or is larger than any part."""
    inflater = zlib.decompressobj()
    found = inflater.decompress(data, LARGEST)
    if not inflater.eof:
        raise zlib.error("cut off, or larger than any part")
    return found


def mend(data: bytes, crc: int) -> bytes | None:
    """The data with one bit turned so that this is their CRC-32; as they are if the CRC had a bit turned.

    None where it takes more than one bit. Within 2^32 bits two different single bits never have the same
    effect on the CRC, so what is found is what was written, unless the damage was larger and looks like this
    by chance (1 in 2^32 for each bit of the data).
    """
    effect = zlib.crc32(data) ^ crc
    if effect & (effect - 1) == 0:
        return data
    if len(data) > MENDED:
        return None
    table, backwards, bits = _tables()
    # The effect of a bit on the CRC as it was just behind its byte: zero bytes are taken off at the end.
    for at in range(len(data) - 1, -1, -1):
        bit = bits.get(effect)
        if bit is not None:
            return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
        index = backwards[effect >> 24]
        effect = ((effect ^ table[index]) << 8 & 0xFFFFFFFF) | index
    return None


@cache
def _tables() -> tuple[list[int], list[int], dict[int, int]]:
    """The CRC's table by byte, the byte by the highest byte of its entry, and a bit by its effect at the
    end."""
    table = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]
    backwards = [0] * 256
    for byte, entry in enumerate(table):
        backwards[entry >> 24] = byte
    return table, backwards, {table[1 << bit]: 1 << bit for bit in range(8)}


def _frame(file: int, start: int, size: int, *, mending: bool) -> Frame | None:
    """The frame that begins here and ends inside the file."""
    header = os.pread(file, SIZE, start)
    if len(header) < SIZE:
        return None
    fields, crc = header[:-4], int.from_bytes(header[-4:], "little")
    mended = False
    if zlib.crc32(fields) != crc:
        whole = mend(fields, crc) if mending else None
        if whole is None:
            return None
        fields, mended = whole, True
    if not fields.startswith(MAGIC):
        return None
    frame = Frame(start, fields, mended=mended, size=size)
    sound = frame.head[1] <= frame.end - start - SIZE <= LONGEST
    return frame if sound and frame.body <= size else None


def _next(file: int, start: int, size: int) -> int:
    """Where the next frame begins behind damage; the end of the file where there is none."""
    while start < size:
        data = os.pread(file, STEP + SIZE, start)
        at = data.find(MAGIC)
        while 0 <= at < STEP:
            if _frame(file, start + at, size, mending=False) is not None:
                return start + at
            at = data.find(MAGIC, at + 1)
        start += STEP
    return size
