"""How the threads of a process lose the CPU: by themselves, or because it is taken from them."""

from __future__ import annotations

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_status
from jinmaek.root import Root
from jinmaek.tasks.files import listing, read

MOST = 256
"""Threads that are asked: status tells of one thread each."""


def voluntary(root: Root, pid: int) -> float | None:
    """The share of its context switches, since it started, at which it waited for something itself.

    None where it did not switch yet, where it is gone, and where it may not be read.
    """
    folder = root.path(f"proc/{pid}/task")
    own = taken = 0
    try:
        for tid in listing(folder)[:MOST]:
            row = pid_status.parse(read(f"{folder}/{tid}/status"))
            own += row.voluntary_ctxt_switches or 0
            taken += row.nonvoluntary_ctxt_switches or 0
    except (procfile.Unreadable, Malformed):
        return None
    return own / (own + taken) if own + taken else None
