"""A small assembler of eBPF: instructions as values, jumps to labels, bytes as the kernel wants them.

Documentation/bpf/standardization/instruction-set.rst. Eight bytes each, little-endian: operation, registers,
offset, immediate. Arguments are in r1 to r5, a call's result is in r0 and r1 to r5 are lost,
r6 to r9 stay, r10 is the end of the stack.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, FP = range(11)

SIZES = {1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}
ALU = {
    "add": 0x00, "sub": 0x10, "mul": 0x20, "div": 0x30, "or": 0x40, "and": 0x50,
    "lsh": 0x60, "rsh": 0x70, "mov": 0xB0, "arsh": 0xC0,
}  # fmt: skip
JUMPS = {"ja": 0x00, "==": 0x10, ">": 0x20, ">=": 0x30, "&": 0x40, "!=": 0x50, "s>=": 0x70, "<": 0xA0}
PSEUDO_MAP_FD, PSEUDO_MAP_VALUE = 1, 2
"""The immediate is a map's descriptor, and the register will hold its address, or one in its value."""
PSEUDO_KFUNC_CALL = 2
"""The immediate is a function's BTF id."""


@dataclass(frozen=True, slots=True)
class Insn:
    """One instruction. ``to`` is a label whose distance becomes ``off``."""

    code: int
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A place to jump to."""

    name: str


Code = Iterable[Insn | Label]


def load(size: int, dst: int, src: int, off: int) -> Insn:
    """``dst = *(unsigned size *)(src + off)``."""
    return Insn(0x61 | SIZES[size], dst, src, off)


def store(size: int, dst: int, off: int, src: int) -> Insn:
    """``*(size *)(dst + off) = src``."""
    return Insn(0x63 | SIZES[size], dst, src, off)


def store_imm(size: int, dst: int, off: int, imm: int) -> Insn:
    """``*(size *)(dst + off) = imm``."""
    return Insn(0x62 | SIZES[size], dst, 0, off, imm)


def alu(operation: str, dst: int, src: int) -> Insn:
    """``dst operation= src`` on 64 bits."""
    return Insn(0x0F | ALU[operation], dst, src)


def alu_imm(operation: str, dst: int, imm: int) -> Insn:
    """``dst operation= imm`` on 64 bits; the immediate is sign-extended from 32."""
    return Insn(0x07 | ALU[operation], dst, imm=imm)


def low_half(dst: int, src: int) -> Insn:
    """``dst = (u32)src``."""
    return Insn(0xBC, dst, src)


def load_imm64(dst: int, value: int) -> list[Insn]:
    """``dst = value`` of 64 bits: one instruction in the room of two."""
    return [Insn(0x18, dst, 0, 0, value & 0xFFFFFFFF), Insn(0, imm=value >> 32 & 0xFFFFFFFF)]


def load_map(dst: int, descriptor: int) -> list[Insn]:
    """``dst`` = the address of a map."""
    return [Insn(0x18, dst, PSEUDO_MAP_FD, 0, descriptor), Insn(0)]


def load_map_value(dst: int, descriptor: int, offset: int) -> list[Insn]:
    """``dst`` = the address of a place in the only value of an array (since 5.2)."""
    return [Insn(0x18, dst, PSEUDO_MAP_VALUE, 0, descriptor), Insn(0, imm=offset)]


def jump(to: str) -> Insn:
    return Insn(0x05, to=to)


def jump_if(dst: int, test: str, src: int, to: str) -> Insn:
    """Jump if ``dst test src``, unsigned unless the test says otherwise."""
    return Insn(0x0D | JUMPS[test], dst, src, to=to)


def jump_if_imm(dst: int, test: str, imm: int, to: str) -> Insn:
    return Insn(0x05 | JUMPS[test], dst, imm=imm, to=to)


def call(helper: int) -> Insn:
    """``r0 = helper(r1, …, r5)``; numbers of include/uapi/linux/bpf.h."""
    return Insn(0x85, imm=helper)


def call_kernel(function: int) -> Insn:
    """``r0 = function(r1, …, r5)``, one of the kernel's own by its BTF id (since 5.13)."""
    return Insn(0x85, 0, PSEUDO_KFUNC_CALL, imm=function)


def leave() -> Insn:
    """Return r0."""
    return Insn(0x95)


def assemble(code: Code) -> bytes:
    """The bytes of a program, jumps resolved."""
    insns: list[Insn] = []
    places: dict[str, int] = {}
    for item in code:
        match item:
            case Label(name):
                if name in places:
                    raise ValueError(f"two labels {name!r}")
                places[name] = len(insns)
            case Insn():
                insns.append(item)
    return b"".join(
        _encode(insn if insn.to is None else replace(insn, off=places[insn.to] - at - 1))
        for at, insn in enumerate(insns)
    )


def _encode(insn: Insn) -> bytes:
    imm = insn.imm - (1 << 32) if insn.imm >= 1 << 31 else insn.imm
    return struct.pack("<BBhi", insn.code, insn.src << 4 | insn.dst, insn.off, imm)
