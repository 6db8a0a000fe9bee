"""The part of the task program that only a leader's record needs: its process' times, terminal and memory."""

from __future__ import annotations

from collections.abc import Sequence

from jinmaek.kernel.pid_statm import PAGE
from jinmaek.tasks import ebpf
from jinmaek.tasks.bpf_layout import Layout
from jinmaek.tasks.bpf_record import (
    OF_PROCESS,
    PF_KTHREAD,
    PROBE_READ,
    RECORD,
    RSS,
    SCRATCH,
    at,
    clear,
    copy,
    stack,
    within,
    zero,
)
from jinmaek.tasks.ebpf import FP, R0, R1, R2, R3, R4, R5, R6, R7, R8, Code, Insn, Label

PERCPU = 4
"""Bytes of one CPU's part of a counter (s32); an mm's four lie side by side since 6.6."""
PAGE_SHIFT = PAGE.bit_length() - 1
MEMORY = ("has_mm", "vsize", "resident", "shared", *RSS)


def process(layout: Layout, distances: Sequence[int]) -> Code:
    """What only the leader's record tells."""
    signal = {
        "cutime": "cutime", "cstime": "cstime",
        "prev_utime": "prev_cputime.utime", "prev_stime": "prev_cputime.stime",
    }  # fmt: skip
    sums = {
        "sum_utime": ("own_utime", "utime"), "sum_stime": ("own_stime", "stime"),
        "sum_run_ns": ("run_ns", "sum_sched_runtime"),
        "minflt": ("own_minflt", "min_flt"), "majflt": ("own_majflt", "maj_flt"),
        "read_bytes": ("own_read_bytes", "ioac.read_bytes"),
        "write_bytes": ("own_write_bytes", "ioac.write_bytes"),
    }  # fmt: skip
    code: list[Insn | Label] = []
    for word, field in signal.items():
        code += copy(layout, R7, 8, f"signal_struct.{field}", word)
    for word, (own, field) in sums.items():
        if f"signal_struct.{field}" not in layout.offsets:
            code += zero(word)
            continue
        code += [
            ebpf.load(8, R0, R7, layout.offsets[f"signal_struct.{field}"]),
            ebpf.load(8, R1, RECORD, at(own)),
            ebpf.alu("add", R0, R1),
            ebpf.store(8, RECORD, at(word), R0),
        ]
    return [
        ebpf.load(8, R1, RECORD, at("pid")),
        ebpf.load(8, R2, RECORD, at("tgid")),
        ebpf.jump_if(R1, "!=", R2, "no-process"),
        ebpf.store_imm(8, RECORD, at("leads"), 1),
        ebpf.load(8, R7, R6, layout.offsets["task_struct.signal"]),
        ebpf.jump_if_imm(R7, "==", 0, "no-process"),
        *copy(layout, R7, 4, "signal_struct.nr_threads", "num_threads"),
        *code,
        *_tty(layout),
        *_cputime(),
        *_memory(layout, distances),
        Label("no-process"),
        *zero(*OF_PROCESS),
    ]


def _tty(layout: Layout) -> Code:
    """The device number of the controlling terminal."""
    offsets = layout.offsets
    needed = {"tty_struct.driver", "tty_struct.index", "tty_driver.major", "tty_driver.minor_start"}
    if not offsets.keys() >= needed:
        return zero("tty_nr")
    return [
        *zero("tty_nr"),
        ebpf.load(8, R7, R7, offsets["signal_struct.tty"]),
        ebpf.jump_if_imm(R7, "==", 0, "no-tty"),
        ebpf.load(4, R8, R7, offsets["tty_struct.index"]),
        ebpf.load(8, R7, R7, offsets["tty_struct.driver"]),
        ebpf.jump_if_imm(R7, "==", 0, "no-tty"),
        # new_encode_dev(): the major number sits between the minor's low eight bits and the rest.
        ebpf.load(4, R0, R7, offsets["tty_driver.major"]),
        ebpf.load(4, R1, R7, offsets["tty_driver.minor_start"]),
        ebpf.alu("add", R1, R8),
        ebpf.alu("mov", R2, R1),
        ebpf.alu_imm("rsh", R2, 8),
        ebpf.alu_imm("lsh", R2, 20),
        ebpf.alu_imm("and", R1, 0xFF),
        ebpf.alu_imm("lsh", R0, 8),
        ebpf.alu("or", R0, R1),
        ebpf.alu("or", R0, R2),
        ebpf.store(8, RECORD, at("tty_nr"), R0),
        Label("no-tty"),
    ]


def _cputime() -> Code:
    """What /proc says of a single thread's process: kernel/sched/cputime.c cputime_adjust().

    The precise run time, split as the ticks were; the share of the system as a fraction of 2^32.
    """
    user, system, run, ratio = R1, R2, R3, R4
    # The sum of both in 32 bits, the system time shifted alike; without a branch, of which each doubles
    # the ways the verifier has to follow.
    shifts: list[Insn | Label] = []
    for power in (4, 3, 2, 1, 0):
        shifts += [
            ebpf.alu("mov", R0, R5),
            ebpf.alu_imm("rsh", R0, 31 + (1 << power)),
            # 1 where anything is left.
            ebpf.alu_imm("mov", user, 0),
            ebpf.alu("sub", user, R0),
            ebpf.alu("or", R0, user),
            ebpf.alu_imm("rsh", R0, 63),
            ebpf.alu_imm("lsh", R0, power),
            ebpf.alu("rsh", R5, R0),
            ebpf.alu("rsh", ratio, R0),
        ]
    return [
        ebpf.load(8, user, RECORD, at("sum_utime")),
        ebpf.load(8, system, RECORD, at("sum_stime")),
        ebpf.load(8, run, RECORD, at("sum_run_ns")),
        ebpf.load(8, R7, RECORD, at("prev_utime")),
        ebpf.load(8, R8, RECORD, at("prev_stime")),
        ebpf.alu("mov", R0, R7),
        ebpf.alu("add", R0, R8),
        ebpf.jump_if(R0, "<", run, "ran"),
        ebpf.alu("mov", user, R7),
        ebpf.alu("mov", system, R8),
        ebpf.jump("split"),
        Label("ran"),
        ebpf.jump_if_imm(system, "==", 0, "known"),
        ebpf.alu("mov", ratio, system),
        ebpf.alu("mov", R5, system),
        ebpf.alu("add", R5, user),
        ebpf.alu("mov", system, run),
        ebpf.jump_if_imm(user, "==", 0, "known"),
        *shifts,
        ebpf.alu_imm("lsh", ratio, 32),
        ebpf.alu("div", ratio, R5),
        ebpf.alu_imm("rsh", system, 32),
        ebpf.alu("mul", system, ratio),
        ebpf.low_half(R0, run),
        ebpf.alu("mul", R0, ratio),
        ebpf.alu_imm("rsh", R0, 32),
        ebpf.alu("add", system, R0),
        Label("known"),
        *clear(R0, R1, R4, R5),
        ebpf.jump_if(system, ">=", R8, "system-grew"),
        ebpf.alu("mov", system, R8),
        Label("system-grew"),
        # No longer known to be the same as another.
        ebpf.alu_imm("or", system, 0),
        ebpf.alu("mov", user, run),
        ebpf.alu("sub", user, system),
        ebpf.jump_if(user, ">=", R7, "split"),
        ebpf.alu("mov", user, R7),
        ebpf.alu("mov", system, run),
        ebpf.alu("sub", system, user),
        Label("split"),
        ebpf.store(8, RECORD, at("utime"), user),
        ebpf.store(8, RECORD, at("stime"), system),
        *clear(R0, R1, R2, R3, R4, R5, R7, R8),
    ]


def _memory(layout: Layout, distances: Sequence[int]) -> Code:
    """Pages by kind. A kernel thread may borrow a memory of others: it is not its own."""
    offsets = layout.offsets
    sizes: list[Insn | Label] = []
    for word in ("vsize", *RSS):
        sizes += [
            ebpf.load(8, R0, RECORD, at(word)),
            ebpf.jump_if_imm(R0, "s>=", 0, f"{word}-positive"),
            ebpf.alu_imm("mov", R0, 0),
            Label(f"{word}-positive"),
            ebpf.alu_imm("lsh", R0, PAGE_SHIFT),
            ebpf.store(8, RECORD, at(word), R0),
        ]
    return [
        ebpf.load(8, R0, RECORD, at("flags")),
        ebpf.alu_imm("and", R0, PF_KTHREAD),
        ebpf.jump_if_imm(R0, "!=", 0, "no-memory"),
        ebpf.load(8, R7, R6, offsets["task_struct.mm"]),
        ebpf.jump_if_imm(R7, "==", 0, "no-memory"),
        ebpf.store_imm(8, RECORD, at("has_mm"), 1),
        *copy(layout, R7, 8, "mm_struct.total_vm", "vsize"),
        *_counters(layout),
        *(_percpu(layout, distances) if distances else ()),
        *sizes,
        ebpf.load(8, R0, RECORD, at("rss_file")),
        ebpf.load(8, R1, RECORD, at("rss_shmem")),
        ebpf.alu("add", R0, R1),
        ebpf.store(8, RECORD, at("shared"), R0),
        ebpf.load(8, R1, RECORD, at("rss_anon")),
        ebpf.alu("add", R0, R1),
        ebpf.store(8, RECORD, at("resident"), R0),
        # One that exits meanwhile leaves a memory that may already be another's.
        ebpf.load(8, R0, R6, offsets["task_struct.mm"]),
        ebpf.jump_if(R0, "==", R7, "write"),
        Label("no-memory"),
        *zero(*MEMORY),
        ebpf.jump("write"),
    ]


def _counters(layout: Layout) -> Code:
    """What an mm's counters hold themselves. The verifier before 6.2 follows no array of atomics."""
    first = layout.offsets["mm_struct.rss_stat.count"]
    if layout.counter_size == 8:
        return [
            *within(R1, at(RSS[0])),
            ebpf.alu_imm("mov", R2, 8 * len(RSS)),
            ebpf.alu("mov", R3, R7),
            ebpf.alu_imm("add", R3, first),
            ebpf.call(PROBE_READ),
        ]
    code: list[Insn | Label] = []
    for number, word in enumerate(RSS):
        code += [
            ebpf.load(8, R0, R7, first + layout.counter_size * number),
            ebpf.store(8, RECORD, at(word), R0),
        ]
    return code


def _percpu(layout: Layout, distances: Sequence[int]) -> Code:
    """Add what each CPU has not yet handed in, as /proc does since 6.16: up to megabytes per process."""
    counters = layout.offsets["mm_struct.rss_stat.counters"]
    last = counters + layout.counter_size * (len(RSS) - 1)
    code: list[Insn | Label] = [
        ebpf.load(8, R8, R7, counters),
        ebpf.load(8, R0, R7, last),
        ebpf.alu("sub", R0, R8),
        ebpf.jump_if_imm(R0, "!=", PERCPU * (len(RSS) - 1), "summed"),
    ]
    for distance in distances:
        code += [
            *ebpf.load_imm64(R3, distance),
            ebpf.alu("add", R3, R8),
            *stack(R1, SCRATCH),
            ebpf.alu_imm("mov", R2, PERCPU * len(RSS)),
            ebpf.call(PROBE_READ),
        ]
        for number, word in enumerate(RSS):
            code += [
                ebpf.load(4, R1, FP, SCRATCH + PERCPU * number),
                ebpf.alu_imm("lsh", R1, 32),
                ebpf.alu_imm("arsh", R1, 32),
                ebpf.load(8, R2, RECORD, at(word)),
                ebpf.alu("add", R2, R1),
                ebpf.store(8, RECORD, at(word), R2),
            ]
    return [*code, Label("summed"), *clear(R0, R1, R2, R3, R4, R5, R8)]
