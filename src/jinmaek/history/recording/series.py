"""Cells as bytes: what every series of a group was, each in as few bytes as its largest step needs."""

from __future__ import annotations

import json
from array import array
from itertools import accumulate

from jinmaek.history.recording.block import Cell
from jinmaek.history.recording.numbers import (
    LARGEST,
    coarsened,
    code_for,
    decode,
    encode,
    pack,
    steps,
    unpack,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

ONE, EACH, WHOLE = 1, 2, 16
"""Forms of a series: one value for all, or each value, in JSON; 16 + the bytes of a step of whole numbers."""


def put(cells: Sequence[Cell]) -> bytes:
    """The series of some cells, each with a value for every reading."""
    forms, codes = bytearray(), bytearray()
    firsts: list[int] = []
    bodies: list[bytes] = []
    texts: list[Any] = []
    for cell in cells:
        code, first, by = _whole(cell)
        if by is None:
            forms.append(ONE if cell.values is None else EACH)
            codes.append(cell.code)
            texts.append(cell.first if cell.values is None else list(cell.values))
            continue
        width, body = pack(by)
        forms.append(WHOLE + width)
        codes.append(code)
        firsts.append(first)
        bodies.append(body)
    width, packed = pack(firsts)
    said = json.dumps(texts, separators=(",", ":")).encode() if texts else b""
    return b"".join(
        (bytes(forms), bytes(codes), bytes([width]), len(said).to_bytes(4, "little"), packed, said, *bodies)
    )


def _whole(cell: Cell) -> tuple[int, int, Sequence[int] | None]:
    """Code, first number and steps of a series of whole numbers; no steps of any other."""
    code, values = cell.code, cell.values
    if values is None:
        if type(cell.first) is not int or not -LARGEST <= cell.first < LARGEST:
            return code, 0, None
        code, (first,) = coarsened((cell.first,), code)
        return code, first, ()
    if isinstance(values, list):
        code = code_for([decode(one, code) for one in values])
        values = [encode(decode(one, cell.code), code) for one in values]
        if not all(type(one) is int and -LARGEST <= one < LARGEST for one in values):
            return code, 0, None
    code, numbers = coarsened(values, code)  # type: ignore[arg-type]
    by = steps(numbers)
    if max(by, default=0) >= LARGEST or min(by, default=0) < -LARGEST:
        return code, 0, None
    return code, numbers[0], by


def take(data: bytes, count: int, readings: int, wanted: Sequence[int] | None = None) -> Iterator[Cell]:
    """The cells of so many series, or those at some places. Raises ``ValueError``, ``IndexError``,
    ``TypeError`` of bytes that are none."""
    forms, codes = data[:count], data[count : 2 * count]
    at = 2 * count + 5
    width, size = data[at - 5], int.from_bytes(data[at - 4 : at], "little")
    whole = sum(form >= WHOLE for form in forms)
    firsts = iter(unpack(width, data[at : at + width * whole], whole))
    at += width * whole
    texts = iter(json.loads(data[at : at + size]) if size else ())
    at += size
    chosen = None if wanted is None else set(wanted)
    for place, (form, code) in enumerate(zip(forms, codes, strict=True)):
        if form < WHOLE:
            value = next(texts)
            cell = Cell(code, value) if form == ONE else Cell(code, value[0], value)
        else:
            first = next(firsts)
            step = form - WHOLE
            body = step * (readings - 1)
            if step and (chosen is None or place in chosen):
                by = unpack(step, data[at : at + body], readings - 1)
                cell = Cell(code, first, array("q", accumulate(by, initial=first)))
            else:
                cell = Cell(code, first)
            at += body
        if chosen is None or place in chosen:
            yield cell
