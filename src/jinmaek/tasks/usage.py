"""What only files of their own tell of a process: run time and delay, I/O, and its cgroup's number."""

from __future__ import annotations

import os
from functools import cache

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_io, pid_schedstat
from jinmaek.root import Root
from jinmaek.tasks.files import listing, read
from jinmaek.tasks.seen import Usage

UNIFIED = ("sys/fs/cgroup/unified", "sys/fs/cgroup")
"""Where the unified cgroup tree may be: beside version 1, or alone."""


def used(root: Root, folder: str) -> Usage:
    """The usage of the process in ``folder``, each figure None where it cannot be read."""
    usage = Usage(cgroup_id=_cgroup_id(root, folder))
    try:
        each = [pid_schedstat.parse(read(f"{folder}/{path}/schedstat")) for path in _threads(folder)]
        usage.run_time = sum(one.sum_exec_runtime for one in each)
        usage.run_delay = sum(one.run_delay for one in each)
    except (procfile.Unreadable, Malformed):
        pass
    try:
        io = pid_io.parse(read(f"{folder}/io"))
        usage.read_bytes, usage.write_bytes = io.read_bytes, io.write_bytes
    except (procfile.Unreadable, Malformed):
        pass
    return usage


def _threads(folder: str) -> list[str]:
    try:
        return [f"task/{tid}" for tid in listing(f"{folder}/task")]
    except procfile.Unreadable:
        return ["."]


def _cgroup_id(root: Root, folder: str) -> int | None:
    try:
        lines = read(f"{folder}/cgroup").split("\n")
    except procfile.Unreadable:
        return None
    path = next((line[3:] for line in lines if line.startswith("0::")), None)
    return None if path is None or not root.live else _inode(path)


@cache
def _inode(path: str) -> int | None:
    """The number of a cgroup of the live machine; a name used again is a new number, but seldom."""
    for base in UNIFIED:
        if os.path.exists(f"/{base}/cgroup.procs"):
            try:
                return os.stat(f"/{base}{path}").st_ino
            except OSError:
                return None
    return None
