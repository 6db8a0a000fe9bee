"""BTF, the kernel's own description of its types (/sys/kernel/btf/vmlinux): where a member lies, by name.

include/uapi/linux/btf.h: a header, a section of types of which the n-th has the id n, a section of strings.
The bytes decide where a program reads kernel memory: whatever does not fit together is ``Malformed``.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MAGIC = 0xEB9F
HEADER = struct.Struct("<HBBIIIII")
TYPE = struct.Struct("<III")
INT, PTR, ARRAY, STRUCT, UNION, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, VAR, TYPE_TAG = (
    1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 14, 18,
)  # fmt: skip
ENUM = 6
SAME_AS = {TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG}
AFTER = {INT: 4, ARRAY: 12, VAR: 4, 17: 4}
"""Bytes after the three words every type has; 17 is a declaration tag (5.16)."""
EACH = {STRUCT: 12, UNION: 12, ENUM: 8, 13: 8, 15: 12, 19: 12}
"""Bytes per member: function prototype 13, data section 15, 64-bit enum 19 (6.0)."""
KINDS = 20
DEPTH = 32


class Malformed(Exception):
    """These bytes are no BTF, or not whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member lies: bytes from the start of the outermost type, and of a bit field which bits."""

    offset: int
    type_id: int
    shift: int = 0
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Btf:
    """The types of one kernel that were looked for, by kind and name; several may share a name."""

    data: bytes
    strings: int
    positions: array[int]
    found: Mapping[tuple[int, str], tuple[int, ...]]

    def ids(self, kind: int, name: str) -> tuple[int, ...]:
        return self.found.get((kind, name), ())

    def place(self, type_name: str, path: str) -> Place | None:
        """Where ``path`` (members parted by dots, array members too) lies in a struct; None if nowhere."""
        for type_id in self.ids(STRUCT, type_name):
            place: Place | None = Place(0, type_id)
            for name in path.split("."):
                inner = place and self._member(place.type_id, name, 0)
                place = place and inner and Place(
                    place.offset + inner.offset, inner.type_id, inner.shift, inner.bits
                )  # fmt: skip
            if place:
                return place
        return None

    def size(self, type_id: int) -> int:
        """Bytes of a struct."""
        return _unpack(TYPE, self.data, self._resolve(type_id)[3])[2]

    def constant(self, name: str) -> int | None:
        """The value of an enumerator, of whichever enum; None where no enum has it."""
        for name_at in _offsets(self.data, self.strings, len(self.data), name):
            word = struct.pack("<I", name_at)
            at = self.data.find(word, 0, self.strings)
            while at >= 0:
                place = bisect_right(self.positions, at) - 1
                kind, _, count, position = self._resolve(place) if place > 0 else (0, 0, 0, 0)
                member, rest = divmod(at - position - TYPE.size, EACH[ENUM])
                if kind == ENUM and rest == 0 and 0 <= member < count:
                    return int(struct.unpack_from("<i", self.data, at + 4)[0])
                at = self.data.find(word, at + 1, self.strings)
        return None

    def _member(self, type_id: int, name: str, depth: int) -> Place | None:
        """A member of a struct or union, or of a nameless one within it; of an array its element's."""
        kind, flagged, count, position = self._resolve(type_id)
        if depth > DEPTH:
            raise Malformed("types that hold themselves")
        if kind == ARRAY:
            return self._member(_unpack(TYPE, self.data, position + TYPE.size)[0], name, depth + 1)
        if kind not in (STRUCT, UNION):
            return None
        for at in range(position + TYPE.size, position + TYPE.size + 12 * count, 12):
            called, inner_id, where = _unpack(TYPE, self.data, at)
            bits, bit = (where >> 24, where & 0xFFFFFF) if flagged else (0, where)
            if called == 0:
                inner = self._member(inner_id, name, depth + 1)
                if inner:
                    return Place(bit // 8 + inner.offset, inner.type_id, inner.shift, inner.bits)
            elif self._called(called, name):
                return Place(bit // 8, inner_id, bit % 8 if bits else 0, bits)
        return None

    def _called(self, offset: int, name: str) -> bool:
        start = self.strings + offset
        return self.data[start : start + len(name) + 1] == name.encode() + b"\0"

    def _resolve(self, type_id: int) -> tuple[int, int, int, int]:
        """Kind, kind flag, member count and position of a type behind its typedefs and qualifiers."""
        for _ in range(DEPTH):
            if not 0 <= type_id < len(self.positions):
                raise Malformed(f"no type {type_id}")
            position = self.positions[type_id]
            if type_id == 0:
                return 0, 0, 0, position
            _, info, other = _unpack(TYPE, self.data, position)
            kind = info >> 24 & 31
            if kind not in SAME_AS:
                return kind, info >> 31, info & 0xFFFF, position
            type_id = other
        raise Malformed("types that name themselves")


def parse(data: bytes, wanted: Iterable[tuple[int, str]]) -> Btf:
    """One pass over all types; of those ``wanted``, (kind, name) pairs, the ids are kept."""
    if len(data) < HEADER.size:
        raise Malformed("shorter than a BTF header")
    magic, version, _, header, type_at, type_len, string_at, string_len = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Malformed("no BTF of this byte order")
    if version != 1 or header < HEADER.size:
        raise Malformed(f"BTF version {version}, header of {header} bytes")
    start, strings = header + type_at, header + string_at
    if start + type_len > len(data) or strings + string_len > len(data) or string_len == 0:
        raise Malformed("BTF sections reach beyond the end")
    named = {
        (at, kind): (kind, name)
        for kind, name in wanted
        for at in _offsets(data, strings, strings + string_len, name)
    }
    positions = array("I", (0,))
    found: dict[tuple[int, str], list[int]] = {}
    names = {at for at, _ in named}
    for position in _walk(data, start, start + type_len, named, names, positions):
        name_at, info, _ = TYPE.unpack_from(data, position)
        found.setdefault(named[name_at, info >> 24 & 31], []).append(len(positions) - 1)
    return Btf(data, strings, positions, {key: tuple(ids) for key, ids in found.items()})


def _walk(
    data: bytes,
    position: int,
    end: int,
    named: Mapping[tuple[int, int], object],
    names: set[int],
    positions: array[int],
) -> Iterator[int]:
    """Note where every type begins; yield where a wanted one does."""
    sizes = [AFTER.get(kind, 0) for kind in range(KINDS)]
    per = [EACH.get(kind, 0) for kind in range(KINDS)]
    unpack, note = TYPE.unpack_from, positions.append
    # Over a hundred thousand turns: nothing in here may cost more than it must.
    try:
        while position < end:
            note(position)
            name_at, info, _ = unpack(data, position)
            kind = info >> 24 & 31
            if name_at in names and (name_at, kind) in named:
                yield position
            position += 12 + sizes[kind]
            if per[kind]:
                position += per[kind] * (info & 0xFFFF)
    except (struct.error, IndexError):
        raise Malformed(f"no type at byte {position}") from None
    if position != end:
        raise Malformed("the last type is cut off")


def _offsets(data: bytes, start: int, end: int, name: str) -> Iterator[int]:
    """Where in the string section a whole string equals ``name``: once, unless a kernel repeats it."""
    word = b"\0" + name.encode() + b"\0"
    at = data.find(word, start, end)
    while at >= 0:
        yield at + 1 - start
        at = data.find(word, at + 1, end)


def _unpack(form: struct.Struct, data: bytes, position: int) -> tuple[int, ...]:
    try:
        return form.unpack_from(data, position)
    except struct.error:
        raise Malformed(f"no type at byte {position}") from None
