"""Fill the task table from /proc: one pass over all processes, and over the threads of those that have more.

The kernel tells a process' state by its leader alone. A leader that exited while other threads live on is
shown as Z and is no zombie, and a process whose leader sleeps may have a hundred threads in D.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeVar

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import mounts, pid_cgroup, pid_stat, pid_statm, pid_status, uptime
from jinmaek.kernel.pid_stat import PidStat
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.files import listing, owner, read
from jinmaek.tasks.seen import Seen, counts, table, thread_table
from jinmaek.tasks.table import Changes, Scan, TaskTable, Waiting
from jinmaek.tasks.usage import used

Row = TypeVar("Row")

SOURCES = {
    "threads": "proc/*/task/*/stat",
    "processes": "proc/*/stat",
    "waits": "proc/*/task/*/wchan",
    "zombies": "proc/*/stat",
}
ALL = tuple(SOURCES)
TRIES = 3


def scan(
    root: Root,
    *,
    details: bool,
    usage: bool = False,
    threads: bool = False,
    clock: Callable[[], float] | None = None,
) -> Scan:
    """All tasks under ``root``. ``details`` adds what only the status file tells: swap, memory by kind;
    ``usage`` adds to the processes what schedstat, io and cgroup tell.

    ``clock`` gives seconds since boot; without one it is the live machine's, or a captured tree's uptime.
    """
    began = time.process_time()
    now = clock() if clock else moment(root)
    seen: list[Seen] = []
    gaps: dict[str, Gap] = {}
    for pid in _pids(root):
        with losing(gaps, pid):
            seen.append(process(root, pid, gaps, details=details, usage=usage, threads=threads))
    tasks = table(seen, details=details)
    return assemble(root, seen, tasks, gaps, now, began, details=details, threads=threads)


@contextlib.contextmanager
def losing(gaps: dict[str, Gap], pid: int | str) -> Iterator[None]:
    """What cannot be read of one process: nothing is lost where it is just gone, else every count is."""
    try:
        yield
    except procfile.Unreadable as missing:
        if missing.why not in ("absent", "gone"):
            lose(gaps, ALL, Gap("denied", missing.path, "not every process may be read"))
    except Malformed as fault:
        lose(gaps, ALL, Gap("malformed", f"proc/{pid}", str(fault)))


def assemble(
    root: Root,
    seen: list[Seen],
    processes: TaskTable,
    gaps: dict[str, Gap],
    now: float,
    began: float,
    *,
    details: bool,
    threads: bool,
    changes: Changes | None = None,
) -> Scan:
    """The scan made of all processes seen and their table; ``began`` is the CPU time used before it."""
    if not seen:
        for name, source in SOURCES.items():
            gaps.setdefault(name, Gap("absent", source))
    elif root.live and hidden(root):
        lose(gaps, ALL, Gap("denied", "proc", "hidepid: other users' processes are not shown"))
    elif not root.live and not _all_listed(seen):
        lose(gaps, ("threads", "waits"), Gap("absent", "proc/PID/task"))
    waiting = tuple([thread for one in seen if one.waiting for thread in one.waiting])
    states = Counter(chain.from_iterable([one.states for one in seen]))
    rows = counts(states, Counter(processes.state), processes, waiting)
    return Scan(
        way="procfs",
        time=now,
        processes=processes,
        waiting=waiting,
        tables={name: found for name, found in rows.items() if name not in gaps},
        gaps=gaps,
        cpu_s=time.process_time() - began,
        threads=thread_table(seen, details=details) if threads else None,
        changes=changes,
    )


def _all_listed(seen: list[Seen]) -> bool:
    """Whether threads are known: of all processes that have several, and of one process at least."""
    several = all(one.listed for one in seen if one.row.num_threads > 1)
    return several and any(one.listed for one in seen)


def cgroup_of(root: Root, pid: int) -> str | None:
    """The most telling cgroup of a process; None where it is gone or may not be read."""
    try:
        return pid_cgroup.parse(read(root.path(f"proc/{pid}/cgroup")))
    except (procfile.Unreadable, Malformed):
        return None


def cgroups_of(root: Root, pid: int) -> frozenset[str]:
    """Where a process stands in every hierarchy; nowhere where it is gone or may not be read."""
    try:
        return pid_cgroup.paths(read(root.path(f"proc/{pid}/cgroup")))
    except procfile.Unreadable:
        return frozenset()


def process(
    root: Root, pid: int, gaps: dict[str, Gap], *, details: bool, threads: bool, usage: bool = False
) -> Seen:
    """One process with its threads. Raises ``procfile.Unreadable`` and ``Malformed``."""
    folder = root.path(f"proc/{pid}")
    one = Seen(pid_stat.parse(read(f"{folder}/stat")))
    one.threads = [] if threads else None
    one.memory = _optional(root, f"{folder}/statm", pid_statm.parse)
    if details or not root.live:
        one.status = _optional(root, f"{folder}/status", pid_status.parse)
    if root.live:
        one.uid = owner(folder)
    elif one.status is not None:
        # The files of a captured tree belong to who unpacked it.
        one.uid = one.status.euid
    one.listed = root.live or os.path.isdir(f"{folder}/task")
    # What exited threads used is the process', not its last thread's.
    if one.listed and (threads or one.row.num_threads > 1):
        for tid in listing(f"{folder}/task"):
            try:
                thread(root, one, f"{folder}/task/{tid}", gaps, None)
            except procfile.Unreadable as missing:
                if missing.why not in ("absent", "gone"):
                    raise
    else:
        thread(root, one, folder, gaps, one.row)
    if usage:
        one.usage = used(root, folder)
    return one


def thread(root: Root, one: Seen, folder: str, gaps: dict[str, Gap], row: PidStat | None) -> None:
    """Note the state of one thread, its row if wanted; of one in D also where, unless it left D meanwhile."""
    if row is None:
        text = read(f"{folder}/stat")
        if one.threads is None and (state := pid_stat.split(text)[1][0]) != "D":
            one.states.append(state)
            return
        row = pid_stat.parse(text)
    place, why = None, None
    # A thread that is just waking or falling asleep is nowhere for an instant.
    for _ in range(TRIES if row.state == "D" else 0):
        place, why = _place(root, folder)
        row = pid_stat.parse(read(f"{folder}/stat"))
        if place or why or row.state != "D":
            break
    one.states.append(row.state)
    if one.threads is not None:
        one.threads.append(row)
    if row.state != "D":
        return
    if why:
        lose(gaps, ("waits",), Gap(why, "proc/PID/task/TID/wchan", "where a thread in D waits"))
    one.waiting.append(Waiting(row.pid, one.row.pid, row.starttime, row.comm, place))


def _place(root: Root, folder: str) -> tuple[str | None, procfile.Why | None]:
    """The kernel function a thread sleeps in, or None and, where there is a reason, why."""
    try:
        name = read(f"{folder}/wchan").strip()
    except procfile.Unreadable as missing:
        return None, missing.why
    if name not in ("", "0"):
        return name, None
    # The kernel says 0, not EACCES, to who may not trace the thread.
    return None, "denied" if os.geteuid() or not root.live else None


def lose(gaps: dict[str, Gap], names: tuple[str, ...], gap: Gap) -> None:
    """A count of only some tasks would lie: the table is not known at all. The first reason stands."""
    for name in names:
        gaps.setdefault(name, gap)


def moment(root: Root) -> float:
    if root.live:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    try:
        return next(uptime.parse(read(root.path("proc/uptime")))).uptime
    except (procfile.Unreadable, Malformed):
        return 0.0


def hidden(root: Root) -> bool:
    """Whether /proc shows this user only some of the processes (its mount option hidepid, since 3.3)."""
    if os.geteuid() == 0:
        return False
    if not os.path.exists(root.path("proc/1")):
        return True
    try:
        mounted = mounts.parse(read(root.path("proc/self/mounts")))
        options = [one.options.split(",") for one in mounted if one.mountpoint == "/proc"][-1:]
    except (procfile.Unreadable, Malformed):
        return False
    words = dict(word.partition("=")[::2] for given in options for word in given)
    if words.get("hidepid", "0") in ("0", "off"):
        return False
    return not words.get("gid", "").isdigit() or int(words["gid"]) not in (os.getegid(), *os.getgroups())


def _pids(root: Root) -> list[int]:
    try:
        names = listing(root.path("proc"))
    except procfile.Unreadable:
        return []
    return sorted(int(name) for name in names if name.isdigit() and name.isascii())


def _optional(root: Root, path: str, parse: Callable[[str], Row]) -> Row | None:
    """A file a captured tree may lack. On the live machine all files of a process go together."""
    try:
        return parse(read(path))
    except procfile.Unreadable:
        if root.live:
            raise
        return None
