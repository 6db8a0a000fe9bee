"""The program that walks the kernel's list of tasks itself and writes a record of each to memory of its own.

An open-coded iterator (since 6.7) looks up no task by its number and copies no record by way of a file: half
of what a pass over the same tasks costs the task iterator. Tasks come in the order of that list: processes
as they were forked, each followed by its other threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.tasks import ebpf
from jinmaek.tasks.bpf_layout import EVERY_THREAD, Layout
from jinmaek.tasks.bpf_program import record
from jinmaek.tasks.bpf_record import PROBE_READ, RECORD, SCRATCH, SIZE, clear, stack
from jinmaek.tasks.ebpf import R0, R1, R2, R3, R4, R5, R6, R7, R8, R9

HEAD = 64
"""Bytes before the first record."""
WRITTEN, MISSED = 0, 8
"""Words there: how many records were written, and how many tasks found no room."""
ITERATOR = SCRATCH - 24
"""Where on the stack ``struct bpf_iter_task`` is."""


def program(layout: Layout, distances: Sequence[int], boottime_offset: int, memory: int, room: int) -> bytes:
    """The instructions for one kernel; ``memory`` is the descriptor of a map with ``room`` for records.

    The rest is as in ``bpf_program.program``.
    """
    kernel = layout.open_coded
    return ebpf.assemble(
        [
            ebpf.call_kernel(kernel["bpf_rcu_read_lock"]),
            *stack(R1, ITERATOR),
            ebpf.alu_imm("mov", R2, 0),
            ebpf.alu_imm("mov", R3, kernel[EVERY_THREAD]),
            ebpf.call_kernel(kernel["bpf_iter_task_new"]),
            # The verifier follows a loop until a turn begins as one before: with the same in each register,
            # and the same bytes of the stack written, that is the second.
            *stack(R1, SCRATCH),
            ebpf.alu_imm("mov", R2, -SCRATCH),
            ebpf.alu_imm("mov", R3, 0),
            ebpf.call(PROBE_READ),
            ebpf.Label("next"),
            *clear(R0, R2, R3, R4, R5, R6, R7, R8, R9),
            *stack(R1, ITERATOR),
            ebpf.call_kernel(kernel["bpf_iter_task_next"]),
            ebpf.jump_if_imm(R0, "==", 0, "end"),
            ebpf.alu("mov", R6, R0),
            # What a CPU does when idle begins the list and is no task of /proc.
            ebpf.load(4, R0, R6, layout.offsets["task_struct.pid"]),
            ebpf.jump_if_imm(R0, "==", 0, "next"),
            *ebpf.load_map_value(R1, memory, 0),
            # Counted in memory, of which the verifier knows nothing: a register would differ at each turn.
            ebpf.load(8, R2, R1, WRITTEN),
            ebpf.jump_if_imm(R2, ">=", room, "full"),
            ebpf.alu("mov", R0, R2),
            ebpf.alu_imm("add", R0, 1),
            ebpf.store(8, R1, WRITTEN, R0),
            ebpf.alu_imm("mul", R2, SIZE),
            *ebpf.load_map_value(RECORD, memory, HEAD),
            ebpf.alu("add", RECORD, R2),
            *record(layout, distances, boottime_offset),
            ebpf.jump("next"),
            ebpf.Label("full"),
            ebpf.load(8, R0, R1, MISSED),
            ebpf.alu_imm("add", R0, 1),
            ebpf.store(8, R1, MISSED, R0),
            ebpf.jump("next"),
            ebpf.Label("end"),
            *stack(R1, ITERATOR),
            ebpf.call_kernel(kernel["bpf_iter_task_destroy"]),
            ebpf.call_kernel(kernel["bpf_rcu_read_unlock"]),
            ebpf.alu_imm("mov", R0, 0),
            ebpf.leave(),
        ]
    )
