"""The task table from the kernel itself: a program run for every thread writes a record of each.

A BPF task iterator (since 5.8; since 6.7 an open-coded one, at half the cost) needs BTF, and CAP_BPF and
CAP_PERFMON, or root. Nothing of it is left when its descriptors are closed, and the kernel closes those of a
process that dies.
"""

from __future__ import annotations

import os
import time
from array import array
from functools import partial
from types import TracebackType
from typing import Self

from jinmaek import procfile
from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.tasks import bpf_layout, bpf_program, bpf_walk, btf
from jinmaek.tasks.beside import MOST, Beside, threads_counted
from jinmaek.tasks.bpf_calls import Unavailable
from jinmaek.tasks.bpf_passes import FEWEST, OpenCoded, SeqFile
from jinmaek.tasks.bpf_percpu import distances
from jinmaek.tasks.bpf_records import Names, Records
from jinmaek.tasks.bpf_scan import assemble
from jinmaek.tasks.table import Changes, Scan

__all__ = ["TaskIterator", "Unavailable"]

INITIAL_PID_NAMESPACE = "pid:[4026531836]"
INITIAL_TIME_NAMESPACE = "time:[4026531834]"


class TaskIterator:
    """The loaded program; each ``read`` is one pass over all threads."""

    __slots__ = ("_attached", "_beside", "_last", "_missing", "_names", "_pass", "_root", "_spare")

    def __init__(self, root: Root = LIVE, *, open_coded: bool = True) -> None:
        """Find the kernel's types, load and attach. Raises ``Unavailable``, and then nothing is left.

        ``root`` is where wchan, and processes the iterator does not show, are read. Without ``open_coded``
        the iterator is the older one, as it is where the kernel has no other.
        """
        self._pass: OpenCoded | SeqFile | None = None
        self._last: tuple[float, Records] | None = None
        self._root = root
        self._names = Names()
        self._spare: list[array[int]] = []
        _same_pids()
        layout = _layout()
        absent = bpf_layout.ABSENT.items()
        self._missing = frozenset(name for name, member in absent if member not in layout.offsets)
        apart, boottime = distances(layout, _possible_cpus()), _boottime_offset()
        self._attached = partial(_attached, layout, apart, boottime)
        walked = _walked(layout, apart, boottime, root) if open_coded else None
        self._pass = walked or self._attached()
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
        if self._pass is not None:
            self._pass.close()
            self._pass = None

    @property
    def open_coded(self) -> bool:
        """Whether the program walks the list of tasks itself."""
        return isinstance(self._pass, OpenCoded)

    def read(self) -> Records:
        """One record for each thread."""
        if self._pass is None:
            raise ValueError("read of a closed task iterator")
        words = self._spare.pop() if self._spare else array("q")
        try:
            count = self._pass.fill(words)
        except Unavailable:
            # More threads than may be walked in one go.
            self.close()
            self._pass = self._attached()
            count = self._pass.fill(words)
        earlier = self._last and self._last[1]
        return Records(words, count, self._names, self._missing, self._spare, earlier)

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


def _walked(
    layout: bpf_layout.Layout, apart: tuple[int, ...], boottime_offset: int, root: Root
) -> OpenCoded | None:
    """None where this kernel, or so many threads, leave only the older iterator."""
    if not layout.open_coded:
        return None
    try:
        return OpenCoded(
            lambda memory, room: bpf_walk.program(layout, apart, boottime_offset, memory, room),
            threads_counted(root) or FEWEST,
        )
    except Unavailable:
        return None


def _attached(layout: bpf_layout.Layout, apart: tuple[int, ...], boottime_offset: int) -> SeqFile:
    return SeqFile(layout.function, bpf_program.program(layout, apart, boottime_offset))


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
