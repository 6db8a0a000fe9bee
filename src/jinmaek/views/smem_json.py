"""``smem --json``: one object in bytes, with every process that could not be read."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jinmaek.views.smem import Frame

SIZES = ("swap", "swappss", "uss", "pss", "rss", "vss")
NAMES = {"swappss": "swap_pss"}


def data(frame: Frame) -> dict[str, object]:
    """Ages are seconds; processes whose figures are of an earlier table are counted in ``kept``."""
    rows, unread = frame.rows, frame.unread
    return {
        "schema": 1,
        "by": frame.kind,
        "processes": frame.processes,
        "kept": frame.kept,
        "oldest_s": round(frame.at - frame.oldest, 3) if frame.processes else None,
        "rows": [{**_labels(frame, one), **_sizes(one)} for one in rows],
        "totals": {
            f"{NAMES.get(name, name)}_bytes": sum(getattr(one, name) or 0 for one in rows)
            if any(getattr(one, name) is not None for one in rows)
            else None
            for name in SIZES
        },
        "gaps": [
            {
                "pid": one.pid,
                "comm": one.name,
                "kind": one.missed.kind,
                "source": one.missed.source,
                "detail": one.missed.detail,
            }
            for one in unread
        ],
    }


def _labels(frame: Frame, one: Any) -> dict[str, object]:
    if frame.kind == "mapping":
        return {"mapping": one.name, "mappings": one.count, "processes": one.pids}
    age = {"age_s": round(frame.at - one.at, 3)}
    if frame.kind == "user":
        return {"user": one.name, "processes": one.count, **age}
    return {
        "pid": one.pid,
        "uid": one.uid,
        "user": one.user,
        "comm": one.name,
        "command": one.command,
        **age,
    }


def _sizes(one: Any) -> dict[str, int | None]:
    return {f"{NAMES.get(name, name)}_bytes": getattr(one, name) for name in SIZES}
