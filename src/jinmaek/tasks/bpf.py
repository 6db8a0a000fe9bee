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
from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.tasks import bpf_calls, bpf_layout, btf
from jinmaek.tasks.beside import MOST, Beside
from jinmaek.tasks.bpf_calls import Unavailable
from jinmaek.tasks.bpf_percpu import distances
from jinmaek.tasks.bpf_program import program
from jinmaek.tasks.bpf_records import Names, Records
from jinmaek.tasks.bpf_scan import assemble
from jinmaek.tasks.table import Changes, Scan

__all__ = ["TaskIterator", "Unavailable"]

INITIAL_PID_NAMESPACE = "pid:[4026531836]"
INITIAL_TIME_NAMESPACE = "time:[4026531834]"


class TaskIterator:
    """The loaded program and its link; each ``read`` is one pass over all threads."""

    __slots__ = ("_beside", "_handles", "_last", "_missing", "_names", "_root", "_spare")

    def __init__(self, root: Root = LIVE) -> None:
        """Find the kernel's types, load and attach. Raises ``Unavailable``, and then nothing is left.

        ``root`` is where wchan, and processes the iterator does not show, are read.
        """
        self._handles: list[int] = []
        self._last: tuple[float, Records] | None = None
        self._root = root
        self._names = Names()
        self._spare: list[array[int]] = []
        _same_pids()
        layout = _layout()
        absent = bpf_layout.ABSENT.items()
        self._missing = frozenset(name for name, member in absent if member not in layout.offsets)
        code = program(layout, distances(layout, _possible_cpus()), _boottime_offset())
        self._handles.extend(bpf_calls.attach(layout.function, code))
        self._beside = Beside(root, lambda: self.read().array("pid"))
        if len(self._beside.pids) > MOST:
            self.close()
            raise Unavailable(f"the iterator hides {len(self._beside.pids)} processes")

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

    @property
    def hidden(self) -> tuple[int, ...]:
        """Processes /proc shows and the iterator does not: a guarded host may keep some from it."""
        return tuple(self._beside.pids)

    def scan(self, *, details: bool, usage: bool = False, threads: bool = False) -> Scan:
        """All tasks of the live machine, the hidden ones from /proc. Same columns as ``procfs.scan``.

        Memory by kind and usage cost nothing here but for the hidden; only the former is left out unasked.
        """
        began = time.process_time()
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        records = self.read()
        gaps: dict[str, Gap] = {}
        others = self._beside.read(len(records), gaps, details=details, usage=usage, threads=threads)
        changes = self._last and _changes(records, *self._last)
        self._last = now, records
        return assemble(
            self._root,
            records,
            others,
            gaps,
            now,
            began,
            details=details,
            threads=threads,
            changes=changes,
        )


def _changes(records: Records, since: float, earlier: Records) -> Changes:
    return Changes(since, lambda: records.changed(earlier))


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
    """What this time namespace adds to boottime (since 5.5), nanoseconds; /proc adds it too since 5.11.

    The kernel tells what it adds for children, and that is another amount after unshare(2).
    """
    try:
        own, later = (os.readlink(f"/proc/self/ns/{name}") for name in ("time", "time_for_children"))
    except OSError:
        return 0
    if own == INITIAL_TIME_NAMESPACE:
        return 0
    if own != later:
        raise Unavailable("in another time namespace than its children")
    try:
        lines = [line.split() for line in procfile.read("/proc/self/timens_offsets").split("\n")]
    except procfile.Unreadable:
        return 0
    given = [(int(words[1]), int(words[2])) for words in lines if len(words) == 3 and words[0] == "boottime"]
    return sum(seconds * 1_000_000_000 + rest for seconds, rest in given)
