"""Playing a recording: which sample is due after so much time, at a speed, with gaps left out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

SPEEDS = (1, 2, 5, 10, 30, 60, 300)


@dataclass(slots=True)
class Player:
    """``walls`` are the moments of all samples, ``gaps`` those, to the
    microsecond, behind which samples are missing."""

    walls: Sequence[float]
    gaps: frozenset[float] = frozenset()
    speed: int = 1
    began: tuple[float, float] | None = None
    """While it plays: the clock when that began, and the moment it began at."""

    def place(self, wall: float) -> int:
        """The last sample at or before a moment, or the first there is."""
        return max(0, bisect_right(self.walls, wall) - 1)

    def toggle(self, place: int, clock: float) -> None:
        """Play from a sample on, or stop."""
        self.began = None if self.began else (clock, self.walls[place])

    def moved(self, place: int, clock: float) -> None:
        """Somebody went elsewhere: it plays on from there."""
        if self.began:
            self.began = clock, self.walls[place]

    def pace(self, by: int, place: int, clock: float) -> None:
        """Faster or slower."""
        at = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        self.moved(place, clock)

    def due(self, place: int, clock: float) -> int | None:
        """The sample to show now where it is another; at the last one it stops."""
        if self.began is None:
            return None
        began, since = self.began
        moment = since + (clock - began) * self.speed
        found = self.place(moment)
        last = len(self.walls) - 1
        if round(self.walls[place], 6) in self.gaps and place < last:
            # Nothing is played in a gap: the sample behind it comes at once.
            found = max(found, place + 1)
            self.began = clock, self.walls[found]
        if found <= place:
            return None
        if found >= last:
            self.began = None
        return found
