"""The difference between two moments as JSON, schema 1 (docs/diff.schema.json); bytes, unknown is null."""

from __future__ import annotations

from typing import Any

from jinmaek.accounts.difference import Difference, Moved
from jinmaek.views.tasks_json import gap


def data(told: Difference) -> dict[str, Any]:
    """One JSON object."""
    return {
        "schema": 1,
        "since": told.before.wall,
        "until": told.after.wall,
        "same_boot": told.same_boot,
        "memory": {
            "total": told.total and _moved(told.total),
            "buckets": [_moved(one) for one in told.memory],
            "swap": told.swap and _moved(told.swap),
        },
        "tasks": [
            {
                "pid": task.pid,
                "start_time": task.start_time,
                "name": task.name,
                "before": task.before,
                "after": task.after,
                "by": task.by,
                "cpu_s": task.cpu_s,
            }
            for task in told.tasks
        ],
        "names": [_moved(one) for one in told.names],
        "slabs": [_moved(one) for one in told.slabs],
        "cgroups": [_moved(one) for one in told.cgroups],
        "settings": [{"name": one.name, "before": one.before, "after": one.after} for one in told.settings],
        "events": [{"column": f"vmstat.{one.name}", "by": one.by} for one in told.events],
        "gaps": [gap(one) for one in told.gaps],
    }


def _moved(one: Moved) -> dict[str, Any]:
    return {"name": one.name, "before": one.before, "after": one.after, "by": one.by}
