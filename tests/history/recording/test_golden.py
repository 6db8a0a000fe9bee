"""What the first version of the format recorded is read for ever, value for value.

``golden/1`` was written by it: a sealed block and an open one, with a table that only another version knows.
``golden/1.json`` is what is in it. Neither is ever written again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinmaek.history.recording.recording import Recording
from jinmaek.history.recording.snapshots import Sampled
from jinmaek.sampling import Snapshot
from jinmaek.tasks.table import TaskTable

GOLDEN = Path(__file__).parent / "golden"


def fields_of(row: object) -> tuple[str, ...]:
    names: tuple[str, ...] = type(row).__match_args__  # type: ignore[attr-defined]
    return names


def told(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as JSON, each value as Python writes it: to the last bit, and of its type."""
    scan = snapshot.tasks
    return {
        "boot": snapshot.boot_id,
        "wall": repr(snapshot.wall),
        "monotonic": repr(snapshot.monotonic),
        "tables": {
            name: [{field: repr(getattr(row, field)) for field in fields_of(row)} for row in rows]
            for name, rows in snapshot.tables.items()
        },
        "gaps": {name: [gap.kind, gap.source, gap.detail] for name, gap in snapshot.gaps.items()},
        "tasks": scan
        and {
            "way": scan.way,
            "time": repr(scan.time),
            "processes": {
                name: [repr(value) for value in column]
                for name in TaskTable.__slots__
                if (column := getattr(scan.processes, name))
            },
            "waiting": [
                [one.pid, one.tgid, repr(one.start_time), one.comm, one.wchan] for one in scan.waiting
            ],
            "gaps": {name: [gap.kind, gap.source, gap.detail] for name, gap in scan.gaps.items()},
        },
    }


def known(ours: Any, theirs: Any) -> Any:
    """Of what we read, what that version knew: columns a later one knows too must be None."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        more = {name: value for name, value in ours.items() if name not in theirs}
        assert all(value in ("None", [], {}) for value in more.values()), more
        return {name: known(ours.get(name), value) for name, value in theirs.items()}
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        return [known(mine, other) for mine, other in zip(ours, theirs, strict=True)]
    return ours


def test_the_first_format() -> None:
    expected = json.loads((GOLDEN / "1.json").read_text())
    found = []
    with Recording(str(GOLDEN / "1")) as recording:
        for entry in recording.entries:
            assert recording.meta(entry)["host"] == "h"
            block = recording.whole(entry)
            assert block is not None
            sampled = Sampled(block)
            found += [told(sampled.at(i)) for i in range(block.samples)]
        assert [recording.end(entry) for entry in recording.entries] == ["stopped", None]
        assert not recording.damage
    assert len(found) == len(expected) == 20
    for ours, theirs in zip(found, expected, strict=True):
        assert known(ours, theirs) == theirs
