"""The processes of a report at each of its moments: those that did or hold most, and what all others do
together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from jinmaek.sampling import Snapshot
from jinmaek.tasks.delta import TaskDelta, deltas

MOST = 12
"""Processes of a moment by each figure."""
COLUMNS = ("process", "state", "threads", "cpu", "resident", "swap", "read", "write")
"""Of a row: number of the process, state letter, threads, CPUs used, bytes, bytes, bytes a second twice."""
SORTED: tuple[Callable[[TaskDelta], float | None], ...] = (
    lambda one: one.cpu_s,
    lambda one: one.resident,
    lambda one: one.vm_swap,
    lambda one: None if one.read_bytes is None else one.read_bytes + (one.write_bytes or 0),
)
STUCK = ("D", "Z")


class Processes:
    """Gathers moments; each process is named once."""

    def __init__(self, name_of: Callable[[int], str]) -> None:
        self._name_of = name_of
        self._known: dict[tuple[str, int, float], int] = {}
        self.named: list[dict[str, Any]] = []
        """By number."""

    def at(self, before: Snapshot, now: Snapshot) -> dict[str, Any] | None:
        """The rows of one moment, figures since the sample ``before``; None where no tasks were recorded."""
        if before.tasks is None or now.tasks is None:
            return None
        seconds = now.tasks.time - before.tasks.time
        every = deltas(before.tasks, now.tasks)
        shown = chosen(every)
        places = {id(one) for one in shown}
        left = [one for one in every if id(one) not in places]
        return {
            "rows": [self._row(one, now.boot_id, seconds) for one in shown],
            "all": len(every),
            "left_out": {"processes": len(left), **_sums(left, seconds)},
        }

    def _row(self, one: TaskDelta, boot: str, seconds: float) -> list[Any]:
        key = boot, one.pid, one.start_time
        number = self._known.get(key)
        if number is None or self.named[number]["name"] != one.comm:
            # A process that called exec is another program: the names of both are kept.
            number = self._known[key] = len(self.named)
            user = None if one.uid is None else self._name_of(one.uid)
            self.named.append({"pid": one.pid, "start_time": one.start_time, "name": one.comm, "user": user})
        return [
            number,
            one.state,
            one.num_threads,
            _rate(one.cpu_s, seconds, 4),
            one.resident,
            one.vm_swap,
            _rate(one.read_bytes, seconds, 0),
            _rate(one.write_bytes, seconds, 0),
        ]


def chosen(every: Sequence[TaskDelta]) -> list[TaskDelta]:
    """The first by each figure that is not 0, and those that are stuck, by CPU time and memory."""
    found: dict[int, TaskDelta] = {}
    for figure in SORTED:
        ranked = sorted(every, key=lambda one: (-(figure(one) or 0), one.pid))
        found.update((id(one), one) for one in ranked[:MOST] if figure(one))
    stuck = [one for one in every if one.state in STUCK]
    found.update((id(one), one) for one in stuck[:MOST])
    return sorted(found.values(), key=lambda one: (-one.cpu_s, -(one.resident or 0), one.pid))


def _sums(left: Iterable[TaskDelta], seconds: float) -> dict[str, Any]:
    every = list(left)
    return {
        "cpu": _rate(sum(one.cpu_s for one in every), seconds, 4),
        "resident": _known(one.resident for one in every),
        "swap": _known(one.vm_swap for one in every),
        "read": _rate(_known(one.read_bytes for one in every), seconds, 0),
        "write": _rate(_known(one.write_bytes for one in every), seconds, 0),
    }


def _known(figures: Iterable[int | None]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def _rate(figure: float | None, seconds: float, digits: int) -> float | None:
    """So much a second; what shrank is not told, since a counter of the kernel does not."""
    if figure is None or seconds <= 0 or figure < 0:
        return None
    return round(figure / seconds, digits) if digits else round(figure / seconds)
