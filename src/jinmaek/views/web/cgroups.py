"""The tree of cgroups with what each takes, from the last minute of any history."""

from __future__ import annotations

from jinmaek.catalog import ref
from jinmaek.diagnosis.look import Look
from jinmaek.model import Gap, Points

BACK = 90.0
"""Seconds of readings a rate is taken over: cgroups are read now and then."""
MOST = 2000
"""Cgroups that are told: of more those that hold most memory."""

GAUGES = {
    "memory_bytes": "cgroup_memory.current",
    "memory_max_bytes": "cgroup_memory.max",
    "memory_high_bytes": "cgroup_memory.high",
    "anon_bytes": "cgroup_memory.anon",
    "file_bytes": "cgroup_memory.file",
    "swap_bytes": "cgroup_memory.swap_current",
    "cpu_quota": "cgroup_cpu.quota",
    "pids": "cgroup_pids.current",
    "pids_max": "cgroup_pids.max",
}
"""What is told of a cgroup, and its column."""
RATES = {"cpu": "cgroup_cpu.usage", "throttled": "cgroup_cpu.throttled"}
"""Seconds per second."""
UNLIMITED = ("memory_max_bytes", "memory_high_bytes", "cpu_quota", "pids_max")
"""Null in these says that there is no limit, or that it could not be read: see ``gaps``."""


def tables() -> set[str]:
    """Where they are."""
    return {column.partition(".")[0] for column in (*GAUGES.values(), *RATES.values())}


def tree(look: Look) -> dict[str, object]:
    """Every cgroup by its path; a figure that is not known is null."""
    at = look.history.times[-1]
    rows: dict[str, dict[str, float | None]] = {}
    gaps: dict[str, Gap] = {}
    for name, column in {**GAUGES, **RATES}.items():
        found = look.history.series(ref(column), at - BACK, at)
        if isinstance(found, Gap):
            if name not in UNLIMITED:
                gaps[found.source] = found
            continue
        for labels, points in found.items():
            path = dict(labels)["cgroup"]
            rows.setdefault(path, {})[name] = _rate(points) if name in RATES else points[-1][1]
    paths = sorted(rows, key=lambda path: -(rows[path].get("memory_bytes") or 0.0))
    kept = sorted(paths[:MOST])
    return {
        "schema": 1,
        "time": look.last.wall,
        "cgroups": [
            {"path": path, **{name: rows[path].get(name) for name in (*GAUGES, *RATES)}} for path in kept
        ],
        "left_out": len(paths) - len(kept),
        "gaps": [{"kind": one.kind, "source": one.source, "detail": one.detail} for one in gaps.values()],
    }


def _rate(points: Points) -> float | None:
    known = [(time, value) for time, value in points if value is not None]
    if len(known) < 2 or points[-1][1] is None:
        return None
    (since, low), (until, high) = known[0], known[-1]
    return (high - low) / (until - since) if until > since and high >= low else None
