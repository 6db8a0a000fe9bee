"""What there is of a recording at a glance, and reading all of it to see that it can be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from jinmaek.history.recording import folder as files
from jinmaek.history.recording.holes import Hole, holes
from jinmaek.history.recording.recording import Damage, Recording


@dataclass(frozen=True, slots=True)
class Overview:
    """Times are seconds since the epoch."""

    path: str
    host: str
    kernel: str
    interval: float
    since: float
    until: float
    samples: int
    bytes: int
    boots: int
    recorder: int | None
    """The pid of who writes there now."""
    cpu_share: float | None
    """Of one CPU, what recording took in the last block; None where that was not recorded."""
    holes: tuple[Hole, ...]
    damage: tuple[Damage, ...]


def overview(recording: Recording) -> Overview:
    """What a recording holds. It has at least one sample."""
    span = recording.span()
    assert span is not None
    samples = sum(len(recording.clocks(entry).get("wall", ())) for entry in recording.entries)
    last = recording.entries[-1]
    meta = recording.meta(last)
    names = (*files.days(recording.path), *files.streams(recording.path))
    clocks = recording.clocks(last)
    cpu, wall = clocks.get("cpu", []), clocks.get("wall", [])
    passed = wall[-1] - wall[0] if wall else 0
    return Overview(
        path=recording.path,
        host=str(meta.get("host", "?")),
        kernel=str(meta.get("kernel", "?")),
        interval=float(meta.get("interval", 1.0)),
        since=span[0],
        until=span[1],
        samples=samples,
        bytes=sum(os.stat(f"{recording.path}/{name}").st_size for name in names),
        boots=len({entry.boot for entry in recording.entries}),
        recorder=files.recorder(recording.path),
        cpu_share=(cpu[-1] - cpu[0]) / passed if cpu and passed > 0 else None,
        holes=tuple(holes(recording)),
        damage=tuple(recording.damage),
    )


def read_all(recording: Recording, progress: Callable[[float], None] | None = None) -> tuple[int, int]:
    """Read every byte that says anything; how many blocks and samples could be read. See its ``damage``."""
    blocks = samples = 0
    for number, entry in enumerate(recording.entries):
        block = recording.whole(entry)
        if block is not None:
            blocks += 1
            samples += block.samples
        if progress:
            progress(number / len(recording.entries))
    return blocks, samples
