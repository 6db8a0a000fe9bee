"""How far each CPU's copy of the per-CPU memory is from the address the kernel keeps for all of them.

No kernel symbol is needed (kallsyms often has none of data): of a per-CPU map one program tells both the
common address and each CPU's. The distances hold until the next boot.
"""

from __future__ import annotations

import contextlib
import os
from array import array

from jinmaek.tasks import bpf_calls, ebpf
from jinmaek.tasks.bpf_layout import Layout
from jinmaek.tasks.bpf_record import PROBE_READ, SEQ_WRITE, stack
from jinmaek.tasks.ebpf import FP, R0, R1, R2, R3, R6, Code, Insn, Label

LOOKUP_PERCPU_ELEM = 195
"""bpf_map_lookup_percpu_elem (5.19, before counters were per CPU)."""
NEEDED = ("bpf_array.pptrs", "bpf_iter_meta.seq_num", "mm_struct.rss_stat.counters")
CPUS = 512
"""More CPUs than this are not summed up: their share of a counter may then be missing."""
KEY, WORD = -8, -16


def distances(layout: Layout, cpus: int) -> tuple[int, ...]:
    """In bytes, by CPU number; none where counters are not per CPU, or this cannot be found out."""
    if not (layout.together and layout.offsets.keys() >= set(NEEDED) and 0 < cpus <= CPUS):
        return ()
    words = array("Q")
    with contextlib.ExitStack() as undo:
        try:
            handle = bpf_calls.make_map()
            undo.callback(os.close, handle)
            for one in bpf_calls.attach(layout.function, ebpf.assemble(_program(layout, handle, cpus))):
                undo.callback(os.close, one)
                link = one
            count = bpf_calls.run(link, words)
        except (OSError, bpf_calls.Unavailable):
            return ()
    if count != cpus + 1:
        return ()
    return tuple((place - words[0]) % (1 << 64) for place in words[1:count])


def _program(layout: Layout, handle: int, cpus: int) -> Code:
    """At the first thread write the common address, then each CPU's."""
    code: list[Insn | Label] = [
        ebpf.load(8, R6, R1, layout.offsets["bpf_iter__task.meta"]),
        ebpf.load(8, R0, R1, layout.offsets["bpf_iter__task.task"]),
        ebpf.jump_if_imm(R0, "==", 0, "end"),
        ebpf.load(8, R0, R6, layout.offsets["bpf_iter_meta.seq_num"]),
        ebpf.jump_if_imm(R0, "!=", 0, "end"),
        ebpf.load(8, R6, R6, layout.offsets["bpf_iter_meta.seq"]),
        ebpf.store_imm(8, FP, KEY, 0),
        # The map's address as a plain number, by way of the stack.
        *ebpf.load_map(R0, handle),
        ebpf.store(8, FP, WORD, R0),
        *stack(R1, WORD - 8),
        ebpf.alu_imm("mov", R2, 8),
        *stack(R3, WORD),
        ebpf.call(PROBE_READ),
        ebpf.load(8, R3, FP, WORD - 8),
        ebpf.alu_imm("add", R3, layout.offsets["bpf_array.pptrs"]),
        *stack(R1, WORD),
        ebpf.alu_imm("mov", R2, 8),
        ebpf.call(PROBE_READ),
        *_write(),
    ]
    for cpu in range(cpus):
        code += [
            *ebpf.load_map(R1, handle),
            *stack(R2, KEY),
            ebpf.alu_imm("mov", R3, cpu),
            ebpf.call(LOOKUP_PERCPU_ELEM),
            ebpf.jump_if_imm(R0, "==", 0, "end"),
            ebpf.store(8, FP, WORD, R0),
            *_write(),
        ]
    return [*code, Label("end"), ebpf.alu_imm("mov", R0, 0), ebpf.leave()]


def _write() -> Code:
    return [
        ebpf.alu("mov", R1, R6),
        *stack(R2, WORD),
        ebpf.alu_imm("mov", R3, 8),
        ebpf.call(SEQ_WRITE),
    ]
