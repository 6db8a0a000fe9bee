"""Undoing what a lab has made, one thing at a time: by the lab itself, its guardian, or ``lab clean``.

Undoing what is not there is no error, so it may be done twice.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import time
from collections.abc import Callable
from typing import assert_never

from jinmaek import procfile
from jinmaek.lab import calls, journal
from jinmaek.lab.journal import Cgroup, Frozen, Group, Knob, Made, Mount, Swap
from jinmaek.lab.sentence import Sentence, say

PATIENCE = 20.0
"""Seconds for a process to end, a cgroup to empty, a file system to be let go."""
STEP = 0.02
AWAY = (errno.EINVAL, errno.ENOENT)
"""What the kernel answers where there is nothing to switch off, thaw or unmount."""


def undo(made: Made) -> Sentence | None:
    """Take one thing away; what is left of it, None where nothing is."""
    try:
        match made:
            case Group(pgid, began):
                return _end(pgid, began)
            case Swap(path):
                _swap_off(path)
            case Cgroup(path):
                return _remove_cgroup(path)
            case Mount(target):
                _unmount(target)
            case Frozen(target):
                _unless_away(calls.thaw, target)
            case Knob(path, old):
                _set_back(path, old)
            case _:
                assert_never(made)
    except OSError as error:
        return say("{what} could not be undone: {why}", what=made, why=error.strerror)
    return None


def undo_all(folder: str, tell: Callable[[Sentence], None]) -> bool:
    """Undo all that stands in a folder's journal, newest first, and remove it; whether all of it is gone."""
    left = [said for _, made in journal.standing(folder) if (said := undo(made))]
    left += [say("something is still mounted at {path}", path=path) for path in _mounted_below(folder)]
    for said in left:
        tell(said)
    if not left and not _removed(folder):
        left.append(say("{what} could not be undone: {why}", what=folder, why=os.strerror(errno.ENOTEMPTY)))
        tell(left[-1])
    return not left


def _removed(folder: str) -> bool:
    """Remove a folder and all in it; who was killed while it made or removed a file may end only now."""
    end = time.monotonic() + PATIENCE
    while os.path.isdir(folder):
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > end:
            return not os.path.isdir(folder)
        time.sleep(STEP)
    return True


def members(pgid: int) -> list[int]:
    """Live processes of a process group."""
    found = []
    for name in os.listdir("/proc"):
        words = _stat(int(name)) if name.isdecimal() else None
        if words and int(words[2]) == pgid and words[0] not in "ZX":
            found.append(int(name))
    return found


def started(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None where there is none."""
    words = _stat(pid)
    return int(words[19]) if words else None


def _stat(pid: int) -> list[str] | None:
    """The words of /proc/PID/stat from the third on."""
    try:
        return procfile.read(f"/proc/{pid}/stat").rpartition(") ")[2].split()
    except procfile.Unreadable:
        return None


def kill(pid: int) -> None:
    """Kill a process that may be gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end(pgid: int, began: int) -> Sentence | None:
    """Kill a group. Its number is nobody else's while one of it lives: only the leader can be another."""
    if started(pgid) not in (began, None):
        return None
    end = time.monotonic() + PATIENCE
    while alive := members(pgid):
        for pid in alive:
            kill(pid)
        if time.monotonic() > end:
            return say("processes {pids} do not end", pids=alive)
        time.sleep(STEP)
    return None


def _remove_cgroup(path: str) -> Sentence | None:
    """Kill what is in it, and remove it with those below it."""
    end = time.monotonic() + PATIENCE
    while os.path.isdir(path):
        for folder, _, _ in os.walk(path, topdown=False):
            for pid in _listed(f"{folder}/cgroup.procs"):
                kill(pid)
            try:
                os.rmdir(folder)
            except OSError as error:
                if error.errno not in (errno.EBUSY, errno.ENOENT):
                    raise
        if time.monotonic() > end:
            return say("cgroup {path} does not empty", path=path)
        time.sleep(STEP)
    return None


def _listed(path: str) -> list[int]:
    try:
        return [int(word) for word in procfile.read(path).split()]
    except procfile.Unreadable:
        return []


def _swap_off(path: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            calls.swapoff(path)
        except OSError as error:
            if error.errno in AWAY:
                return
            # What is in swap finds no room, or no promise of it, now.
            if error.errno not in (errno.ENOMEM, errno.EINTR) or time.monotonic() > end:
                raise
            time.sleep(STEP)


def _unmount(target: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            # A file system may be mounted more than once on one folder.
            calls.umount(target, calls.MNT_DETACH if time.monotonic() > end else 0)
        except OSError as error:
            if error.errno in AWAY:
                return
            if error.errno != errno.EBUSY:
                raise
            time.sleep(STEP)


def _set_back(path: str, old: str) -> None:
    try:
        if procfile.read(path).strip() == old:
            return
    except procfile.Unreadable:
        return  # of a cgroup or device that is gone
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(old)
    except OSError as error:
        if error.errno != errno.ENODEV:  # the limit of a device that is gone, and with it
            raise


def _unless_away(act: Callable[[str], None], path: str) -> None:
    try:
        act(path)
    except OSError as error:
        if error.errno not in AWAY:
            raise


def _mounted_below(folder: str) -> list[str]:
    """Folders below one that lead to other file systems, whose files are not ours to remove."""
    device = os.lstat(folder).st_dev
    found = []
    for parent, names, _ in os.walk(folder):
        found += [path for name in names if os.lstat(path := f"{parent}/{name}").st_dev != device]
    return found
