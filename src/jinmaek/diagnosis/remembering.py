"""A live look that goes on from what a running recorder kept: trends are judged by hours, not by seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.past import look_at, needed, widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.joined import Joined
from jinmaek.history.live import Ring
from jinmaek.history.recording import running
from jinmaek.history.recording.past import Past
from jinmaek.model import Gap, Remembered


@contextmanager
def remembering(
    rules: tuple[Rule, ...], look: Look, ring: Ring, folders: Iterable[str]
) -> Iterator[tuple[Look, Remembered | Gap | None]]:
    """The look with as much history before it as these rules reach back for, and what that is.

    ``ring`` is its history; ``folders`` are where a recorder may be at work. The look itself where none is.
    """
    first = ring.snapshots[0]
    found = running.before(folders, first.boot_id, first.monotonic, needed(rules))
    if not isinstance(found, Past):
        yield look, found
        return
    with found.recording:
        yield (
            _on(look, found, ring),
            Remembered(
                recording=found.recording.path,
                since=found.wall(0),
                interval=float(found.meta.get("interval", 1.0)),
                samples=len(found),
            ),
        )


def _on(look: Look, past: Past, ring: Ring) -> Look:
    def during(since: float, until: float) -> Look:
        end = min(until, past.times[-1])
        part = Past(past.recording, past.boot, max(since, past.times[0]), end)
        if not len(part):
            return look
        if until < ring.times[0]:
            return look_at(part, look.lang)
        return _on(look, part, ring)

    return replace(look, history=Joined(past, ring), longest=widest(past.meta), during=during)
