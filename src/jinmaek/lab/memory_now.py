"""/proc/meminfo as one row, for experiments that must know how much there is."""

from __future__ import annotations

from jinmaek import procfile
from jinmaek.kernel import meminfo
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.lab.readings import NotRead, Reading


def memory() -> Meminfo:
    return next(iter(meminfo.parse(procfile.read("/proc/meminfo"))))


def figure(name: str) -> int:
    """One line of it in bytes. Raises ``NotRead`` where this kernel has none."""
    found: int | None = getattr(memory(), name)
    if found is None:
        raise NotRead(f"meminfo.{name}")
    return found


def others_moved(change: Reading, least: float) -> bool:
    """Whether anonymous memory changed so much meanwhile that others' doings hide one's own."""
    return abs(change["meminfo.AnonPages"]) > least
