"""What runs eBPF, in Python, over pieces of memory that stand for the kernel's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.tasks.ebpf_checker import (
    ADD,
    ARSH,
    CALL,
    EXIT,
    JA,
    KFUNC,
    LSH,
    MAP_VALUE,
    MOV,
    NEXT,
    PROBE_READ,
    PROBE_READ_STR,
    RSH,
    SEQ_WRITE,
    SIZES,
    STACK,
    Fault,
    Op,
    decode,
)

NOTHING: Mapping[int, str] = {}
MASK = (1 << 64) - 1


class Memory:
    """Pieces of the kernel's memory by address."""

    def __init__(self) -> None:
        self.pieces: dict[int, bytearray] = {}
        self.once = 0
        """An address whose content is gone after it was read."""
        self.probed: list[tuple[int, int]] = []
        """Addresses and sizes of what a helper copied."""

    def piece(self, size: int) -> int:
        """The address of ``size`` new zeros."""
        address = 0xFFFF_8880_0000_0000 + 0x1_0000 * (len(self.pieces) + 1)
        self.pieces[address] = bytearray(size)
        return address

    def write(self, address: int, data: bytes) -> None:
        start, piece = self._found(address, len(data))
        piece[address - start : address - start + len(data)] = data

    def read(self, address: int, size: int) -> bytes:
        start, piece = self._found(address, size)
        data = bytes(piece[address - start : address - start + size])
        if address == self.once:
            self.write(address, bytes(size))
        return data

    def _found(self, address: int, size: int) -> tuple[int, bytearray]:
        for start, piece in self.pieces.items():
            if start <= address and address + size <= start + len(piece):
                return start, piece
        raise Fault(f"{size} bytes at {address:#x} are nobody's")


def run(
    code: bytes,
    memory: Memory,
    context: int,
    *,
    kernel: Mapping[int, str] = NOTHING,
    tasks: Sequence[int] = (),
    array: int = 0,
) -> list[bytes]:
    """What the program hands to bpf_seq_write(), its argument being the address ``context``.

    ``kernel`` names the kernel's functions by their BTF ids; ``tasks`` are the addresses an iterator gives
    in turn, and ``array`` is that of its map's memory.
    """
    ops = decode(code)
    stack = memory.piece(STACK) + STACK
    registers = [0] * 10 + [stack]
    registers[1] = context
    written: list[bytes] = []
    coming = iter(tasks)
    at = 0
    while (op := ops[at]) is not None:
        at += 2 if op.code == 0x18 else 1
        number = op.imm & MASK
        match op.kind:
            case 0:
                registers[op.dst] = _constant(op, array)
            case 1:
                data = memory.read(registers[op.src] + op.off, SIZES[op.code & 0x18])
                registers[op.dst] = int.from_bytes(data, "little")
            case 2 | 3:
                value = registers[op.src] if op.kind == 3 else number
                size = SIZES[op.code & 0x18]
                memory.write(registers[op.dst] + op.off, value.to_bytes(8, "little")[:size])
            case 4:
                registers[op.dst] = registers[op.src] & 0xFFFFFFFF
            case 7:
                value = registers[op.src] if op.from_register else number
                registers[op.dst] = _calculated(op.what, registers[op.dst], value)
            case 5 if op.what == EXIT:
                return written
            case _ if op.what == CALL:
                _called(op, registers, memory, written, kernel, coming)
            case _:
                value = registers[op.src] if op.from_register else number
                if op.what == JA or _holds(op.what, registers[op.dst], value):
                    at += op.off
    raise Fault("in the middle of a constant")


def _constant(op: Op, array: int) -> int:
    """A number, or a place in the map's memory."""
    return array + op.wide if op.src == MAP_VALUE else op.wide << 32 | op.imm & 0xFFFFFFFF


def _calculated(what: int, left: int, right: int) -> int:
    signed = left - (1 << 64) if left >> 63 else left
    results = {
        ADD: left + right, 0x10: left - right, 0x20: left * right, 0x30: left // right if right else 0,
        0x40: left | right, 0x50: left & right, LSH: left << (right & 63), RSH: left >> (right & 63),
        MOV: right, ARSH: signed >> (right & 63),
    }  # fmt: skip
    return results[what] & MASK


def _holds(what: int, left: int, right: int) -> bool:
    signed = (value - (1 << 64) if value >> 63 else value for value in (left, right))
    match what:
        case 0x10:
            return left == right
        case 0x20:
            return left > right
        case 0x30:
            return left >= right
        case 0x40:
            return bool(left & right)
        case 0x50:
            return left != right
        case 0x70:
            return next(signed) >= next(signed)
        case _:
            return left < right


def _called(
    op: Op,
    registers: list[int],
    memory: Memory,
    written: list[bytes],
    kernel: Mapping[int, str],
    coming: Iterator[int],
) -> None:
    if op.src == KFUNC:
        registers[0] = next(coming, 0) if kernel[op.imm] == NEXT else 0
    else:
        _helped(op.imm, registers, memory, written)
    registers[1:6] = [0xDEAD] * 5


def _helped(number: int, registers: list[int], memory: Memory, written: list[bytes]) -> None:
    if number == SEQ_WRITE:
        written.append(memory.read(registers[2], registers[3]))
        registers[0] = 0
    elif number in (PROBE_READ, PROBE_READ_STR):
        size = registers[2]
        memory.probed.append((registers[3], size))
        try:
            data = memory.read(registers[3], size)
            registers[0] = 0
        except Fault:
            data, registers[0] = bytes(size), MASK - 13
        if number == PROBE_READ_STR:
            memory.write(registers[1], data.split(b"\0", 1)[0][: size - 1] + b"\0")
        else:
            memory.write(registers[1], data)
    else:
        raise Fault(f"helper {number} is not played here")
