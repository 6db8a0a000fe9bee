"""The parts of a recording between two moments, one for each boot."""

from __future__ import annotations

from jinmaek.history.recording.past import NS, Past
from jinmaek.history.recording.recording import Recording


def boots(recording: Recording, since: float, until: float) -> list[tuple[str, float, float]]:
    """The boots between two moments (since the epoch), with the part of each in seconds since boot."""
    found: dict[str, tuple[float, float]] = {}
    for entry in recording.entries:
        # An entry's own ends are not enough where the clock was set: its samples say when they were.
        clocks = recording.clocks(entry)
        inside = [
            at / NS
            for wall, at in zip(clocks.get("wall", ()), clocks.get("boottime", ()), strict=True)
            if since <= wall / NS <= until
        ]
        if inside:
            start, end = found.get(entry.boot, (inside[0], inside[-1]))
            found[entry.boot] = min(start, inside[0]), max(end, inside[-1])
    return [(boot, start, end) for boot, (start, end) in found.items()]


def pasts(recording: Recording, since: float, until: float) -> list[Past]:
    """The samples of each, of those that have some."""
    found = [Past(recording, boot, start, end) for boot, start, end in boots(recording, since, until)]
    return [past for past in found if len(past)]
