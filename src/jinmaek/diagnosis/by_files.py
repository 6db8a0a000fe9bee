"""Who has most files open for what it may have, and of which kind they are."""

from __future__ import annotations

from collections import Counter

from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import MOST
from jinmaek.model import Culprit
from jinmaek.tasks.descriptors import PidFd, kinds

NEAR = 0.5
"""Of its limit: who is below is not named."""


def by_open_files(look: Look) -> tuple[Culprit, ...]:
    """Descriptors of each process, of those it may have; without one near its limit, of all open files."""
    rows = [row for row in look.read("pid_fd", -1) if isinstance(row, PidFd)]
    near = [row for row in rows if row.max and row.open >= NEAR * row.max]
    if near:
        ranked = sorted(near, key=lambda row: (-row.open / (row.max or 1), row.pid))[:MOST]
        return tuple(_named(look, row, row.open / (row.max or 1)) for row in ranked)
    whole = sum(row.open for row in rows)
    return tuple(
        _named(look, row, row.open / whole)
        for row in sorted(rows, key=lambda row: (-row.open, row.pid))[:MOST]
    )


def _named(look: Look, row: PidFd, share: float) -> Culprit:
    found = Counter[str]() if look.root is None else kinds(look.root, row.pid)
    most = ", ".join(f"{count} {kind}" for kind, count in found.most_common(2))
    values = {"open": row.open, "most": most}
    if row.max is None:
        why = look.say("{open} descriptors, without limit: {most}", **values)
    else:
        why = look.say("{open} of {max} descriptors: {most}", max=row.max, **values)
    start = next((task.start_time for task in look.deltas if task.pid == row.pid), None)
    return Culprit(
        "process",
        row.comm,
        why if most else why.rstrip(": "),
        share=share,
        pid=row.pid,
        start_time=start,
        cgroup=look.cgroup_of(row.pid),
    )
