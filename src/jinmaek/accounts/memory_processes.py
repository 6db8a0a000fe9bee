"""What every process holds of the host's memory: its proportional share, or bounds where it was not read.

smaps_rollup waits for the mmap_lock of its process, so it is read under a deadline, the largest processes
first, within a budget for all. Of a process that was not read, the resident set by kind counts: shared pages
are then counted for every process that maps them, and what is made of it is an upper bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_smaps_rollup, pid_status
from jinmaek.kernel.pid_smaps_rollup import PidSmapsRollup
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.model import Gap, Locked
from jinmaek.root import Root
from jinmaek.tasks.files import read as read_file
from jinmaek.tasks.guarded import Guard
from jinmaek.tasks.table import Scan, TaskTable

KTHREAD = 0x00200000
"""PF_KTHREAD of include/linux/sched.h: it has no memory of its own."""
SLICE = 64
"""Processes read between two signs of life."""
FILE = "smaps_rollup"

Progress = Callable[[int, int], None]
"""Processes done, and how many there are."""


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """One process, in bytes; None where it could not be read."""

    pid: int
    start_time: float
    name: str
    uid: int | None
    threads: int
    resident: int | None
    rss_anon: int | None
    rss_file: int | None
    rss_shmem: int | None
    swap: int | None
    """VmSwap: anonymous pages in swap, those shared after fork counted for each."""
    page_tables: int | None
    hugetlb: int | None
    """Huge pages of a pool that it maps, shared ones in full."""
    sums: PidSmapsRollup | None

    @property
    def anon(self) -> tuple[int | None, bool]:
        """Its share of anonymous memory, and whether that is exact or an upper bound."""
        sums = self.sums
        if sums is not None and sums.Pss_Anon is not None:
            return sums.Pss_Anon, True
        if sums is not None and self.rss_anon is not None:
            return min(self.rss_anon, sums.Pss), False
        return self.rss_anon, False

    @property
    def file(self) -> tuple[int | None, bool]:
        """The same of page cache it maps."""
        if self.sums is not None and self.sums.Pss_File is not None:
            return self.sums.Pss_File, True
        return self.rss_file, False

    @property
    def swap_share(self) -> tuple[int | None, bool]:
        """Its anonymous memory in swap: its share, or as an upper bound all slots it refers to."""
        if self.sums is not None and self.sums.SwapPss is not None:
            return self.sums.SwapPss, True
        # Who has nothing there has exactly nothing.
        return self.swap, self.swap == 0

    @property
    def shmem(self) -> tuple[int | None, bool]:
        """The same of tmpfs and shared memory it maps."""
        if self.sums is not None and self.sums.Pss_Shmem is not None:
            return self.sums.Pss_Shmem, True
        return self.rss_shmem, False


@dataclass(frozen=True, slots=True)
class Processes:
    """All processes that have memory, and why some could not be read."""

    all: tuple[ProcessMemory, ...]
    read: int
    """Of how many the proportional share is known."""
    unread: tuple[tuple[str, int], ...]
    """Why not of the others, by how many."""
    locked: tuple[Locked, ...]
    gaps: tuple[Gap, ...]

    @property
    def sum_rss(self) -> int | None:
        known = [one.resident for one in self.all if one.resident is not None]
        return sum(known) if len(known) == len(self.all) and known else None

    @property
    def pss_at_least(self) -> int | None:
        """None where none could be read."""
        return sum(one.sums.Pss for one in self.all if one.sums is not None) if self.read else None

    @property
    def sum_pss(self) -> int | None:
        """None where some could not be read."""
        return self.pss_at_least if self.read == len(self.all) and self.all else None


def read(root: Root, scan: Scan, budget: float, progress: Progress | None = None) -> Processes:
    """Read every process of a scan with details, for at most ``budget`` seconds under the locks."""
    tasks = scan.processes
    places = [i for i, flags in enumerate(tasks.flags) if not flags & KTHREAD and tasks.state[i] not in "ZX"]
    resident = tasks.resident
    # A process that is all in swap has no resident set.
    places.sort(key=lambda i: (resident[i] or 0) + (_at(tasks.vm_swap, i) or 0), reverse=True)
    sums: dict[int, PidSmapsRollup] = {}
    unread: dict[str, int] = {}
    locked: list[Locked] = []
    for i, told in _rollups(root, tasks, places, budget, progress):
        if isinstance(told, PidSmapsRollup):
            sums[i] = told
        elif told.kind != "gone":
            unread[told.kind] = unread.get(told.kind, 0) + 1
            if "mmap_lock" in told.detail:
                locked.append(Locked(tasks.pid[i], tasks.start_time[i], tasks.comm[i], told))
        else:
            unread["gone"] = unread.get("gone", 0) + 1
    found = [_process(root, tasks, i, sums.get(i)) for i in places]
    alive = [one for one in found if one is not None]
    unread.pop("gone", None)
    gaps = [Gap(kind, f"proc/PID/{FILE}", f"{count}") for kind, count in unread.items()]  # type: ignore[arg-type]
    # Counted from what is told, not by the reason: a process may have ended after its sums were read.
    return Processes(
        all=tuple(alive),
        read=sum(one.sums is not None for one in alive),
        unread=tuple(sorted(unread.items())),
        locked=tuple(locked),
        gaps=(*gaps, *(scan.gaps[name] for name in ("processes",) if name in scan.gaps)),
    )


def _rollups(
    root: Root, tasks: TaskTable, places: Sequence[int], budget: float, progress: Progress | None
) -> Iterator[tuple[int, PidSmapsRollup | Gap]]:
    """The sums of each place, or why not."""
    guard = Guard(root, (FILE,))
    end = time.monotonic() + budget
    for first in range(0, len(places), SLICE):
        part = places[first : first + SLICE]
        if progress:
            progress(first, len(places))
        left = max(0.0, end - time.monotonic())
        for key, reading in guard.read([(i, tasks.pid[i]) for i in part], left).items():
            assert isinstance(key, int)
            source = f"proc/{tasks.pid[key]}/{FILE}"
            if reading.missed is not None:
                yield key, reading.missed.gap()
            elif not reading.texts or not reading.texts[0]:
                yield key, Gap("gone", source)
            else:
                try:
                    yield key, pid_smaps_rollup.parse(reading.texts[0].decode("ascii", "replace"))
                except Malformed as fault:
                    yield key, Gap("malformed", source, str(fault))
    if progress:
        progress(len(places), len(places))


def _process(root: Root, tasks: TaskTable, i: int, sums: PidSmapsRollup | None) -> ProcessMemory | None:
    """One process; None of one that has ended since, or has no memory."""
    status = _status(root, tasks.pid[i])
    if status is None and root.live:
        return None
    if status is not None and status.VmSize is None:
        return None
    resident, shared = tasks.resident[i], tasks.shared[i]
    anon, file = _at(tasks.rss_anon, i), _at(tasks.rss_file, i)
    if anon is None and resident is not None and shared is not None:
        # Before 4.5: what is not shared is anonymous, and of the rest nobody says how much is shmem.
        anon, file = max(0, resident - shared), shared
    return ProcessMemory(
        pid=tasks.pid[i],
        start_time=tasks.start_time[i],
        name=tasks.comm[i],
        uid=_at(tasks.uid, i),
        threads=tasks.num_threads[i],
        resident=resident,
        rss_anon=anon,
        rss_file=file,
        rss_shmem=_at(tasks.rss_shmem, i),
        swap=status.VmSwap if status else _at(tasks.vm_swap, i),
        page_tables=status.VmPTE if status else None,
        hugetlb=status.HugetlbPages if status else None,
        sums=sums,
    )


def _status(root: Root, pid: int) -> PidStatus | None:
    try:
        return pid_status.parse(read_file(root.path(f"proc/{pid}/status")))
    except (procfile.Unreadable, Malformed):
        return None


def _at(column: Sequence[int | None], i: int) -> int | None:
    return column[i] if column else None
