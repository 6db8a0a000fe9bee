"""Who does it inside the cgroup that a finding is about: the cgroup's own figures, then its processes.

In version 1 a process may stand in another cgroup for each controller: any of its paths puts it inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.ranking import MOST, of_task
from jinmaek.kernel.cgroup_cpu import CgroupCpu
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.model import Culprit
from jinmaek.tasks.delta import TaskDelta
from jinmaek.tasks.procfs import cgroups_of

MIB = 1024 * 1024
ASKED = 500
"""Processes that are asked for their cgroup, those with the largest figure first."""


def by_cpu_time(look: Look) -> tuple[Culprit, ...]:
    """The quota, and who used it: CPU seconds in the look, of those of all processes inside."""
    found = [_quota(look, row) for row in _rows(look, "cgroup_cpu") if isinstance(row, CgroupCpu)]
    return (*found, *_inside(look, lambda task: task.cpu_s, 1, "{amount:.1f} s of CPU time"))


def by_major_faults(look: Look) -> tuple[Culprit, ...]:
    """What it holds, and whose pages have to come back."""
    why = "{amount:.0f} major page faults in this look"
    return (*_holding(look), *_inside(look, lambda task: task.majflt, 1, why))


def by_memory(look: Look) -> tuple[Culprit, ...]:
    """What it holds, and whose memory of it cannot be dropped."""
    why = "{amount:.0f} MiB of its own memory"
    return (*_holding(look), *_inside(look, _own, MIB, why))


def _own(task: TaskDelta) -> int:
    return (task.rss_anon or 0) + (task.vm_swap or 0)


def _quota(look: Look, row: CgroupCpu) -> Culprit:
    if row.quota is None:
        return Culprit("cgroup", row.cgroup, look.say("the quota is not known"))
    return Culprit("cgroup", row.cgroup, look.say("a quota of {cpus:.2f} CPUs", cpus=row.quota))


def _holding(look: Look) -> list[Culprit]:
    """The kinds of memory in it, of its limit."""
    found = []
    for row in _rows(look, "cgroup_memory"):
        if not isinstance(row, CgroupMemory):
            continue
        kinds = (
            ("anonymous memory", row.anon),
            ("tmpfs and shared memory", row.shmem),
            ("page cache of files", None if row.file is None else row.file - (row.shmem or 0)),
            ("kernel memory", row.kernel),
        )
        known = [(kind, size) for kind, size in kinds if size]
        parts = [
            look.say("{size:.0f} MiB of {kind}", size=size / MIB, kind=look.say(kind))
            for kind, size in sorted(known, key=lambda pair: -pair[1])
        ]
        share = row.current / row.max if row.current is not None and row.max else None
        found.append(Culprit("cgroup", row.cgroup, ", ".join(parts), share=share))
    return found


def _rows(look: Look, table: str) -> Iterable[object]:
    name = look.label("cgroup")
    return (row for row in look.read(table, -1) if getattr(row, "cgroup", None) == name)


def _inside(look: Look, size: Callable[[TaskDelta], float], unit: float, why: str) -> tuple[Culprit, ...]:
    """The largest of the processes inside, in shares of all of them."""
    cgroup, root = look.label("cgroup"), look.root
    if root is None:
        return ()
    ranked = sorted((t for t in look.deltas if size(t) > 0), key=lambda t: (-size(t), t.pid))[:ASKED]
    inside = [t for t in ranked if any(_below(path, cgroup) for path in cgroups_of(root, t.pid))]
    whole = sum(size(task) for task in inside)
    return tuple(
        of_task(look, task, size(task) / whole, why, amount=size(task) / unit) for task in inside[:MOST]
    )


def _below(path: str, cgroup: str) -> bool:
    return path == cgroup or path.startswith(cgroup.rstrip("/") + "/")
