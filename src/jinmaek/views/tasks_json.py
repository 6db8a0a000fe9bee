"""How the task table was read, and whose lock stood in the way, as data: the same in every command."""

from __future__ import annotations

from collections.abc import Iterable

from jinmaek.model import Explained, Gap, Locked, Remembered, TasksRead


def gap(one: Gap) -> dict[str, str]:
    """A gap, as everywhere in JSON."""
    return {"kind": one.kind, "source": one.source, "detail": one.detail}


def tasks_read(read: TasksRead) -> dict[str, object]:
    """The way, its cost in CPU seconds, why not the cheaper way, and who was read from /proc beside it."""
    return {
        "way": read.way,
        "cpu_s": read.cpu_s,
        "refused": None if read.refused is None else gap(read.refused),
        "hidden": list(read.hidden),
    }


def explained(told: Explained | None) -> dict[str, object] | None:
    """CPU seconds between two readings: of the host, and what live and exited processes used of them."""
    if told is None:
        return None
    return {
        "busy_s": told.busy_s,
        "alive_s": told.alive_s,
        "exited_s": told.exited_s,
        "unexplained_s": told.unexplained_s,
    }


def locked(them: Iterable[Locked]) -> list[dict[str, object]]:
    """Processes whose mmap_lock is held."""
    return [
        {"pid": one.pid, "start_time": one.start_time, "name": one.name, "gap": gap(one.gap)} for one in them
    ]


def history(told: Remembered | Gap | None) -> dict[str, object] | None:
    """What a look went on from, or the gap in its place."""
    match told:
        case Remembered():
            return {
                "recording": told.recording,
                "since": told.since,
                "interval_s": told.interval,
                "samples": told.samples,
                "gap": None,
            }
        case Gap():
            return {
                "recording": told.source,
                "since": None,
                "interval_s": None,
                "samples": None,
                "gap": gap(told),
            }
        case None:
            return None
