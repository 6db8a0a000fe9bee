"""A program file as far as needed to know what made it: its sections, and the build information Go leaves.

elf(5); debug/buildinfo of Go: 14 magic bytes, the size of a pointer, flags, and since 1.18 at byte 32 the
version as a length and its letters.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable

MAGIC = b"\x7fELF"
WIDE = 2
"""ELFCLASS64."""
LITTLE = 1
TABLE = 1 << 16
"""The most bytes of the section table and of the section names that are read."""
GO_MAGIC = b"\xff Go buildinf:"
GO_SECTION = ".go.buildinfo"
INLINE = 2
"""Flag: the version stands here, not behind a pointer."""
AT = 32
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")

Read = Callable[[int, int], bytes]
"""Some bytes from an offset: fewer where the file ends."""


def sections(read: Read) -> dict[str, tuple[int, int]]:
    """Offset and size in the file by name; empty where it is no 64-bit ELF file of this byte order."""
    head = read(0, HEADER.size)
    order = LITTLE if sys.byteorder == "little" else LITTLE + 1
    if len(head) < HEADER.size or not head.startswith(MAGIC) or head[4] != WIDE or head[5] != order:
        return {}
    fields = HEADER.unpack(head)
    offset, each, count, names_at = fields[6], fields[11], fields[12], fields[13]
    if each != SECTION.size or count * each > TABLE or names_at >= count:
        return {}
    table = read(offset, count * each)
    if len(table) < count * each:
        return {}
    rows = [SECTION.unpack_from(table, n * each) for n in range(count)]
    names = read(rows[names_at][4], min(rows[names_at][5], TABLE))
    return {
        names[row[0] : names.find(b"\0", row[0])].decode("ascii", "replace"): (row[4], row[5]) for row in rows
    }


def go_version(read: Read) -> str | None:
    """``go1.22.1``, empty where the file is Go's and older than 1.18; None where it is not Go's."""
    place = sections(read).get(GO_SECTION)
    if place is None:
        return None
    data = read(place[0], min(place[1], 256))
    if not data.startswith(GO_MAGIC):
        return None
    if len(data) <= AT or not data[15] & INLINE:
        return ""
    return data[AT + 1 : AT + 1 + data[AT]].decode("ascii", "replace")
