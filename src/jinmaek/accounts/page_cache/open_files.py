"""The files processes have open (/proc/PID/fd), and those the kernel reads on behalf of a loop device."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import stat
from collections.abc import Sequence
from functools import partial

from jinmaek import procfile
from jinmaek.accounts.page_cache.account import Process
from jinmaek.accounts.page_cache.search import Candidate, Identity, Search, allowed, consider, note, reopen
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_cgroup, pid_stat
from jinmaek.kernel.pid_maps import DELETED
from jinmaek.kernel.statx import statx
from jinmaek.kernel.syscall import taken_over

LOOPS = "/sys/block/loop*/loop/backing_file"


def look(search: Search, pids: Sequence[int]) -> None:
    """Ask every file these processes have open, the first ones first."""
    for number, pid in enumerate(pids):
        if search.over():
            search.late = True
            search.skip("processes", "out of time", str(pid), count=len(pids) - number)
            return
        search.progress(search.asked)
        search.holders[pid] = _process(pid)
        _one(search, pid)


def look_at_loops(search: Search) -> None:
    """Ask the files behind loop devices: no process has them open."""
    for place in glob.glob(LOOPS):
        name = place.split("/")[3]
        try:
            path = procfile.read(place).removesuffix("\n")
        except procfile.Unreadable:
            continue  # detached meanwhile
        mount = search.systems.holding(path)
        if path.endswith(DELETED) or mount is None:
            continue
        if allowed(search, search.systems.made(mount), path):
            try:
                file = statx(path)
            except OSError as error:
                search.refused("files", error, path)
                continue
            if file.regular:
                search.holders[name] = Process(None, None, name, None)
                opened = partial(from_path, path, file.identity)
                consider(search, Candidate(file, path, opened), holder=name)


def _process(pid: int) -> Process:
    folder = f"/proc/{pid}"
    try:
        told = pid_stat.parse(procfile.read(f"{folder}/stat"))
        cgroup = pid_cgroup.parse(procfile.read(f"{folder}/cgroup"), pid_cgroup.CHARGED)
        return Process(pid, told.starttime, told.comm, cgroup)
    except (procfile.Unreadable, Malformed):
        return Process(pid, None, "?", None)  # it has ended meanwhile


def _one(search: Search, pid: int) -> None:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError as error:
        if isinstance(error, PermissionError):
            search.shut.add(pid)
        search.refused("processes", error, str(pid))
        return
    search.processes += 1
    for number, name in enumerate(names):
        if not number % 256 and search.over():
            search.skip("processes", "out of time", str(pid))
            return
        link = f"{folder}/{name}"
        try:
            # Through the link: whatever became of the file's name, in whatever mount namespace.
            file = statx(link)
            if stat.S_ISBLK(file.mode):
                search.devices[file.rdev] = None
            if not file.regular:
                continue
            if file.identity in search.known:
                note(search.known[file.identity], pid)
                continue
            path = os.readlink(link)
        except OSError as error:
            search.refused("files", error, link)
            continue
        shown = path if file.links else path.removesuffix(DELETED)
        opened = partial(_taken, pid, int(name), file.identity)
        consider(search, Candidate(file, shown, opened, not file.links), pid=pid, holder=pid)


def _taken(pid: int, number: int, expected: Identity, anew: bool) -> int:
    """A descriptor of another process, taken over rather than opened anew where that serves.

    Opening asks the file system, whoever watches the file (fanotify) and whoever holds a lease on it.
    """
    if not anew:
        try:
            return _borrowed(pid, number, expected)
        except OSError:
            pass  # before 5.6, yama, or a descriptor that is a mere place (O_PATH)
    return reopen(f"/proc/{pid}/fd/{number}", expected, follow=True, anew=anew)


def _borrowed(pid: int, number: int, expected: Identity) -> int:
    descriptor = taken_over(pid, number)
    if statx(descriptor).identity == expected and not fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_PATH:
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EBADF, "another file, or only a place")


def from_path(path: str, expected: Identity, anew: bool) -> int:
    """A descriptor of the file at a path. Raises OSError."""
    return reopen(path, expected, follow=False, anew=anew)
