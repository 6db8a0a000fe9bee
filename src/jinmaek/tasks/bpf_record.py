"""One thread as the kernel's program writes it and as this process reads it: 64-bit words, then names.

A record is the words in the order of ``WORDS``, a name, and what a kernel worker is busy with. Threads
that do not lead their process leave the words about the process 0.
"""

from __future__ import annotations

from jinmaek.kernel.stat import CLK_TCK
from jinmaek.tasks import ebpf
from jinmaek.tasks.bpf_layout import Layout
from jinmaek.tasks.ebpf import FP, R0, R1, R2, R3, R9, Code

OF_THREAD = (
    "pid", "tgid", "leads", "ppid", "start_ticks", "state", "flags", "own_utime", "own_stime", "run_ns",
    "own_prev_utime", "own_prev_stime", "own_minflt", "own_majflt", "priority", "nice", "rt_priority",
    "policy", "processor", "in_iowait", "run_delay", "own_read_bytes", "own_write_bytes", "cgroup_id", "uid",
)  # fmt: skip
OF_PROCESS = (
    "num_threads", "sum_utime", "sum_stime", "sum_run_ns", "minflt", "majflt", "read_bytes", "write_bytes",
    "prev_utime", "prev_stime", "utime", "stime", "cutime", "cstime", "tty_nr",
    "has_mm", "vsize", "resident", "shared", "rss_file", "rss_anon", "vm_swap", "rss_shmem",
)  # fmt: skip
"""``sum_``, faults and I/O are of the leader and the exited threads, ``prev_`` is what /proc last said,
``utime`` and ``stime`` are final where there is one thread."""
WORDS = OF_THREAD + OF_PROCESS
RSS = ("rss_file", "rss_anon", "vm_swap", "rss_shmem")
"""In the order of include/linux/mm_types_task.h since 4.5."""

NAME_AT = 8 * len(WORDS)
NAME = 48
DESC = 32
"""WORKER_DESC_LEN; its last byte, always NUL in the kernel, tells whether the worker is at work."""
SIZE = NAME_AT + NAME + DESC
RECORD = R9
"""The register that points to the record under way."""
SCRATCH = -16
"""Where on the stack a helper may put 16 bytes."""
COMM = 16

PROBE_READ, PROBE_READ_STR, SEQ_WRITE = 113, 115, 127
PF_KTHREAD = 0x00200000
PF_WQ_WORKER = 0x00000020
TICK_NS = 1_000_000_000 // CLK_TCK


def at(word: str) -> int:
    """Where a word lies in the record."""
    return 8 * WORDS.index(word)


def within(register: int, offset: int) -> Code:
    """The address of a place in the record."""
    return [ebpf.alu("mov", register, RECORD), ebpf.alu_imm("add", register, offset)]


def stack(register: int, offset: int) -> Code:
    return [ebpf.alu("mov", register, FP), ebpf.alu_imm("add", register, offset)]


def zero(*words: str) -> Code:
    """Words that nothing else is written to. Not all at first: a store to memory no cache holds is dear."""
    return [ebpf.store_imm(8, RECORD, at(word), 0) for word in words]


def clear(*registers: int) -> Code:
    """Where ways meet: what is left in registers must not tell which way it came.

    In a loop the verifier takes two states for one only if all registers agree, used or not (until 6.16).
    """
    return [ebpf.alu_imm("mov", register, 0) for register in registers]


def copy(layout: Layout, base: int, size: int, field: str, word: str) -> Code:
    """One member of what ``base`` points to, 0 if this kernel does not have it."""
    if field not in layout.offsets:
        return zero(word)
    return [ebpf.load(size, R0, base, layout.offsets[field]), ebpf.store(8, RECORD, at(word), R0)]


def probe(base: int, offset: int, size: int) -> Code:
    """Copy from an address no type is known of; zeros where nothing is mapped."""
    return [
        ebpf.alu("mov", R3, base),
        ebpf.alu_imm("add", R3, offset),
        *stack(R1, SCRATCH),
        ebpf.alu_imm("mov", R2, size),
        ebpf.call(PROBE_READ),
    ]
