"""The assembler: exact bytes, as the kernel's instruction set documents them."""

from __future__ import annotations

import pytest

from jinmaek.tasks import ebpf
from jinmaek.tasks.ebpf import FP, R0, R1, R2, R6, R9, Insn, Label, assemble

ENCODED = [
    (ebpf.load(8, R6, R1, 8), "7916080000000000"),
    (ebpf.load(4, R0, R6, 44), "61602c0000000000"),
    (ebpf.load(2, R0, R6, 2), "6960020000000000"),
    (ebpf.load(1, R0, R6, 1193), "7160a90400000000"),
    (ebpf.store(8, FP, -8, R0), "7b0af8ff00000000"),
    (ebpf.store(4, FP, -4, R9), "639afcff00000000"),
    (ebpf.store_imm(8, FP, -16, 0), "7a0af0ff00000000"),
    (ebpf.store_imm(1, FP, -1, 1), "720affff01000000"),
    (ebpf.alu("mov", R1, R9), "bf91000000000000"),
    (ebpf.alu("add", R0, R1), "0f10000000000000"),
    (ebpf.alu("sub", R0, R1), "1f10000000000000"),
    (ebpf.alu("mul", R0, R1), "2f10000000000000"),
    (ebpf.alu("div", R0, R1), "3f10000000000000"),
    (ebpf.alu("or", R0, R1), "4f10000000000000"),
    (ebpf.alu_imm("mov", R0, 0), "b700000000000000"),
    (ebpf.alu_imm("add", R2, -448), "0702000040feffff"),
    (ebpf.alu_imm("and", R0, 0x00200000), "5700000000002000"),
    (ebpf.alu_imm("lsh", R0, 32), "6700000020000000"),
    (ebpf.alu_imm("rsh", R0, 32), "7700000020000000"),
    (ebpf.alu_imm("arsh", R0, 32), "c700000020000000"),
    (ebpf.alu_imm("div", R0, 10_000_000), "3700000080969800"),
    (ebpf.low_half(R0, R1), "bc10000000000000"),
    (ebpf.call(127), "850000007f000000"),
    (ebpf.call_kernel(64263), "8520000007fb0000"),
    (ebpf.leave(), "9500000000000000"),
]


@pytest.mark.parametrize(("insn", "expected"), ENCODED)
def test_each_instruction_is_eight_exact_bytes(insn: Insn, expected: str) -> None:
    assert assemble([insn]).hex() == expected


def test_a_jump_may_lead_back() -> None:
    code: list[Insn | Label] = [Label("on"), ebpf.load(8, R6, R1, 8), ebpf.jump("on")]
    assert assemble(code)[8:].hex() == "0500feff00000000"


def test_a_64_bit_constant_takes_the_room_of_two() -> None:
    assert assemble(
        ebpf.load_imm64(R1, 0xFFFF_8000_1234_5678)
    ).hex() == "18010000785634120000000000 80ffff".replace(" ", "")
    assert assemble(ebpf.load_map(R2, 5)).hex() == "18120000050000000000000000000000"
    assert assemble(ebpf.load_map_value(R2, 5, 64)).hex() == "18220000050000000000000040000000"


def test_jumps_count_from_the_instruction_after_them() -> None:
    code: list[Insn | Label] = [
        ebpf.jump_if_imm(R6, "==", 0, "end"),
        ebpf.jump_if(R0, "<", R1, "end"),
        *ebpf.load_imm64(R0, 1),
        ebpf.jump("end"),
        Label("end"),
        ebpf.leave(),
    ]
    words = [assemble(code)[at : at + 8].hex() for at in range(0, 48, 8)]
    assert words[0] == "1506040000000000"
    assert words[1] == "ad10030000000000"
    assert words[4] == "0500000000000000"


@pytest.mark.parametrize(
    ("test", "code"),
    [("==", 0x15), (">", 0x25), (">=", 0x35), ("&", 0x45), ("!=", 0x55), ("s>=", 0x75), ("<", 0xA5)],
)
def test_each_test_has_its_code(test: str, code: int) -> None:
    assert assemble([ebpf.jump_if_imm(R0, test, 1, "on"), Label("on")])[0] == code


def test_a_label_stands_once_and_exists() -> None:
    with pytest.raises(ValueError, match="end"):
        assemble([Label("end"), Label("end")])
    with pytest.raises(KeyError):
        assemble([ebpf.jump("nowhere")])
