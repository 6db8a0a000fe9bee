"""The task program as it is made for other kernels: well-formed, and run over a task laid out as theirs."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.tasks.ebpf_checker import Fault, check
from tests.tasks.ebpf_machine import Memory, run

from jinmaek.tasks import bpf_layout, bpf_percpu, bpf_process, bpf_walk, ebpf
from jinmaek.tasks.bpf_layout import EITHER, EVERY_THREAD, REQUIRED, Layout
from jinmaek.tasks.bpf_program import program
from jinmaek.tasks.bpf_record import NAME, NAME_AT, OF_PROCESS, RSS, SIZE, WORDS
from jinmaek.tasks.bpf_record import stack as ebpf_stack
from jinmaek.tasks.ebpf import FP, R0, R1, R2, R3, R6, Insn, Label, assemble

FOLDER = Path(__file__).parent / "layouts"
LAYOUTS = {path.stem: Layout(**json.loads(path.read_text())) for path in sorted(FOLDER.glob("*.json"))}
PLAIN = [name for name, layout in LAYOUTS.items() if layout.counter_size == 8]
SIDE_BY_SIDE = [name for name, layout in LAYOUTS.items() if layout.together]
WALKED = [name for name, layout in LAYOUTS.items() if layout.open_coded]
MAP = 7
"""A descriptor."""
NEWER = {0x62, 0x6A, 0x72, 0x7A, 0x45}
"""Instructions llvm-mc did not know from the start: stores of a number, and the jump that tests bits."""
KTHREAD, WORKER = 0x00200000, 0x20
CPUS = 3

every = pytest.mark.parametrize("kernel", LAYOUTS)


class Kernel:
    """A kernel's memory, its structs where one layout says; what is not given is 0."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.memory = Memory()

    def struct(self, name: str, *, four: dict[str, int] | None = None, **eight: int) -> int:
        """The address of a new one. ``four`` are members of 32 bits; ``__`` in the others' names is a dot."""
        address = self.memory.piece(1 << 14)
        self.put(address, name, 4, four or {})
        self.put(address, name, 8, {member.replace("__", "."): value for member, value in eight.items()})
        return address

    def put(self, address: int, name: str, size: int, members: dict[str, int]) -> None:
        for member, value in members.items():
            offset = self.layout.offsets.get(f"{name}.{member}")
            if offset is not None:
                self.memory.write(address + offset, value.to_bytes(size, "little", signed=value < 0))

    def look(self, task: int, distances: tuple[int, ...] = (), offset: int = 0) -> dict[str, int]:
        """The words of a task's record."""
        return dict(
            zip(
                WORDS,
                struct.unpack_from(f"<{len(WORDS)}q", self.record(task, distances, offset)),
                strict=True,
            )
        )

    def comm(self, task: int) -> str:
        """Its name, and of a kernel worker what it does (+) or last did (-)."""
        told = self.record(task)[NAME_AT:]
        name, work = (part.split(b"\0", 1)[0].decode() for part in (told[:NAME], told[NAME:-1]))
        return f"{name}{'+' if told[-1] else '-'}{work}" if work else name

    def record(self, task: int, distances: tuple[int, ...] = (), offset: int = 0) -> bytes:
        meta = self.struct("bpf_iter_meta", seq=self.memory.piece(8))
        context = self.struct("bpf_iter__task", meta=meta, task=task)
        (record,) = run(program(self.layout, distances, offset), self.memory, context)
        assert len(record) == SIZE
        return record

    def walk(self, tasks: list[int], room: int) -> tuple[int, int, bytes]:
        """How many records were written and how many were not, and the memory they are in."""
        array = self.memory.piece(bpf_walk.HEAD + room * SIZE)
        self.memory.write(array + bpf_walk.HEAD, b"\xff" * room * SIZE)
        code = bpf_walk.program(self.layout, (), 0, MAP, room)
        assert run(code, self.memory, 0, kernel=named(self.layout), tasks=tasks, array=array) == []
        head = self.memory.read(array, bpf_walk.HEAD)
        written, missed = struct.unpack_from("<QQ", head)
        return written, missed, self.memory.read(array + bpf_walk.HEAD, room * SIZE)

    def counters(self, values: tuple[int, ...]) -> int:
        """An mm_struct of 10,000 pages whose counters hold these; their parts by CPU are nowhere."""
        mm = self.struct("mm_struct", total_vm=10_000)
        for number, value in enumerate(values):
            at = mm + self.layout.offsets["mm_struct.rss_stat.count"] + self.layout.counter_size * number
            self.memory.write(at, value.to_bytes(8, "little", signed=True))
        return mm

    def parts(self, mm: int, common: int) -> None:
        """Give an mm's counters the common address of their parts by CPU, side by side."""
        for number in range(len(RSS)):
            at = self.layout.offsets["mm_struct.rss_stat.counters"] + self.layout.counter_size * number
            self.memory.write(mm + at, (common + 4 * number).to_bytes(8, "little"))

    def task(self, *, four: dict[str, int] | None = None, comm: bytes = b"", **eight: int) -> int:
        numbers = {"pid": 70, "tgid": 70, "prio": 127, "static_prio": 127} | (four or {})
        task = self.struct("task_struct", four=numbers, **eight)
        self.memory.write(task + self.layout.offsets["task_struct.comm"], comm.ljust(16, b"\0"))
        return task


def named(layout: Layout) -> dict[int, str]:
    """The kernel's functions by their BTF ids."""
    return {number: name for name, number in layout.open_coded.items() if name != EVERY_THREAD}


@every
def test_a_process_is_told_member_by_member(kernel: str) -> None:
    layout = LAYOUTS[kernel]
    host = Kernel(layout)
    driver = host.struct("tty_driver", four={"major": 136, "minor_start": 256})
    tty = host.struct("tty_struct", four={"index": 44}, driver=driver)
    signal = host.struct(
        "signal_struct",
        four={"nr_threads": 3},
        tty=tty, utime=5_000_000_000, stime=1_000_000_000, sum_sched_runtime=6_600_000_000,
        cutime=41, cstime=42, min_flt=1000, maj_flt=10,
    )  # fmt: skip
    kn = host.struct("kernfs_node", id=4711)
    css = host.struct("css_set", dfl_cgrp=host.struct("cgroup", kn=kn))
    task = host.task(
        four={
            "tgid": 70, "flags": 0x400000, "rt_priority": 3, "policy": 1, "prio": 96, "static_prio": 115,
            "thread_info.cpu": 5, "cpu": 5, "__state": 1, "state": 1,
        },
        comm=b"exactly 15 byte",
        utime=4_000_000_000, stime=2_000_000_000, se__sum_exec_runtime=6_400_000_000,
        min_flt=500, maj_flt=5, sched_info__run_delay=77, ioac__read_bytes=4096, ioac__write_bytes=8192,
        start_boottime=12_345_678_901,
        real_parent=host.struct("task_struct", four={"pid": 9, "tgid": 7}),
        real_cred=host.struct("cred", four={"euid.val": 1000}),
        signal=signal, cgroups=css, mm=host.counters((11, 22, 33, 44)),
    )  # fmt: skip
    # Its neighbours in the byte are not told.
    at = task + layout.offsets["task_struct.in_iowait"]
    host.memory.write(at, bytes([0xFF ^ (1 << layout.iowait_bit)]))
    told = host.look(task, offset=100_000_000_000)
    page = 1 << bpf_process.PAGE_SHIFT
    expected = {
        "pid": 70, "tgid": 70, "leads": 1, "ppid": 7, "start_ticks": 11_234, "state": ord("S"),
        "flags": 0x400000, "rt_priority": 3, "policy": 1, "priority": -4, "nice": -5, "processor": 5,
        "in_iowait": 0, "own_utime": 4_000_000_000, "own_stime": 2_000_000_000, "run_ns": 6_400_000_000,
        "own_minflt": 500, "own_majflt": 5, "run_delay": 77, "read_bytes": 4096, "write_bytes": 8192,
        "cgroup_id": 4711, "uid": 1000, "num_threads": 3, "sum_utime": 9_000_000_000,
        "sum_stime": 3_000_000_000, "sum_run_ns": 13_000_000_000, "minflt": 1500, "majflt": 15,
        "cutime": 41, "cstime": 42, "tty_nr": 34_860 | 1 << 20, "has_mm": 1, "vsize": 10_000 * page,
        "rss_file": 11 * page, "rss_anon": 22 * page, "vm_swap": 33 * page, "rss_shmem": 44 * page,
        "shared": 55 * page, "resident": 77 * page,
    }  # fmt: skip
    assert {word: told[word] for word in expected} == expected
    # The run time, parted as the ticks were: 9 to 3.
    assert (told["utime"], told["stime"]) == pytest.approx((9_750_000_000, 3_250_000_000), abs=10)
    assert host.comm(task) == "exactly 15 byte"
    host.memory.write(at, bytes([1 << layout.iowait_bit]))
    assert host.look(task)["in_iowait"] == 1
    assert host.look(task)["start_ticks"] == 1234


@every
def test_a_thread_leaves_its_process_to_the_leader(kernel: str) -> None:
    host = Kernel(LAYOUTS[kernel])
    signal = host.struct("signal_struct", four={"nr_threads": 3}, utime=5)
    told = host.look(host.task(four={"tgid": 69}, signal=signal, mm=host.counters((1, 2, 3, 4))))
    assert not any(told[word] for word in OF_PROCESS)
    assert (told["pid"], told["leads"], told["state"]) == (70, 0, ord("R"))


@every
@pytest.mark.parametrize(
    ("state", "exited", "letter"),
    [
        (0, 0, "R"), (1, 0, "S"), (2, 0, "D"), (0x102, 0, "D"), (0x402, 0, "I"), (4, 0, "T"), (8, 0, "t"),
        (0x80, 0x20, "Z"), (0x80, 0x10, "X"), (0x40, 0, "P"), (0x1000, 0, "D"), (0x8000, 0, "D"),
    ],
)  # fmt: skip
def test_the_letter_of_a_state(kernel: str, state: int, exited: int, letter: str) -> None:
    host = Kernel(LAYOUTS[kernel])
    told = host.look(host.task(four={"__state": state, "state": state, "exit_state": exited}))
    assert chr(told["state"]) == letter


@every
@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("pooled", [False, True])
def test_kernel_threads_are_named_as_this_kernel_does(kernel: str, busy: bool, pooled: bool) -> None:
    layout = LAYOUTS[kernel]
    host = Kernel(layout)
    full = host.memory.piece(64)
    host.memory.write(full, b"rcu_tasks_trace_kthread\0")
    worker = host.struct("worker", pool=1 if pooled else 0, current_work=1 if busy else 0)
    host.memory.write(worker + layout.offsets["worker.desc"], b"events_unbound\0")
    kthread = host.struct("kthread", full_name=full, data=worker)
    home = "worker_private" if "task_struct.worker_private" in layout.offsets else "set_child_tid"

    def told(flags: int, at: int) -> str:
        comm = b"rcu_tasks_trace"
        return host.comm(host.task(four={"flags": flags}, comm=comm, **{home: at}))

    long = "rcu_tasks_trace_kthread"
    work = ("+" if busy else "-") + "events_unbound" if pooled else ""
    assert told(0, kthread) == "rcu_tasks_trace"
    assert told(KTHREAD, kthread) == (long if "kthread.full_name" in layout.offsets else "rcu_tasks_trace")
    assert told(KTHREAD, 0) == "rcu_tasks_trace"
    assert told(KTHREAD | WORKER, kthread) == (long if layout.formatted else "rcu_tasks_trace") + work


@pytest.mark.parametrize("kernel", PLAIN)
def test_an_array_of_atomics_is_copied_by_a_helper(kernel: str) -> None:
    """Before 6.2: the verifier of 6.1 says of a load that atomic_long_t is not a struct."""
    host = Kernel(LAYOUTS[kernel])
    mm = host.counters((1, 2, 3, 4))
    assert host.look(host.task(signal=host.struct("signal_struct"), mm=mm))["has_mm"] == 1
    assert (mm + host.layout.offsets["mm_struct.rss_stat.count"], 32) in host.memory.probed


@pytest.mark.parametrize("kernel", SIDE_BY_SIDE)
def test_each_cpus_share_of_a_counter_is_added(kernel: str) -> None:
    host = Kernel(LAYOUTS[kernel])
    mm = host.counters((100, 200, 300, 400))
    areas = [host.memory.piece(1 << 12) for _ in range(CPUS)]
    common = 0x5_1230
    distances = tuple((area - common) % (1 << 64) for area in areas)
    for cpu, area in enumerate(areas):
        host.memory.write(area, struct.pack("<4i", cpu, -10 * cpu, 5, -300))
    task = host.task(signal=host.struct("signal_struct"), mm=mm)
    page = 1 << bpf_process.PAGE_SHIFT

    def pages() -> list[int]:
        told = host.look(task, distances)
        return [told[word] // page for word in (*RSS, "resident")]

    # Elsewhere than side by side they stay out of the sum.
    assert pages() == [100, 200, 300, 400, 700]
    host.parts(mm, common)
    # What would be below zero is 0, as in /proc.
    assert pages() == [103, 170, 315, 0, 273]
    assert host.look(task)["rss_shmem"] == 400 * page


@every
def test_a_memory_is_told_only_of_who_owns_it(kernel: str) -> None:
    """A kernel thread may borrow one, and one that exits leaves its own, perhaps to others."""
    host = Kernel(LAYOUTS[kernel])
    signal = host.struct("signal_struct", four={"nr_threads": 1})
    kernel_thread = host.task(four={"flags": KTHREAD}, signal=signal, mm=host.counters((1, 2, 3, 4)))
    leaving = host.task(signal=signal, mm=host.counters((1, 2, 3, 4)))
    host.memory.once = leaving + host.layout.offsets["task_struct.mm"]
    for task in (kernel_thread, host.task(signal=signal), leaving):
        told = host.look(task)
        assert not any(told[word] for word in bpf_process.MEMORY)
        assert told["num_threads"] == 1


@every
@pytest.mark.parametrize("cpus", [0, 1, 2, 512])
def test_the_program_is_well_formed(kernel: str, cpus: int) -> None:
    layout = LAYOUTS[kernel]
    distances = tuple(range(1 << 62, (1 << 62) + cpus)) if layout.together else ()
    count = check(program(layout, distances, -3_000_000_000))
    assert count < 500 + 40 * len(distances)


@pytest.mark.parametrize("kernel", WALKED)
@pytest.mark.parametrize("cpus", [0, 1, 2, 512])
def test_the_program_that_walks_is_well_formed(kernel: str, cpus: int) -> None:
    layout = LAYOUTS[kernel]
    distances = tuple(range(1 << 62, (1 << 62) + cpus))
    for room in (1, 5000, 40_000):
        code = bpf_walk.program(layout, distances, 12, MAP, room)
        size = bpf_walk.HEAD + room * SIZE
        count = check(code, named(layout), size)
        # The way back to the next task is a jump of 16 bits.
        assert count < 600 + 40 * len(distances) < 1 << 15
        with pytest.raises(Fault, match="of the map"):
            check(code, named(layout), size - 1)


@pytest.mark.parametrize("kernel", WALKED)
def test_what_walks_writes_what_the_iterator_would(kernel: str) -> None:
    host = Kernel(LAYOUTS[kernel])
    signal = host.struct("signal_struct", four={"nr_threads": 3}, utime=5)
    tasks = [
        host.task(four={"pid": 0, "tgid": 0}),
        host.task(signal=signal, comm=b"leader", mm=host.counters((1, 2, 3, 4))),
        host.task(four={"pid": 71}, comm=b"thread", signal=signal),
        host.task(four={"pid": 9, "tgid": 9, "flags": KTHREAD}, comm=b"kernel"),
        host.task(four={"pid": 8, "tgid": 8, "flags": KTHREAD}, signal=signal, comm=b"kernel too"),
    ]
    records = b"".join(host.record(task) for task in tasks[1:])
    # Nothing of what the memory held before is left.
    assert host.walk(tasks, 5) == (4, 0, records + b"\xff" * SIZE)
    assert host.walk(tasks, 4) == (4, 0, records)
    assert host.walk(tasks, 1) == (1, 3, records[:SIZE])
    assert host.walk([], 1) == (0, 0, b"\xff" * SIZE)


@every
def test_a_kernel_with_only_what_is_needed_has_a_program_too(kernel: str) -> None:
    layout = LAYOUTS[kernel]
    named = {*REQUIRED, *(name for names in EITHER for name in names)}
    bare = replace(layout, offsets={name: at for name, at in layout.offsets.items() if name in named})
    check(program(bare, (), 0))
    host = Kernel(bare)
    told = host.look(host.task(signal=host.struct("signal_struct", four={"nr_threads": 1})))
    assert (told["pid"], told["num_threads"], told["cgroup_id"], told["run_delay"]) == (70, 1, 0, 0)


@pytest.mark.parametrize("kernel", SIDE_BY_SIDE)
def test_the_program_of_distances_is_well_formed(kernel: str) -> None:
    check(assemble(bpf_percpu._program(LAYOUTS[kernel], 7, 512)))


@every
def test_a_recorded_layout_would_be_read_back(kernel: str) -> None:
    assert bpf_layout._sound(LAYOUTS[kernel])


LOOSE: list[tuple[str, list[Insn | Label]]] = [
    ("leads to", [ebpf.alu_imm("mov", R0, 0)]),
    ("r0 is not set", [ebpf.leave()]),
    ("r6 is not set", [ebpf.alu("mov", R0, R6), ebpf.leave()]),
    ("r10 is written", [ebpf.alu_imm("mov", FP, 0), ebpf.leave()]),
    ("of the stack", [ebpf.store_imm(8, FP, -520, 0), ebpf.leave()]),
    ("of the stack", [ebpf.store_imm(8, FP, 0, 0), ebpf.leave()]),
    ("8 bytes at -12", [ebpf.store_imm(8, FP, -12, 0), ebpf.leave()]),
    ("nothing wrote", [ebpf.load(8, R0, FP, -8), ebpf.leave()]),
    ("no place on the stack", [ebpf.store(8, R1, 0, R1), ebpf.leave()]),
    ("never reached", [ebpf.jump("on"), ebpf.leave(), Label("on"), ebpf.alu_imm("mov", R0, 0), ebpf.leave()]),
    ("shifts by 64", [ebpf.alu_imm("mov", R0, 0), ebpf.alu_imm("lsh", R0, 64), ebpf.leave()]),
    ("helper 9999", [ebpf.call(9999), ebpf.leave()]),
    ("r2 is not set", [ebpf.call(113), ebpf.leave()]),
    ("a jump into a constant", [Insn(0x15, R1, off=1), *ebpf.load_imm64(R0, 1), ebpf.leave()]),
    (
        "r1 is not set",
        [
            *ebpf_stack(R1, -16),
            ebpf.alu_imm("mov", R2, 16),
            ebpf.alu_imm("mov", R3, 0),
            ebpf.call(113),
            ebpf.alu("mov", R0, R1),
            ebpf.leave(),
        ],
    ),
    (
        "of the stack",
        [
            *ebpf_stack(R1, -8),
            ebpf.alu_imm("mov", R2, 16),
            ebpf.alu_imm("mov", R3, 0),
            ebpf.call(113),
            ebpf.leave(),
        ],
    ),
    (
        "r0 is not set",
        [
            ebpf.jump_if_imm(R1, "==", 0, "end"),
            ebpf.alu_imm("mov", R0, 0),
            Label("end"),
            ebpf.leave(),
        ],
    ),
]  # fmt: skip


LOCK, UNLOCK, NEW, NEXT, DESTROY = range(1, 6)
NAMED = {
    LOCK: "bpf_rcu_read_lock", UNLOCK: "bpf_rcu_read_unlock", NEW: "bpf_iter_task_new",
    NEXT: "bpf_iter_task_next", DESTROY: "bpf_iter_task_destroy",
}  # fmt: skip
BEGIN = [
    ebpf.call_kernel(LOCK),
    *ebpf_stack(R1, -24),
    ebpf.alu_imm("mov", R2, 0),
    ebpf.alu_imm("mov", R3, 1),
    ebpf.call_kernel(NEW),
]
END = [
    *ebpf_stack(R1, -24), ebpf.call_kernel(DESTROY), ebpf.call_kernel(UNLOCK),
    ebpf.alu_imm("mov", R0, 0), ebpf.leave(),
]  # fmt: skip
ITERATED: list[tuple[str, list[Insn | Label]]] = [
    ("function 9", [ebpf.call_kernel(9), ebpf.leave()]),
    ("without the lock", BEGIN[1:]),
    ("leaves with", [*BEGIN, ebpf.alu_imm("mov", R0, 0), ebpf.leave()]),
    ("unlock here", [*BEGIN, ebpf.call_kernel(UNLOCK), *END]),
    ("touches the iterator", [*BEGIN, ebpf.store_imm(8, FP, -16, 0), *END]),
    ("no iterator there", [*BEGIN, *ebpf_stack(R1, -32), ebpf.call_kernel(NEXT), *END]),
    ("r6 is not set", [*BEGIN, Label("on"), ebpf.alu("mov", R0, R6), ebpf.jump("on")]),
    (
        "the next turn knows less",
        [
            *BEGIN,
            ebpf.alu_imm("mov", R6, 0),
            Label("on"),
            *ebpf_stack(R1, -24),
            ebpf.call_kernel(NEXT),
            ebpf.alu_imm("add", R6, 1),
            ebpf.jump_if_imm(R0, "!=", 0, "on"),
            *END,
        ],
    ),
    ("8 bytes at 57 of the map", [*ebpf.load_map_value(R1, MAP, 57), ebpf.load(8, R0, R1, 0), *END]),
    (
        "in memory that is not known",
        [*ebpf.load_map_value(R1, MAP, 0), ebpf.load(8, R0, R1, 0), ebpf.alu("add", R1, R0), *END],
    ),
    (
        "on one way only",
        [
            *ebpf.load_map_value(R1, MAP, 0),
            ebpf.load(8, R0, R1, 0),
            ebpf.jump_if_imm(R0, "==", 0, "end"),
            ebpf.call_kernel(LOCK),
            Label("end"),
            *END,
        ],
    ),
]


@pytest.mark.parametrize(("why", "code"), ITERATED)
def test_the_check_refuses_a_loop_the_kernel_would(why: str, code: list[Insn | Label]) -> None:
    with pytest.raises(Fault, match=why):
        check(assemble(code), NAMED, 64)
    check(assemble([*BEGIN, *END]), NAMED, 64)


@pytest.mark.parametrize(("why", "code"), LOOSE)
def test_the_check_refuses_what_the_kernel_would(why: str, code: list[Insn | Label]) -> None:
    with pytest.raises(Fault, match=why):
        check(assemble(code))


@every
def test_the_check_sees_a_lost_instruction(kernel: str) -> None:
    code = program(LAYOUTS[kernel], (), 0)
    chance = random.Random(kernel)
    refused = 0
    for _ in range(40):
        at = 8 * chance.randrange(len(code) // 8)
        try:
            check(code[:at] + code[at + 8 :])
        except Fault:
            refused += 1
    assert refused > 5


@pytest.mark.skipif(not shutil.which("llvm-mc"), reason="llvm-mc is not installed here")
@every
def test_llvm_reads_the_same_instructions(kernel: str) -> None:
    """What llvm-mc makes of the bytes, as assembly, is these bytes again."""
    layout = LAYOUTS[kernel]
    code = program(layout, tuple(range(1 << 62, (1 << 62) + CPUS)) if layout.together else (), 12)
    code = b"".join(code[at : at + 8] for at in range(0, len(code), 8) if code[at] not in NEWER)
    listing = _llvm("--disassemble", " ".join(f"0x{byte:02x}" for byte in code))
    again = _llvm("--show-encoding", listing)
    found = [
        line.partition("encoding: [")[2].rstrip("]") for line in again.splitlines() if "encoding" in line
    ]
    assert bytes(int(byte, 16) for line in found for byte in line.split(",")) == code


def _llvm(option: str, given: str) -> str:
    words = ["llvm-mc", "--arch=bpfel", "--mattr=+alu32", option]
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:500]
    assert not done.stderr, done.stderr[:500]
    return done.stdout
