"""What is kept of every process from one scan to the next: the readings in which it had changed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinmaek import procfile
from jinmaek.advice.capacity.growth import moved
from jinmaek.advice.capacity.series import Identity, Process
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_cgroup, pid_status
from jinmaek.root import Root
from jinmaek.tasks.files import read
from jinmaek.tasks.table import Scan, TaskTable

Row = tuple[int, int, int, int, int]
"""anon and swap, shmem, file, address space, threads."""
SIZES = 3
"""Of those, what memory it holds."""
FAULTS = 8
"""Page faults from which a process is asked again: a huge page comes with one, and seldom alone."""


@dataclass(slots=True)
class Track:
    """One life of one process."""

    pid: int
    start: float
    name: str
    begin: int
    """Its first and its last reading."""
    end: int
    at: list[int]
    """Readings in which it had changed, and what it was then."""
    rows: list[Row]
    cgroup: str | None = None
    asked: bool = False
    """Whether its cgroup was asked for."""

    @property
    def identity(self) -> Identity:
        return self.pid, self.start

    @property
    def grown(self) -> int:
        return self.rows[-1][0] - self.rows[0][0]

    @property
    def moves(self) -> int:
        """By how much it differs from what it was first, in either direction."""
        first, last = self.rows[0][:SIZES], self.rows[-1][:SIZES]
        return max(abs(after - before) for before, after in zip(first, last, strict=True))


@dataclass(slots=True)
class Tracks:
    """All processes but this one. ``focus`` is kept whatever it does."""

    root: Root | None
    """Where processes are asked for more; None where nobody can be asked."""
    floor: float
    focus: int | None = None
    times: list[float] = field(default_factory=list)
    counts: list[Counter[str]] = field(default_factory=list)
    """Processes by name, at each reading."""
    there: dict[Identity, Track] = field(default_factory=dict)
    """Those of the last reading."""
    _all: dict[Identity, Track] = field(default_factory=dict)
    _last: dict[Identity, tuple[int, int]] = field(default_factory=dict)
    """Page faults and resident bytes of each when it was last asked."""

    def add(self, scan: Scan, time: float) -> None:
        """One more reading. Without details only those that faulted pages in are asked for theirs."""
        index, before = len(self.times), self.there
        self.there = {}
        tasks = scan.processes
        told = self._detailed(tasks) if tasks.rss_anon else self._asked(tasks)
        if tasks.rss_anon and scan.way == "procfs":
            faults = map(int.__add__, tasks.minflt, tasks.majflt)
            seen = zip(faults, (size or 0 for size in tasks.resident), strict=True)
            self._last = dict(zip(zip(tasks.pid, tasks.start_time, strict=True), seen, strict=True))
        for identity, name, row in told:
            track = self._all.get(identity)
            if track is None:
                if row is None:
                    continue
                track = self._all[identity] = Track(*identity, name, index, index, [index], [row])
            elif row is not None and row != track.rows[-1]:
                track.at.append(index)
                track.rows.append(row)
            track.name, track.end = name, index
            self.there[identity] = track
            if (
                self.root is not None
                and not track.asked
                and (track.moves >= self.floor / 2 or track.pid == self.focus)
            ):
                track.asked, track.cgroup = True, cgroup_of(self.root, track.pid)
        for identity in before.keys() - self.there.keys():
            # Nothing is kept of those that never grew.
            self._last.pop(identity, None)
            if self._all[identity].grown < self.floor / 2 and identity[0] != self.focus:
                del self._all[identity]
        self.times.append(time)
        self.counts.append(Counter(scan.processes.comm))

    def _detailed(self, tasks: TaskTable) -> Iterator[tuple[Identity, str, Row]]:
        myself = os.getpid() if self.root is not None and self.root.live else 0
        columns = (tasks.rss_anon, tasks.vm_swap, tasks.rss_shmem, tasks.rss_file, tasks.vsize)
        for pid, start, name, anon, swap, shmem, file, vsize, threads in zip(
            tasks.pid, tasks.start_time, tasks.comm, *columns, tasks.num_threads, strict=True
        ):
            if anon is not None and pid != myself:
                yield (pid, start), name, (anon + (swap or 0), shmem or 0, file or 0, vsize, threads)

    def _asked(self, tasks: TaskTable) -> Iterator[tuple[Identity, str, Row | None]]:
        """None where it had next to no page faults since it was last asked: it cannot have grown."""
        columns = (tasks.pid, tasks.start_time, tasks.comm, tasks.minflt, tasks.majflt, tasks.resident)
        for pid, start, name, minor, major, resident in zip(*columns, strict=True):
            faults, now = minor + major, resident or 0
            last = self._last.get((pid, start))
            if last is None and (not now or pid == os.getpid()):
                continue
            if last is None or faults - last[0] >= FAULTS or abs(now - last[1]) >= self.floor / 4:
                self._last[pid, start] = faults, now
                yield (pid, start), name, self._row(pid)
            else:
                yield (pid, start), name, None

    def _row(self, pid: int) -> Row | None:
        if self.root is None:
            return None
        try:
            told = pid_status.parse(read(self.root.path(f"proc/{pid}/status")))
        except (procfile.Unreadable, Malformed):
            return None
        if told.RssAnon is None:
            return None
        anon = told.RssAnon + (told.VmSwap or 0)
        return anon, told.RssShmem or 0, told.RssFile or 0, told.VmSize or 0, told.Threads or 1

    def growers(self, least: float) -> list[Track]:
        """Alive, largest growth first, and the one asked for."""
        grown = [one for one in self.there.values() if one.grown >= least or one.pid == self.focus]
        return sorted(grown, key=lambda track: (track.pid != self.focus, -track.grown))

    def processes(self) -> list[Process]:
        """Those that moved, and the one asked for."""
        return [self._process(track) for track in self._all.values() if self._wanted(track)]

    def _wanted(self, track: Track) -> bool:
        columns = list(zip(*track.rows, strict=True))[:SIZES]
        return track.pid == self.focus or any(moved(column, self.floor) for column in columns)

    def _process(self, track: Track) -> Process:
        rows: list[Row] = []
        cuts = [*track.at[1:], track.end + 1]
        for at, until, row in zip(track.at, cuts, track.rows, strict=True):
            rows += [row] * (until - at)
        anon, shmem, file, vsize, threads = zip(*rows, strict=True)
        return Process(
            pid=track.pid,
            start_time=track.start,
            name=track.name,
            cgroup=track.cgroup,
            alive=track.identity in self.there,
            times=self.times[track.begin : track.end + 1],
            anon=anon,
            shmem=shmem,
            file=file,
            vsize=vsize,
            threads=threads,
        )


def cgroup_of(root: Root | None, pid: int) -> str | None:
    """The cgroup a process' memory is charged to; None where it has gone or may not be read."""
    if root is None:
        return None
    try:
        return pid_cgroup.parse(read(root.path(f"proc/{pid}/cgroup")), pid_cgroup.CHARGED)
    except (procfile.Unreadable, Malformed):
        return None
