"""Where a recording has no samples, and why: nothing is put in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jinmaek.history.recording.recording import Entry, Recording

NS = 1_000_000_000
WIDE = 1.6
"""A sample that comes later than so many intervals leaves a hole."""
SUSPENDED = NS // 2
"""CLOCK_BOOTTIME runs on while the host is suspended, CLOCK_MONOTONIC does not."""


class Hole(NamedTuple):
    """From the last sample before to the first behind, in seconds since the epoch."""

    since: float
    until: float
    why: str

    @property
    def seconds(self) -> float:
        return self.until - self.since


def holes(recording: Recording, since: float = 0.0, until: float = float("inf")) -> Iterator[Hole]:
    """The holes between two moments, in the order of time."""
    before: Entry | None = None
    for entry in recording.entries:
        clocks = recording.clocks(entry)
        if not clocks.get("wall"):
            continue
        interval = float(recording.meta(entry).get("interval", 1.0))
        if before is not None and entry.wall[0] / NS > since and before.wall[1] / NS < until:
            yield from _between(recording, before, entry, interval)
        before = entry
        if entry.wall[1] / NS >= since and entry.wall[0] / NS <= until:
            lost = bool(recording.meta(entry).get("lost"))
            yield from _inside(
                clocks["wall"], clocks["boottime"], clocks.get("monotonic", []), interval, lost=lost
            )


def _between(recording: Recording, before: Entry, entry: Entry, interval: float) -> Iterator[Hole]:
    since, until = before.wall[1] / NS, entry.wall[0] / NS
    meta = recording.meta(entry)
    if entry.boot != before.boot:
        yield Hole(since, until, "another boot")
        return
    passed = (entry.boottime[0] - before.boottime[1]) / NS
    if meta.get("why") == "clock set" or abs((until - since) - passed) > 1:
        yield Hole(since, until, "the clock was set")
    elif passed > WIDE * interval:
        paused = meta.get("paused")
        if paused:
            yield Hole(since, until, str(paused[1]))
        elif meta.get("why") == "started":
            stopped = recording.end(before) == "stopped"
            yield Hole(since, until, "recorder stopped" if stopped else "recorder killed")
        else:
            yield Hole(since, until, _late(passed, interval))


def _inside(
    wall: list[int], boottime: list[int], monotonic: list[int], interval: float, *, lost: bool
) -> Iterator[Hole]:
    for at in range(1, len(boottime)):
        passed = boottime[at] - boottime[at - 1]
        if passed > WIDE * interval * NS:
            awake = monotonic[at] - monotonic[at - 1] if monotonic else passed
            why = "damaged" if lost else _late(passed / NS, interval)
            if passed - awake > SUSPENDED:
                why = "host suspended"
            yield Hole(wall[at - 1] / NS, wall[at] / NS, why)


def _late(passed: float, interval: float) -> str:
    return f"recorder did not run for {passed - interval:.1f} s"
