"""Fill the task table from /proc: one pass over all processes, and over the threads of those that have more.

The kernel tells a process' state by its leader alone. A leader that exited while other threads live on is
shown as Z and is no zombie, and a process whose leader sleeps may have a hundred threads in D.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import mounts, pid_cgroup, pid_stat, pid_statm, pid_status, uptime
from jinmaek.kernel.pid_stat import PidStat
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.seen import Seen, counts, table
from jinmaek.tasks.table import Scan, Waiting

Row = TypeVar("Row")

SOURCES = {
    "threads": "proc/*/task/*/stat",
    "processes": "proc/*/stat",
    "waits": "proc/*/task/*/wchan",
    "zombies": "proc/*/stat",
}
ALL = tuple(SOURCES)
BUFFER = 16384
TRIES = 3


def scan(root: Root, *, details: bool, clock: Callable[[], float] | None = None) -> Scan:
    """All tasks under ``root``. ``details`` adds what only the status file tells: swap and anonymous memory.

    ``clock`` gives seconds since boot; without one it is the live machine's, or a captured tree's uptime.
    """
    began = time.process_time()
    moment = clock() if clock else _moment(root)
    seen: list[Seen] = []
    gaps: dict[str, Gap] = {}
    for pid in _pids(root):
        try:
            seen.append(_process(root, pid, gaps, details=details))
        except procfile.Unreadable as missing:
            if missing.why not in ("absent", "gone"):
                _lose(gaps, ALL, Gap("denied", missing.path, "not every process may be read"))
        except Malformed as fault:
            _lose(gaps, ALL, Gap("malformed", f"proc/{pid}", str(fault)))
    if not seen:
        for name, source in SOURCES.items():
            gaps.setdefault(name, Gap("absent", source))
    elif root.live and _hidden(root):
        _lose(gaps, ALL, Gap("denied", "proc", "hidepid: other users' processes are not shown"))
    elif not _all_listed(seen):
        _lose(gaps, ("threads", "waits"), Gap("absent", "proc/PID/task"))
    return Scan(
        way="procfs",
        time=moment,
        processes=table(seen, details=details),
        waiting=tuple(thread for one in seen for thread in one.waiting),
        tables={name: rows for name, rows in counts(seen).items() if name not in gaps},
        gaps=gaps,
        cpu_s=time.process_time() - began,
    )


def _all_listed(seen: list[Seen]) -> bool:
    """Whether threads are known: of all processes that have several, and of one process at least."""
    several = all(one.listed for one in seen if one.row.num_threads > 1)
    return several and any(one.listed for one in seen)


def cgroup_of(root: Root, pid: int) -> str | None:
    """The most telling cgroup of a process; None where it is gone or may not be read."""
    try:
        return pid_cgroup.parse(_read(root.path(f"proc/{pid}/cgroup")))
    except (procfile.Unreadable, Malformed):
        return None


def _process(root: Root, pid: int, gaps: dict[str, Gap], *, details: bool) -> Seen:
    folder = root.path(f"proc/{pid}")
    one = Seen(pid_stat.parse(_read(f"{folder}/stat")))
    one.memory = _optional(root, f"{folder}/statm", pid_statm.parse)
    if details or not root.live:
        one.status = _optional(root, f"{folder}/status", pid_status.parse)
    if root.live:
        one.uid = _owner(folder)
    elif one.status is not None:
        # The files of a captured tree belong to who unpacked it.
        one.uid = one.status.euid
    one.listed = root.live or os.path.isdir(f"{folder}/task")
    if one.row.num_threads > 1 and one.listed:
        for tid in _names(f"{folder}/task"):
            try:
                _thread(root, one, f"{folder}/task/{tid}", gaps, None)
            except procfile.Unreadable as missing:
                if missing.why not in ("absent", "gone"):
                    raise
    else:
        _thread(root, one, folder, gaps, one.row)
    return one


def _thread(root: Root, one: Seen, folder: str, gaps: dict[str, Gap], known: PidStat | None) -> None:
    """Note the state of one thread; of one in D also where, unless it left D meanwhile."""
    state = known.state if known else pid_stat.split(_read(f"{folder}/stat"))[1][0]
    if state != "D":
        one.states.append(state)
        return
    # A thread that is just waking or falling asleep is nowhere for an instant.
    for _ in range(TRIES):
        place, why = _place(root, folder)
        row = pid_stat.parse(_read(f"{folder}/stat"))
        if place or why or row.state != "D":
            break
    one.states.append(row.state)
    if row.state != "D":
        return
    if why:
        _lose(gaps, ("waits",), Gap(why, "proc/PID/task/TID/wchan", "where a thread in D waits"))
    one.waiting.append(Waiting(row.pid, one.row.pid, row.starttime, row.comm, place))


def _place(root: Root, folder: str) -> tuple[str | None, procfile.Why | None]:
    """The kernel function a thread sleeps in, or None and, where there is a reason, why."""
    try:
        name = _read(f"{folder}/wchan").strip()
    except procfile.Unreadable as missing:
        return None, missing.why
    if name not in ("", "0"):
        return name, None
    # The kernel says 0, not EACCES, to who may not trace the thread.
    return None, "denied" if os.geteuid() or not root.live else None


def _lose(gaps: dict[str, Gap], names: tuple[str, ...], gap: Gap) -> None:
    """A count of only some tasks would lie: the table is not known at all. The first reason stands."""
    for name in names:
        gaps.setdefault(name, gap)


def _moment(root: Root) -> float:
    if root.live:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    try:
        return next(uptime.parse(_read(root.path("proc/uptime")))).uptime
    except (procfile.Unreadable, Malformed):
        return 0.0


def _hidden(root: Root) -> bool:
    """Whether /proc shows this user only some of the processes (its mount option hidepid, since 3.3)."""
    if os.geteuid() == 0:
        return False
    if not os.path.exists(root.path("proc/1")):
        return True
    try:
        mounted = mounts.parse(_read(root.path("proc/self/mounts")))
        options = [one.options.split(",") for one in mounted if one.mountpoint == "/proc"][-1:]
    except (procfile.Unreadable, Malformed):
        return False
    words = dict(word.partition("=")[::2] for given in options for word in given)
    if words.get("hidepid", "0") in ("0", "off"):
        return False
    return not words.get("gid", "").isdigit() or int(words["gid"]) not in (os.getegid(), *os.getgroups())


def _pids(root: Root) -> list[int]:
    try:
        names = _names(root.path("proc"))
    except procfile.Unreadable:
        return []
    return sorted(int(name) for name in names if name.isdigit() and name.isascii())


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise _unreadable(error, folder) from None


def _owner(folder: str) -> int:
    try:
        return os.stat(folder).st_uid
    except OSError as error:
        raise _unreadable(error, folder) from None


def _optional(root: Root, path: str, parse: Callable[[str], Row]) -> Row | None:
    """A file a captured tree may lack. On the live machine all files of a process go together."""
    try:
        return parse(_read(path))
    except procfile.Unreadable:
        if root.live:
            raise
        return None


def _read(path: str) -> str:
    """The whole of one file: ``procfile.read`` without what ``open()`` costs over thousands of files."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(file, BUFFER)
            # A kernel file gives all it has, up to the size asked for, in one read.
            if len(data) == BUFFER:
                data += b"".join(iter(lambda: os.read(file, BUFFER), b""))
        finally:
            os.close(file)
    except OSError as error:
        raise _unreadable(error, path) from None
    return data.decode("utf-8", "backslashreplace")


def _unreadable(error: OSError, path: str) -> procfile.Unreadable:
    why = procfile.REASONS.get(error.errno or 0)
    if why is None:
        raise error
    return procfile.Unreadable(why, path)
