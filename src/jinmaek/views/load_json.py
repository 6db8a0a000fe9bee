"""The load account as data. A value that is not known is null, never 0."""

from __future__ import annotations

from typing import Any

from jinmaek.accounts.load.account import NOT_COUNTED, Load, Part, Who
from jinmaek.accounts.load.verdict import sentence, word
from jinmaek.model import TasksRead
from jinmaek.views.tasks_json import gap, tasks_read


def document(load: Load, read: TasksRead, lang: str, cost: tuple[float, float]) -> dict[str, Any]:
    """One object, schema 1; ``cost`` is CPU and wall seconds."""
    averages = load.load or (None, None, None)
    return {
        "schema": 1,
        "load1": averages[0],
        "load5": averages[1],
        "load15": averages[2],
        "cpus": load.cpus,
        "window_s": load.window_s,
        "recovered": load.recovered,
        "counts": [{"time": t.time, "count": t.count, "exact": t.exact} for t in load.counts],
        "predicted": load.predicted,
        "parts": [_part(part) for part in load.parts],
        "counted": load.counted,
        "unexplained": load.unexplained,
        "on_cpu": load.on_cpu,
        "waiting_for_cpu": load.waiting_for_cpu,
        "stolen": load.stolen,
        "verdict": word(load),
        "sentence": sentence(load, lang),
        "scan": tasks_read(read),
        "gaps": [gap(one) for one in load.gaps],
        "cost": {"cpu_s": cost[0], "wall_s": cost[1]},
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "in_load": part.kind not in NOT_COUNTED,
        "threads": part.threads,
        "share": part.share,
        "who": [_who(who) for who in part.who],
    }


def _who(who: Who) -> dict[str, Any]:
    return {
        "pid": who.pid,
        "start_time": who.start_time,
        "name": who.name,
        "cgroup": who.cgroup,
        "threads": who.threads,
        "wchan": who.wchan,
        "device": who.place.device if who.place else None,
        "mountpoint": who.place.mountpoint if who.place else None,
        "fstype": who.place.fstype if who.place else None,
        "frozen_file_system": who.freezing,
    }
