"""What every ranking of processes is made of: the largest first, at most five of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jinmaek.diagnosis.look import Look
from jinmaek.model import Culprit
from jinmaek.tasks.delta import TaskDelta

MOST = 5


def largest(tasks: Iterable[TaskDelta], size: Callable[[TaskDelta], float], least: float) -> list[TaskDelta]:
    """Those whose size is above 0 and at least ``least``."""
    found = [task for task in tasks if size(task) > 0 and size(task) >= least]
    return sorted(found, key=lambda task: (-size(task), task.pid))[:MOST]


def of_task(look: Look, task: TaskDelta, share: float | None, why: str, **values: object) -> Culprit:
    """A process, what of the whole is its, and why in words; ``why`` is translated."""
    return Culprit(
        "process",
        task.comm,
        look.say(why, **values),
        share=share,
        pid=task.pid,
        start_time=task.start_time,
        cgroup=look.cgroup_of(task.pid),
    )
