"""The task table from the kernel itself: a program run for every thread, its records read like a file.

A BPF task iterator (since 5.8) needs BTF, and CAP_BPF and CAP_PERFMON, or root. Nothing of it is left when
its descriptors are closed, and the kernel closes those of a process that dies.
"""

from __future__ import annotations

import os
import time
from array import array
from types import TracebackType
from typing import Self

from jinmaek import procfile
from jinmaek.root import Root
from jinmaek.tasks import bpf_calls, bpf_layout, btf
from jinmaek.tasks.bpf_calls import Unavailable
from jinmaek.tasks.bpf_columns import Names, Records
from jinmaek.tasks.bpf_percpu import distances
from jinmaek.tasks.bpf_program import program
from jinmaek.tasks.bpf_scan import assemble
from jinmaek.tasks.table import Scan

__all__ = ["TaskIterator", "Unavailable"]

INITIAL_PID_NAMESPACE = "pid:[4026531836]"


class TaskIterator:
    """The loaded program and its link; each ``read`` is one pass over all threads."""

    __slots__ = ("_handles", "_missing", "_names", "_spare")

    def __init__(self) -> None:
        """Find the kernel's types, load and attach. Raises ``Unavailable``, and then nothing is left."""
        self._handles: list[int] = []
        self._names = Names()
        self._spare: list[array[int]] = []
        _same_pids()
        layout = _layout()
        absent = bpf_layout.ABSENT.items()
        self._missing = frozenset(name for name, member in absent if member not in layout.offsets)
        code = program(layout, distances(layout, _possible_cpus()), _boottime_offset())
        self._handles.extend(bpf_calls.attach(layout.function, code))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Detach and unload; a second time does nothing."""
        while self._handles:
            os.close(self._handles.pop())

    def read(self) -> Records:
        """One record for each thread, by thread id."""
        if not self._handles:
            raise ValueError("read of a closed task iterator")
        words = self._spare.pop() if self._spare else array("q")
        return Records(words, bpf_calls.run(self._handles[1], words), self._names, self._missing, self._spare)

    def scan(self, root: Root, *, details: bool, threads: bool = False) -> Scan:
        """All tasks of the live machine; ``root`` is where wchan is read. Same columns as ``procfs.scan``.

        Memory by kind costs nothing here, so ``details`` only decides whether it is shown.
        """
        began = time.process_time()
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        return assemble(root, self.read(), now, began, details=details, threads=threads)

    def hidden(self, root: Root) -> list[int]:
        """Processes /proc shows and the iterator does not: a guarded host may keep some from it.

        Their figures, and those of their threads, are in no scan.
        """
        listed = {int(name) for name in os.listdir(root.path("proc")) if name.isdigit()}
        # What exited in between is not hidden.
        return sorted(
            pid
            for pid in listed.difference(self.read().array("pid"))
            if os.path.exists(root.path(f"proc/{pid}"))
        )


def _layout() -> bpf_layout.Layout:
    try:
        return bpf_layout.remembered()
    except OSError as error:
        raise Unavailable(f"{bpf_layout.BTF}: {os.strerror(error.errno or 0)}") from None
    except btf.Malformed as fault:
        raise Unavailable(f"{bpf_layout.BTF}: {fault}") from None
    except LookupError as missing:
        raise Unavailable(f"this kernel has no {missing.args[0]}") from None


def _same_pids() -> None:
    """The iterator tells the machine's own pids: in a pid namespace they would be other tasks' pids."""
    try:
        outermost = os.readlink("/proc/self/ns/pid") == INITIAL_PID_NAMESPACE
        same = os.readlink("/proc/self") == str(os.getpid())
    except OSError as error:
        raise Unavailable(f"/proc/self: {os.strerror(error.errno or 0)}") from None
    if not (outermost and same):
        raise Unavailable("inside a pid namespace")


def _possible_cpus() -> int:
    """One more than the highest number a CPU can have here; 0 where that is not told."""
    try:
        last = procfile.read("/sys/devices/system/cpu/possible").strip().rpartition(",")[2].rpartition("-")[2]
    except procfile.Unreadable:
        return 0
    return int(last) + 1 if last.isdigit() and last.isascii() else 0


def _boottime_offset() -> int:
    """What this time namespace adds to boottime, nanoseconds (since 5.5; /proc shows start times with it)."""
    try:
        lines = [line.split() for line in procfile.read("/proc/self/timens_offsets").split("\n")]
    except procfile.Unreadable:
        return 0
    given = [(int(words[1]), int(words[2])) for words in lines if len(words) == 3 and words[0] == "boottime"]
    return sum(seconds * 1_000_000_000 + rest for seconds, rest in given)
