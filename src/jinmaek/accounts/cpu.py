"""The CPU time of a host between two readings, divided among live and exited processes."""

from __future__ import annotations

from jinmaek.model import Explained
from jinmaek.sampling import Snapshot
from jinmaek.tasks.delta import account

BUSY = ("user", "nice", "system", "irq", "softirq")
"""Columns of CPU time that is work; guests are part of user, steal is not work."""


def busy_seconds(first: Snapshot, last: Snapshot) -> float | None:
    """CPU seconds of all CPUs that went to work between two readings; None where they are not known."""

    def busy(snapshot: Snapshot) -> float:
        rows = snapshot.tables["stat_cpu"]
        return sum(getattr(row, name, 0) or 0 for row in rows for name in BUSY)

    if not (first.tables.get("stat_cpu") and last.tables.get("stat_cpu")):
        return None
    return busy(last) - busy(first)


def explained(first: Snapshot, last: Snapshot) -> Explained | None:
    """Who used it; None of a single reading, and where CPU times or tasks were not read."""
    if first is last or first.tasks is None or last.tasks is None:
        return None
    seconds = busy_seconds(first, last)
    return None if seconds is None else account(seconds, first.tasks, last.tasks)
