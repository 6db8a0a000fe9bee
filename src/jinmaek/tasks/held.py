"""Fill the task table from /proc with the stat file of every process held open from one scan to the next.

A held file is read again by one call, belongs to one process for ever (ESRCH after its exit, whoever has
its pid by then), and most processes are idle: where its bytes are the same nothing is parsed. What is not in
them (memory by kind, user) is then read only now and then. Each held file costs the kernel a page.
"""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass, field
from typing import Self

from jinmaek import procfile
from jinmaek.kernel import pid_statm, pid_status
from jinmaek.model import Gap
from jinmaek.root import LIVE, Root
from jinmaek.tasks.files import listing, owner, read
from jinmaek.tasks.procfs import assemble, losing, moment, thread
from jinmaek.tasks.seen import Seen, patched, table
from jinmaek.tasks.stat_files import LINE, Kept, StatFiles
from jinmaek.tasks.table import Changes, Scan, TaskTable
from jinmaek.tasks.usage import used

SPARE = 64
"""Descriptors left to the rest of the program."""

ROUND = 32
"""Scans after which memory and user of an idle process are read again at the latest."""


@dataclass(slots=True)
class Process:
    """A process from scan to scan. ``calm`` is one that its own stat file tells everything about."""

    name: str
    stat: Kept
    seen: Seen
    calm: bool = False
    tasks: dict[str, Kept] = field(default_factory=dict)


def room() -> int:
    """Descriptors that can be held besides those that are open, and ``SPARE``."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE - len(os.listdir("/proc/self/fd"))


class Held:
    """Scans of the live machine that keep their files open; ``close`` them, or use ``with``."""

    def __init__(self, root: Root = LIVE) -> None:
        self._root = root
        self._folder = root.path("proc")
        self._names: list[str] = []
        self._processes: list[Process] = []
        """Those of ``_names``, in their order."""
        self._forks = ""
        """What /proc/stat counted when they were listed; empty where they must be listed again."""
        self._table: TaskTable | None = None
        self._files = StatFiles(room())
        self._turn = 0
        self._threads = False
        self._last: float | None = None
        """When the last scan began."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every held file."""
        for process in self._processes:
            self._drop(process)
        self._names, self._processes, self._table, self._forks = [], [], None, ""

    def scan(self, *, details: bool, usage: bool = False, threads: bool = False) -> Scan:
        """The same as ``procfs.scan``; memory and user of an idle process may be ``ROUND`` scans old."""
        began = time.process_time()
        now = moment(self._root)
        gaps: dict[str, Gap] = {}
        names = self._listed()
        everything = details or usage or threads != self._threads
        same = names == self._names and not everything
        self._threads = threads
        self._turn = (self._turn + 1) % ROUND
        found = self._known(names)
        changed = self._refresh(names, found, gaps, everything=everything, details=details, usage=usage)
        processes = [process for process in found if process is not None]
        whole = len(processes) == len(names)
        if not whole:
            names, self._forks = [process.name for process in processes], ""
            changed = _left(changed, found)
        changes = None if self._last is None else Changes(self._last, lambda: changed)
        self._last = now
        self._names = names
        self._processes = processes
        seen = [process.seen for process in processes]
        if same and whole and self._table is not None:
            tasks = patched(self._table, seen, changed)
        else:
            tasks = table(seen, details=details)
        self._table = None if details or usage else tasks
        return assemble(
            self._root, seen, tasks, gaps, now, began, details=details, threads=threads, changes=changes
        )

    def _listed(self) -> list[str]:
        """The pids there are: those of the last scan, less who has gone, where nothing has forked since."""
        try:
            # Read before the list: a fork in between makes the next one differ.
            forks = read(self._root.path("proc/stat")).partition("\nprocesses ")[2].partition("\n")[0]
            if forks and forks == self._forks:
                return self._names
            self._forks = forks
        except procfile.Unreadable:
            self._forks = ""
        try:
            # The kernel lists them in ascending order (fs/proc/base.c next_tgid()).
            return [name for name in listing(self._folder) if name.isdigit()]
        except procfile.Unreadable:
            return []

    def _known(self, names: list[str]) -> list[Process | None]:
        """What is held of each of these; whatever is of none of them is let go."""
        if names == self._names:
            return [*self._processes]
        earlier = dict(zip(self._names, self._processes, strict=True))
        known = [earlier.pop(name, None) for name in names]
        for process in earlier.values():
            self._drop(process)
        return known

    def _refresh(
        self,
        names: list[str],
        found: list[Process | None],
        gaps: dict[str, Gap],
        *,
        everything: bool,
        details: bool,
        usage: bool,
    ) -> list[int]:
        """Bring all up to date, None where one has gone; the places of those that were looked at."""
        pread, turn, changed = os.pread, self._turn, []
        for place, process in enumerate(found):
            due = place % ROUND == turn
            if process is not None and process.calm and not (due or everything):
                # Most processes of most scans end here.
                try:
                    if pread(process.stat.file, LINE, 0) == process.stat.raw:
                        continue
                except ProcessLookupError:
                    pass
            changed.append(place)
            found[place] = None
            with losing(gaps, names[place]):
                one = found[place] = self._read(
                    names[place], process, gaps, details=details, fresh=due or everything
                )
                one.seen.usage = used(self._root, f"{self._folder}/{one.name}") if usage else None
        return changed

    def _read(
        self, name: str, process: Process | None, gaps: dict[str, Gap], *, details: bool, fresh: bool
    ) -> Process:
        """What is new of one process; whatever was held of it is closed when it has gone."""
        try:
            before = process.stat.raw if process else b""
            stat = self._files.again(f"{self._folder}/{name}/stat", process.stat if process else None)
            if process is None or process.seen.row.starttime != stat.row.starttime:
                if process:
                    self._files.release(process.tasks)
                process = Process(name, stat, Seen(stat.row))
            process.stat = stat
            process.seen.row = stat.row
            self._look(process, f"{self._folder}/{name}", gaps, fresh or stat.raw != before, details)
        except BaseException:
            if process:
                self._drop(process)
            raise
        return process

    def _look(self, process: Process, folder: str, gaps: dict[str, Gap], fresh: bool, details: bool) -> None:
        one = process.seen
        if fresh:
            one.memory = pid_statm.parse(read(f"{folder}/statm"))
            one.uid = owner(folder)
        if details:
            one.status = pid_status.parse(read(f"{folder}/status"))
        one.states, one.waiting, one.threads = [], [], [] if self._threads else None
        if one.row.num_threads == 1 and not self._threads:
            self._files.release(process.tasks)
            thread(self._root, one, folder, gaps, one.row)
        else:
            self._look_at_threads(process, f"{folder}/task", gaps)
        process.calm = process.stat.file >= 0 and one.row.num_threads == 1 and "D" not in one.states

    def _look_at_threads(self, process: Process, folder: str, gaps: dict[str, Gap]) -> None:
        earlier, process.tasks = process.tasks, {}
        try:
            for name in listing(folder):
                try:
                    kept = self._files.again(f"{folder}/{name}/stat", earlier.pop(name, None))
                    process.tasks[name] = kept
                    thread(self._root, process.seen, f"{folder}/{name}", gaps, kept.row)
                except procfile.Unreadable as missing:
                    if missing.why not in ("absent", "gone"):
                        raise
        finally:
            self._files.release(earlier)

    def _drop(self, process: Process) -> None:
        self._files.release({"": process.stat})
        self._files.release(process.tasks)


def _left(places: list[int], found: list[Process | None]) -> list[int]:
    """The places of those that have not gone among those that have not."""
    at, left = 0, []
    chosen = set(places)
    for place, process in enumerate(found):
        if process is not None:
            if place in chosen:
                left.append(at)
            at += 1
    return left
