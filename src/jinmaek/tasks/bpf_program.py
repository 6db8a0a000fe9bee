"""The program the kernel runs for every thread: it copies what the task table needs into one record.

Every pointer is tested before it is followed, as the verifier of newer kernels demands; older ones read 0
through a null pointer.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.tasks import ebpf
from jinmaek.tasks.bpf_layout import Layout
from jinmaek.tasks.bpf_process import process
from jinmaek.tasks.bpf_record import (
    COMM,
    DESC,
    NAME,
    NAME_AT,
    PF_KTHREAD,
    PF_WQ_WORKER,
    PROBE_READ,
    PROBE_READ_STR,
    RECORD,
    SCRATCH,
    SEQ_WRITE,
    SIZE,
    TICK_NS,
    at,
    clear,
    copy,
    probe,
    stack,
    within,
    zero,
)
from jinmaek.tasks.ebpf import FP, R0, R1, R2, R3, R4, R5, R6, R7, R8, Code, Insn, Label

FILE = SCRATCH - 8
"""Where on the stack the iterator's file stays."""
REPORTED = ((0x40, "P"), (0x20, "Z"), (0x10, "X"), (8, "t"), (4, "T"), (2, "D"), (1, "S"))
"""Bits of ``__state`` and ``exit_state``, the highest first; none of them is R."""
TASK_IDLE, TASK_RTLOCK_WAIT, TASK_FROZEN = 0x402, 0x1000, 0x8000
WORKER = ("worker.pool", "worker.desc", "worker.current_work")
RT_PRIORITIES, NICE_0 = 100, 120
"""Where the kernel's priorities of ordinary threads begin, and nice 0: include/linux/sched/prio.h."""


def program(layout: Layout, distances: Sequence[int], boottime_offset: int) -> bytes:
    """The instructions for one kernel; without ``distances`` counters lack what is still with each CPU.

    ``boottime_offset`` is what a time namespace adds to boottime, nanoseconds.
    """
    return ebpf.assemble(
        [
            ebpf.load(8, R6, R1, layout.offsets["bpf_iter__task.task"]),
            ebpf.jump_if_imm(R6, "==", 0, "end"),
            ebpf.load(8, R1, R1, layout.offsets["bpf_iter__task.meta"]),
            ebpf.load(8, R1, R1, layout.offsets["bpf_iter_meta.seq"]),
            ebpf.store(8, FP, FILE, R1),
            *stack(RECORD, FILE - SIZE),
            *record(layout, distances, boottime_offset),
            ebpf.load(8, R1, FP, FILE),
            ebpf.alu("mov", R2, RECORD),
            ebpf.alu_imm("mov", R3, SIZE),
            ebpf.call(SEQ_WRITE),
            Label("end"),
            ebpf.alu_imm("mov", R0, 0),
            ebpf.leave(),
        ]
    )


def record(layout: Layout, distances: Sequence[int], boottime_offset: int) -> Code:
    """Fill the record ``RECORD`` points to from the task in r6; r7 and r8 are lost."""
    return [
        *zero("leads", "uid", "ppid", "cgroup_id"),
        *_thread(layout, boottime_offset),
        *_cgroup(layout),
        *_name(layout),
        *process(layout, distances),
        Label("write"),
    ]


def _thread(layout: Layout, boottime_offset: int) -> Code:
    offsets = layout.offsets
    cpu = "task_struct.thread_info.cpu"
    four = {
        "pid": "pid", "tgid": "tgid", "flags": "flags", "rt_priority": "rt_priority", "policy": "policy",
    }  # fmt: skip
    eight = {
        "own_utime": "utime", "own_stime": "stime", "run_ns": "se.sum_exec_runtime",
        "own_prev_utime": "prev_cputime.utime", "own_prev_stime": "prev_cputime.stime",
        "own_minflt": "min_flt", "own_majflt": "maj_flt", "run_delay": "sched_info.run_delay",
        "own_read_bytes": "ioac.read_bytes", "own_write_bytes": "ioac.write_bytes",
    }  # fmt: skip
    code: list[Insn | Label] = []
    for word, field in four.items():
        code += copy(layout, R6, 4, f"task_struct.{field}", word)
    for word, field in eight.items():
        code += copy(layout, R6, 8, f"task_struct.{field}", word)
    code += copy(layout, R6, 4, cpu if cpu in offsets else "task_struct.cpu", "processor")
    for word, field, origin in (("priority", "prio", RT_PRIORITIES), ("nice", "static_prio", NICE_0)):
        code += [
            ebpf.load(4, R0, R6, offsets[f"task_struct.{field}"]),
            ebpf.alu_imm("lsh", R0, 32),
            ebpf.alu_imm("arsh", R0, 32),
            ebpf.alu_imm("sub", R0, origin),
            ebpf.store(8, RECORD, at(word), R0),
        ]
    return [
        *code,
        *_state(layout),
        ebpf.load(1, R0, R6, offsets["task_struct.in_iowait"]),
        ebpf.alu_imm("rsh", R0, layout.iowait_bit),
        ebpf.alu_imm("and", R0, 1),
        ebpf.store(8, RECORD, at("in_iowait"), R0),
        ebpf.load(8, R0, R6, offsets["task_struct.start_boottime"]),
        *ebpf.load_imm64(R1, boottime_offset),
        ebpf.alu("add", R0, R1),
        ebpf.alu_imm("div", R0, TICK_NS),
        ebpf.store(8, RECORD, at("start_ticks"), R0),
        ebpf.load(8, R7, R6, offsets["task_struct.real_cred"]),
        ebpf.jump_if_imm(R7, "==", 0, "no-cred"),
        *copy(layout, R7, 4, "cred.euid.val", "uid"),
        Label("no-cred"),
        *clear(R0),
        ebpf.load(8, R7, R6, offsets["task_struct.real_parent"]),
        ebpf.jump_if_imm(R7, "==", 0, "no-parent"),
        *copy(layout, R7, 4, "task_struct.tgid", "ppid"),
        Label("no-parent"),
        *clear(R0),
    ]


def _state(layout: Layout) -> Code:
    """The letter /proc shows: include/linux/sched.h __task_state_index(), fs/proc/array.c."""
    offsets = layout.offsets
    state = "task_struct.__state" if "task_struct.__state" in offsets else "task_struct.state"
    code: list[Insn | Label] = []
    for bit, letter in REPORTED:
        code += [ebpf.alu_imm("mov", R1, ord(letter)), ebpf.jump_if_imm(R0, "&", bit, "letter")]
    return [
        ebpf.load(4, R0, R6, offsets[state]),
        ebpf.load(4, R1, R6, offsets["task_struct.exit_state"]),
        ebpf.alu("or", R0, R1),
        ebpf.alu_imm("mov", R1, ord("D")),
        ebpf.jump_if_imm(R0, "&", TASK_RTLOCK_WAIT | TASK_FROZEN, "letter"),
        ebpf.alu("mov", R2, R0),
        ebpf.alu_imm("and", R2, TASK_IDLE),
        ebpf.alu_imm("mov", R1, ord("I")),
        ebpf.jump_if_imm(R2, "==", TASK_IDLE, "letter"),
        *code,
        ebpf.alu_imm("mov", R1, ord("R")),
        Label("letter"),
        ebpf.store(8, RECORD, at("state"), R1),
        *clear(R2),
    ]


def _cgroup(layout: Layout) -> Code:
    """The inode number of its folder in the unified hierarchy."""
    path = ("task_struct.cgroups", "css_set.dfl_cgrp", "cgroup.kn")
    if not layout.offsets.keys() >= {*path, "kernfs_node.id"}:
        return []
    code: list[Insn | Label] = [ebpf.alu("mov", R7, R6)]
    for field in path:
        code += [ebpf.load(8, R7, R7, layout.offsets[field]), ebpf.jump_if_imm(R7, "==", 0, "no-cgroup")]
    return [*code, *copy(layout, R7, 8, "kernfs_node.id", "cgroup_id"), Label("no-cgroup")]


def _name(layout: Layout) -> Code:
    """``comm``; of kernel threads the long name and the work, as fs/proc/array.c proc_task_name()."""
    offsets = layout.offsets
    name, desc, comm = NAME_AT, NAME_AT + NAME, offsets["task_struct.comm"]
    code: list[Insn | Label] = []
    for step in range(0, COMM, 8):
        code += [ebpf.load(8, R0, R6, comm + step), ebpf.store(8, RECORD, name + step, R0)]
    code += [ebpf.store_imm(8, RECORD, rest, 0) for rest in range(name + COMM, SIZE, 8)]
    homes = ("task_struct.worker_private", "task_struct.set_child_tid")
    home = next((field for field in homes if field in offsets), None)
    if home is None or not offsets.keys() >= {"kthread.data", *WORKER}:
        return code
    full: list[Insn | Label] = []
    if "kthread.full_name" in offsets:
        full = [
            *([] if layout.formatted else [ebpf.jump_if_imm(R7, "&", PF_WQ_WORKER, "short")]),
            *probe(R8, offsets["kthread.full_name"], 8),
            ebpf.load(8, R3, FP, SCRATCH),
            ebpf.jump_if_imm(R3, "==", 0, "short"),
            *within(R1, name),
            ebpf.alu_imm("mov", R2, NAME),
            ebpf.call(PROBE_READ_STR),
            Label("short"),
            *clear(R0, R1, R2, R3, R4, R5),
        ]
    return [
        *code,
        ebpf.load(8, R7, RECORD, at("flags")),
        ebpf.alu("mov", R0, R7),
        ebpf.alu_imm("and", R0, PF_KTHREAD),
        ebpf.jump_if_imm(R0, "==", 0, "named"),
        ebpf.load(8, R8, R6, offsets[home]),
        *full,
        ebpf.alu_imm("and", R7, PF_WQ_WORKER),
        ebpf.jump_if_imm(R7, "==", 0, "named"),
        *probe(R8, offsets["kthread.data"], 8),
        ebpf.load(8, R8, FP, SCRATCH),
        ebpf.jump_if_imm(R8, "==", 0, "named"),
        # A rescuer at rest keeps what it last did, but has no pool.
        *probe(R8, offsets["worker.pool"], 8),
        ebpf.load(8, R0, FP, SCRATCH),
        ebpf.jump_if_imm(R0, "==", 0, "named"),
        *within(R1, desc),
        ebpf.alu_imm("mov", R2, DESC),
        ebpf.alu("mov", R3, R8),
        ebpf.alu_imm("add", R3, offsets["worker.desc"]),
        ebpf.call(PROBE_READ),
        *probe(R8, offsets["worker.current_work"], 8),
        ebpf.load(8, R0, FP, SCRATCH),
        ebpf.store_imm(1, RECORD, desc + DESC - 1, 0),
        ebpf.jump_if_imm(R0, "==", 0, "named"),
        ebpf.store_imm(1, RECORD, desc + DESC - 1, 1),
        Label("named"),
        *clear(R0, R1, R2, R3, R4, R5, R7, R8),
    ]
