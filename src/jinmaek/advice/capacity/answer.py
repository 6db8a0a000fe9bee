"""What ``capacity`` says, and the case it is judged from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jinmaek.accounts.heap.said import Said
from jinmaek.advice.capacity.cushion import Cushion
from jinmaek.advice.capacity.grower import Grower, inside
from jinmaek.advice.capacity.headroom import Outlook
from jinmaek.advice.capacity.limits import More
from jinmaek.advice.capacity.series import Peak, Watched
from jinmaek.advice.capacity.signs import Signs
from jinmaek.advice.capacity.squeeze import Squeeze
from jinmaek.model import Confidence

Verdict = Literal["yes", "no", "no-evidence"]
Cause = Literal[
    "leak", "short", "burst", "limit", "cushion", "fragmentation", "enough", "few", "unread", "felt",
    "unjudged", "low", "before", "cycled",
]  # fmt: skip
"""Why, in a word: of ``no`` leak to enough, of ``yes`` short, burst and limit, of no evidence the others."""


@dataclass(frozen=True, slots=True)
class Focus:
    """What was asked about: one process, one cgroup, or the host where both are None."""

    pid: int | None = None
    cgroup: str | None = None
    """Of a process, the one its memory is charged to."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Bytes the host, or the cgroup asked for, had to hold."""

    most: float
    """In the window, at the time ``at`` in seconds since boot."""
    at: float
    now: float
    of: float | None
    """RAM of the host, or the limit of the cgroup."""
    before: float | None
    """Most that was ever charged to the cgroup, cache included (memory.peak)."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the verdict is made of."""

    w: Watched
    focus: Focus
    growers: tuple[Grower, ...]
    """What was asked about; leaks first."""
    every: tuple[Grower, ...]
    """All there are: a limit is shared."""
    outlooks: tuple[Outlook, ...]
    """The limit that is reached first at first."""
    signs: Signs
    squeezes: tuple[Squeeze, ...]
    """Cgroups that came to their limit, and those around what was asked for."""
    cushions: tuple[Cushion, ...]
    """What could take the bursts."""

    @property
    def scope(self) -> Squeeze | None:
        """The cgroup the answer is about; None where it is the host."""
        if self.focus.cgroup is None:
            return None
        around = [one for one in self.squeezes if inside(self.focus.cgroup, one.path)]
        return max(around, key=lambda one: (one.state == "short", one.hits or 0), default=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything ``capacity`` says."""

    verdict: Verdict
    cause: Cause
    sentence: Said
    confidence: Confidence
    case: Case
    more: tuple[More, ...]
    restart: tuple[Grower, float] | None
    """Who could be started again, and how many seconds that buys."""
    demand: Demand | None
    peaks: tuple[Peak, ...]
    """Processes that once had much more than now."""
    would_change: tuple[Said, ...]
