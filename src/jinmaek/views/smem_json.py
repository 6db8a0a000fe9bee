"""``smem --json``: one object in bytes, with every process that could not be read."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from jinmaek.views.smem import Unread

SIZES = ("swap", "swappss", "uss", "pss", "rss", "vss")
NAMES = {"swappss": "swap_pss"}


def data(kind: str, rows: Sequence[Any], unread: Sequence[Unread]) -> dict[str, object]:
    """``kind`` is process, user or mapping."""
    return {
        "schema": 1,
        "by": kind,
        "rows": [{**_labels(kind, one), **_sizes(one)} for one in rows],
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


def _labels(kind: str, one: Any) -> dict[str, object]:
    if kind == "process":
        return {"pid": one.pid, "uid": one.uid, "user": one.user, "comm": one.name, "command": one.command}
    if kind == "user":
        return {"user": one.name, "processes": one.count}
    return {"mapping": one.name, "mappings": one.count, "processes": one.pids}


def _sizes(one: Any) -> dict[str, int | None]:
    return {f"{NAMES.get(name, name)}_bytes": getattr(one, name) for name in SIZES}
