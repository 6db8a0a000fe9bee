"""Open descriptors of processes, and how many they may have.

The size of the folder /proc/PID/fd is their number since Linux 6.2 (fs/proc/fd.c proc_fd_getattr()), for
anybody; before that the folder must be listed, by root only and at a cost that grows with the descriptors.
"""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from jinmaek import procfile
from jinmaek.columns import Malformed, TreeReader, ceiling, gauge, row
from jinmaek.kernel import pid_limits
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.files import listing, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinmaek.tasks.table import Scan, TaskTable

TABLE = "pid_fd"
FEW = 32
"""Processes with fewer are left out: nobody runs out of so few."""
PATIENCE = 0.2
"""CPU seconds that listing may take, where it must be listed."""
LINKS = 4096
"""Descriptors of one process that are looked at."""
KERNEL_THREAD = 0x0020_0000
"""PF_KTHREAD of include/linux/sched.h."""


@row
class PidFd:
    """One process with at least ``FEW`` descriptors."""

    pid: int
    comm: str
    open: int = gauge("count", "descriptors it has open")
    max: int | None = ceiling("count", "most it may have open (RLIMIT_NOFILE, soft)")


def with_descriptors(root: Root, scan: Scan) -> Scan:
    """The scan with the table of descriptors, or with the gap in its place."""
    began = time.process_time()
    found = descriptors(root, scan.processes)
    cost = time.process_time() - began
    if isinstance(found, Gap):
        return replace(scan, gaps={**scan.gaps, TABLE: found}, cpu_s=scan.cpu_s + cost)
    return replace(scan, tables={**scan.tables, TABLE: found}, cpu_s=scan.cpu_s + cost)


def descriptors(root: Root, tasks: TaskTable) -> tuple[PidFd, ...] | Gap:
    """The processes of a scan; a gap where not every one could be counted, or a captured tree is read."""
    if not root.live:
        return Gap("absent", "proc/*/fd", "a captured tree does not tell open descriptors")
    sized = _size(root.path("proc/self/fd")) != 0
    end = time.process_time() + PATIENCE
    rows = []
    for pid, comm, flags in zip(tasks.pid, tasks.comm, tasks.flags, strict=True):
        if flags & KERNEL_THREAD:
            continue
        folder = root.path(f"proc/{pid}")
        if not sized and time.process_time() > end:
            return Gap("timed out", "proc/*/fd", "before Linux 6.2 descriptors must be listed one by one")
        try:
            count = _size(f"{folder}/fd") if sized else len(listing(f"{folder}/fd"))
            if count >= FEW:
                rows.append(PidFd(pid=pid, comm=comm, open=count, max=_most(folder, pid)))
        except procfile.Unreadable as missing:
            if missing.why not in ("absent", "gone"):
                return Gap(missing.why, missing.path, "not every process may be looked into")
        except Malformed as fault:
            return Gap("malformed", f"proc/{pid}/limits", str(fault))
    return tuple(rows)


def kinds(root: Root, pid: int) -> Counter[str]:
    """Its first ``LINKS`` descriptors by kind: socket, pipe, eventpoll, … or file; none where denied."""
    folder = root.path(f"proc/{pid}/fd")
    found: Counter[str] = Counter()
    try:
        names = listing(folder)[:LINKS]
    except procfile.Unreadable:
        return found
    for name in names:
        try:
            target = os.readlink(f"{folder}/{name}")
        except OSError:
            continue  # closed since it was listed
        kind, colon, rest = target.partition(":")
        if target.startswith("/") or not colon:
            found["file"] += 1
        else:
            found[rest.strip("[]") if kind == "anon_inode" else kind] += 1
    return found


def _size(folder: str) -> int:
    """The number of descriptors; 0 of a process that is gone."""
    try:
        return os.stat(folder).st_size
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _most(folder: str, pid: int) -> int | None:
    try:
        # A system call costs a tenth of the file, but is for one's own processes or root.
        soft, _ = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    except (PermissionError, ProcessLookupError):
        return pid_limits.parse(read(f"{folder}/limits")).open_files
    return None if soft == resource.RLIM_INFINITY else soft


def _from_scan(_: Mapping[str, str]) -> Iterator[object]:
    """This table is counted beside the task scan, never parsed from a file."""
    return iter(())


TABLES = (TreeReader(table=TABLE, paths=("proc/*/fd",), row=PidFd, parse=_from_scan),)
