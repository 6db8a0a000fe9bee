"""A small verifier of eBPF: what the kernel checks of the stack, of registers and of jumps, not of pointers.

It reads bytes as include/uapi/linux/bpf.h defines them and shares nothing with the assembler under test.
Stores go to the stack or to a map's memory; a jump back leads to where no less was known than is now, so
that one turn of a loop stands for all, as in all programs of this project.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

STACK = 512
"""MAX_BPF_STACK, bytes."""
PROBE_READ, PROBE_READ_STR, SEQ_WRITE, PERCPU_ELEM = 113, 115, 127, 195
HELPERS = {PROBE_READ, PROBE_READ_STR, SEQ_WRITE, PERCPU_ELEM}
SIZES = {0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8}
ADD, MOV, LSH, RSH, ARSH, CALL, EXIT, JA = 0x00, 0xB0, 0x60, 0x70, 0xC0, 0x80, 0x90, 0x00
ALU = {ADD, 0x10, 0x20, 0x30, 0x40, 0x50, LSH, RSH, MOV, ARSH}
MUL = 0x20
MAP_VALUE = 2
"""What tells an address in a map's only value from a number."""
KFUNC = 2
"""What tells a call of the kernel's own function, by its BTF id, from one of a helper."""
NEW, NEXT, DESTROY, LOCK, UNLOCK = (
    "bpf_iter_task_new", "bpf_iter_task_next", "bpf_iter_task_destroy",
    "bpf_rcu_read_lock", "bpf_rcu_read_unlock",
)  # fmt: skip
ITERATOR = 24
"""sizeof(struct bpf_iter_task)."""
AT_LEAST = 0x30
JUMPS = {0x10, 0x20, 0x30, 0x40, 0x50, 0x70, 0xA0}


class Fault(Exception):
    """The kernel would refuse this program, or it did what it must not do."""


@dataclass(frozen=True, slots=True)
class Op:
    code: int
    dst: int
    src: int
    off: int
    imm: int
    wide: int = 0
    """The upper half of a 64-bit constant, from the slot after it."""

    @property
    def kind(self) -> int:
        return self.code & 7

    @property
    def what(self) -> int:
        return self.code & 0xF0

    @property
    def from_register(self) -> bool:
        return bool(self.code & 8)


def decode(code: bytes) -> list[Op | None]:
    """One per slot of eight bytes; None is the second slot of a 64-bit constant."""
    if not code or len(code) % 8:
        raise Fault("not a whole number of instructions")
    found: list[Op | None] = []
    for at, (operation, registers, off, imm) in enumerate(struct.iter_unpack("<BBhi", code)):
        if found and (last := found[-1]) is not None and last.code == 0x18:
            if operation or registers or off:
                raise Fault(f"{at}: half a 64-bit constant")
            found[-1] = replace(last, wide=imm & 0xFFFFFFFF)
            found.append(None)
            continue
        found.append(Op(operation, registers & 15, registers >> 4, off, imm))
    return found


@dataclass(frozen=True, slots=True)
class State:
    """What is known before an instruction. Registers: absent is not set, None is any number.

    Else a ``number``, one ``below`` another, a place on the ``stack``, or the last in the map's ``memory``.
    """

    registers: dict[int, tuple[str, int] | None] = field(default_factory=dict)
    stack: int = 0
    """A bit for each byte that was written, the lowest address first."""
    locked: bool = False
    iterator: int | None = None
    """Where on the stack one is at work."""

    def meet(self, other: State) -> State:
        both = self.registers.keys() & other.registers.keys()
        same = {
            one: self.registers[one] if self.registers[one] == other.registers[one] else None for one in both
        }
        if (self.locked, self.iterator) != (other.locked, other.iterator):
            raise Fault("a lock or an iterator held on one way only")
        return State(same, self.stack & other.stack, self.locked, self.iterator)


def check(code: bytes, kernel: Mapping[int, str] | None = None, memory: int = 0) -> int:
    """How many instructions a program has. Raises ``Fault`` at the first one that is not well-formed.

    ``kernel`` names the functions it may call by their BTF ids, ``memory`` is how many bytes its map has.
    """
    ops = decode(code)
    coming = {0: State({1: None, 10: ("stack", 0)})}
    backwards = {
        at + 1 + op.off
        for at, op in enumerate(ops)
        if op and op.kind == 5 and op.what in {JA, *JUMPS} and op.off < 0
    }
    begun: dict[int, State] = {}
    for at, op in enumerate(ops):
        state = coming.pop(at, None)
        if op is None:
            if state is not None:
                raise Fault(f"{at}: a jump into a constant")
            continue
        if state is None:
            raise Fault(f"{at}: never reached")
        if at in backwards:
            begun[at] = state
        step = Step(at, op, state, kernel or {}, memory)
        for target in _targets(at, op):
            after = step.after(target)
            if target in begun and target <= at:
                if begun[target].meet(after) != begun[target]:
                    raise Fault(f"{at}: the next turn knows less than the first")
                continue
            if not at < target < len(ops):
                raise Fault(f"{at}: leads to {target} of {len(ops)}")
            coming[target] = coming[target].meet(after) if target in coming else after
    return len(ops)


def _targets(at: int, op: Op) -> list[int]:
    """The instructions that may come next."""
    if op.kind == 5 and op.what == EXIT:
        return []
    if op.kind == 5 and op.what == JA:
        return [at + 1 + op.off]
    if op.kind == 5 and op.what in JUMPS:
        return [at + 1, at + 1 + op.off]
    return [at + 2 if op.code == 0x18 else at + 1]


class Step:
    """One instruction tried on what is known before it."""

    def __init__(self, at: int, op: Op, state: State, kernel: Mapping[int, str], memory: int) -> None:
        self.at, self.op, self.kernel, self.memory = at, op, kernel, memory
        self.registers, self.stack = dict(state.registers), state.stack
        self.locked, self.iterator = state.locked, state.iterator
        match op.kind:
            case 0:
                self.constant()
            case 1:
                self.load()
            case 2 | 3:
                self.store()
            case 4 if op.code == 0xBC:
                self.give(op.dst, self.known(op.src) and None)
            case 5 if op.what == CALL and op.src == KFUNC:
                self.call_kernel()
            case 5 if op.what == CALL:
                self.call()
            case 5:
                self.jump()
            case 7:
                self.give(op.dst, self.computed())
            case _:
                self.wrong()

    def after(self, target: int) -> State:
        """What is known where it leads to."""
        op, registers = self.op, self.registers
        bounded = op.kind == 5 and op.what == AT_LEAST and not op.from_register and target == self.at + 1
        if bounded and registers[op.dst] is None:
            registers = registers | {op.dst: ("below", op.imm)}
        return State(registers, self.stack, self.locked, self.iterator)

    def fault(self, why: str) -> Fault:
        return Fault(f"{self.at}: {why}")

    def wrong(self) -> None:
        raise self.fault(f"operation {self.op.code:#x}")

    def known(self, register: int) -> tuple[str, int] | None:
        if register not in self.registers:
            raise self.fault(f"r{register} is not set")
        return self.registers[register]

    def give(self, register: int, value: tuple[str, int] | None) -> None:
        if not 0 <= register < 10:
            raise self.fault(f"r{register} is written")
        self.registers[register] = value

    def area(self, register: int, off: int, size: int, *, read: bool) -> None:
        """Bytes of memory. Those of the stack must have been written if they are read, else now they are."""
        place = self.known(register)
        if place is not None and place[0] == "memory":
            if not (size > 0 and off >= 0 and place[1] + off + size <= self.memory):
                raise self.fault(f"{size} bytes at {place[1] + off} of the map")
            return
        if place is None or place[0] != "stack":
            raise self.fault(f"r{register} is no place on the stack")
        start = STACK + place[1] + off
        if not (size > 0 and start >= 0 and start + size <= STACK):
            raise self.fault(f"{size} bytes at {start - STACK} of the stack")
        bits = ((1 << size) - 1) << start
        if self.iterator is not None and bits & ((1 << ITERATOR) - 1) << self.iterator:
            raise self.fault("touches the iterator")
        if read and bits & ~self.stack:
            raise self.fault("reads of the stack what nothing wrote")
        self.stack |= bits

    def constant(self) -> None:
        op = self.op
        if op.code != 0x18 or op.src not in (0, 1, MAP_VALUE) or op.off:
            self.wrong()
        if op.src == MAP_VALUE:
            self.give(op.dst, ("memory", op.wide))
            return
        # 1: the address of a map.
        self.give(op.dst, None if op.src else ("number", op.wide << 32 | op.imm & 0xFFFFFFFF))

    def load(self) -> None:
        op = self.op
        base = self.known(op.src)
        if op.code & 0xE0 != 0x60 or op.imm:
            self.wrong()
        if base is not None and base[0] in ("stack", "memory"):
            self.area(op.src, op.off, SIZES[op.code & 0x18], read=True)
        elif base is not None or op.off < 0:
            raise self.fault("reads at a number")
        self.give(op.dst, None)

    def store(self) -> None:
        op, size = self.op, SIZES[self.op.code & 0x18]
        if op.code & 0xE0 != 0x60 or (op.imm if op.kind == 3 else op.src):
            self.wrong()
        if op.off % size:
            raise self.fault(f"{size} bytes at {op.off}")
        if op.kind == 3:
            self.known(op.src)
        self.area(op.dst, op.off, size, read=False)

    def call(self) -> None:
        op = self.op
        if op.code != 0x85 or op.dst or op.src or op.off:
            self.wrong()
        if op.imm not in HELPERS:
            raise self.fault(f"helper {op.imm}")
        given = [self.known(register) for register in (1, 2, 3)]
        if op.imm == PERCPU_ELEM:
            self.area(2, 0, 4, read=True)
        else:
            size = given[2 if op.imm == SEQ_WRITE else 1]
            if size is None or size[0] != "number":
                raise self.fault("a size that is not known")
            self.area(2 if op.imm == SEQ_WRITE else 1, 0, size[1], read=op.imm == SEQ_WRITE)
        for register in range(1, 6):
            self.registers.pop(register, None)
        self.give(0, None)

    def call_kernel(self) -> None:
        op = self.op
        name = self.kernel.get(op.imm)
        if op.code != 0x85 or op.dst or op.off or name is None:
            raise self.fault(f"function {op.imm}")
        if name in (LOCK, UNLOCK):
            if self.iterator is not None or self.locked == (name == LOCK):
                raise self.fault(f"{name} here")
            self.locked = name == LOCK
        elif not self.locked:
            raise self.fault(f"{name} without the lock")
        elif name == NEW:
            if self.known(2) != ("number", 0) or self.known(3) is None:
                raise self.fault("an iterator of what")
            place = self.known(1)
            self.area(1, 0, ITERATOR, read=False)
            self.iterator = STACK + (place[1] if place else 0)
            self.stack &= ~(((1 << ITERATOR) - 1) << self.iterator)
        else:
            if self.known(1) != ("stack", (self.iterator or 0) - STACK):
                raise self.fault("no iterator there")
            self.iterator = self.iterator if name == NEXT else None
        for register in range(6):
            self.registers.pop(register, None)
        if name in (NEW, NEXT):
            self.give(0, None)

    def jump(self) -> None:
        op = self.op
        if op.what == EXIT:
            self.known(0)
            if self.locked or self.iterator is not None:
                raise self.fault("leaves with a lock or an iterator")
        elif op.what in JUMPS:
            self.known(op.dst)
            if op.from_register:
                self.known(op.src)
        if op.what not in {EXIT, JA, *JUMPS} or (op.from_register and op.imm):
            self.wrong()

    def computed(self) -> tuple[str, int] | None:
        op = self.op
        if op.what not in ALU or op.off or (op.imm if op.from_register else op.src):
            self.wrong()
        other = self.known(op.src) if op.from_register else ("number", op.imm)
        if op.what == MOV:
            return other
        mine = self.known(op.dst)
        if op.what in (LSH, RSH, ARSH) and not op.from_register and not 0 <= op.imm < 64:
            raise self.fault(f"shifts by {op.imm}")
        if op.what == MUL and mine is not None and mine[0] == "below" and not op.from_register:
            return "below", (mine[1] - 1) * op.imm + 1
        if op.what != ADD or mine is None or mine[0] not in ("stack", "memory"):
            return None
        if other is not None and other[0] == "below" and mine[0] == "memory":
            return "memory", mine[1] + other[1] - 1
        if other is None or other[0] != "number" or (mine[0] == "memory" and other[1] < 0):
            raise self.fault("a place in memory that is not known")
        return mine[0], mine[1] + other[1]
