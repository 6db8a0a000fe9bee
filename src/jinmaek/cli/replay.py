"""``jinmaek replay``: a recording on the terminal, moment by moment."""

from __future__ import annotations

import argparse
import sys
from array import array
from dataclasses import replace

from jinmaek.cli import moments
from jinmaek.cli.errors import Usage
from jinmaek.i18n import LANGUAGES, from_locale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jinmaek.history.recording.recording import Recording
    from jinmaek.views.top_frame import Frame

SUMMARY = "a recording on the terminal: step, jump, play, and go to the next thing that was wrong"

BEFORE = 3.0
"""Seconds over which rates of a picture are taken, as top does."""
AHEAD = 3600.0
"""Seconds of the record that are judged at a time in search of the next finding."""


def build(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("--recording", metavar="DIR", help="what jinmaek record wrote (default: where it writes by default)")
    add("--at", metavar="TIME", help=f"where to begin, by default at the end: {moments.HELP}")
    add("--lang", choices=LANGUAGES, default=from_locale(), help="language of the page")


def run(args: argparse.Namespace) -> int:
    """Show it until q is pressed."""
    from jinmaek.views.replay import Replay, watch

    with moments.opened(args) as recording:
        source = Recorded(recording, args.lang)
        replay = Replay(source, 0, args.lang)
        replay.go(moments.when(recording, args.at))
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise Usage("replay", "no terminal to show it on", "use jinmaek top -b --at TIME for text")
        status = watch(replay)
        moments.tell_damage(recording)
        return status


class Recorded:
    """What ``views.replay`` asks of a recording."""

    def __init__(self, recording: Recording, lang: str) -> None:
        from jinmaek.history.recording.holes import holes

        self._recording, self._lang = recording, lang
        self._places: list[int] = []
        """The first sample of each block among all."""
        walls = array("d")
        for entry in recording.entries:
            self._places.append(len(walls))
            walls.extend([wall / 1e9 for wall in recording.clocks(entry).get("wall", ())])
        self.walls: Sequence[float] = walls
        self.gaps: Sequence[tuple[float, float, str]] = list(holes(recording))
        self._names = _names(recording)

    def frame(self, place: int) -> Frame | str:
        """The picture of a sample, or why there is none."""
        from bisect import bisect_right

        from jinmaek.accounts.cpu import explained
        from jinmaek.history.recording.past import Past
        from jinmaek.views.top_frame import TABLES, frame

        entry = self._recording.entries[bisect_right(self._places, place) - 1]
        wall = self.walls[place]
        clocks = self._recording.clocks(entry)
        at = place - self._places[self._recording.entries.index(entry)]
        now = clocks["boottime"][at] / 1e9
        past = Past(self._recording, entry.boot, now - 2 * BEFORE, now)
        past.only = TABLES
        try:
            last = past.snapshot(len(past) - 1)
            if last.tasks is None:
                return f"no processes were recorded at {moments.shown(wall)}"
            earlier = [i for i, one in enumerate(past.times) if one <= now - BEFORE] or [0]
            before = past.snapshot(earlier[-1]) if len(past) > 1 else None
        except LookupError as lost:
            return str(lost)
        made = frame(
            before,
            last,
            name_of=self._names,
            sessions=None,
            pid_width=max(5, len(str(max(last.tasks.processes.pid, default=0)))),
        )
        return made if before is None else replace(made, explained=explained(before, last))

    def next_finding(self, after: float) -> tuple[float, str] | None:
        """When something began to be wrong after a moment, and what."""
        from jinmaek.diagnosis.episodes import episodes
        from jinmaek.history.recording.boots import boots
        from jinmaek.rules import rules

        end = self.walls[-1]
        start = after
        while start < end:
            until = min(start + AHEAD, end)
            found: list[tuple[float, str]] = []
            for boot, first, last in boots(self._recording, start, until):
                offset = self._offset(boot)
                for one in episodes(rules(), self._recording, boot, first, last):
                    begun = one.since + offset
                    if begun > after + 1:
                        found.append((begun, f"{one.rule.severity.upper()}  {one.rule.title}  {one.rule.id}"))
            if found:
                return min(found)
            start = until
        return None

    def _offset(self, boot: str) -> float:
        """Seconds to add to those since boot for those since the epoch."""
        for entry in self._recording.entries:
            if entry.boot == boot:
                return (entry.wall[0] - entry.boottime[0]) / 1e9
        return 0.0

    def moment(self, text: str) -> float | None:
        """What a user wrote; None where that is no moment."""
        try:
            return moments.moment(text, self.walls[-1])
        except Usage:
            return None


def _names(recording: Recording) -> Callable[[int], str]:
    from jinmaek.tasks import users

    meta = recording.meta(recording.entries[-1])
    return users.names_of(meta.get("host"))
