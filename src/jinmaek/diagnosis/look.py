"""One look at a host: what the judge evaluates and what culprits are found in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from jinmaek.accounts.cpu import explained
from jinmaek.history.protocol import Readings
from jinmaek.i18n import tr
from jinmaek.kernel.kmsg import Kill
from jinmaek.model import Explained, Gap, Labels
from jinmaek.root import Root
from jinmaek.sampling import Snapshot
from jinmaek.tasks.delta import TaskDelta, deltas, through, waited
from jinmaek.tasks.table import Scan

WINDOW = 60.0
"""The longest window of a rate in a live look, in seconds."""

PARTS = 12
"""Of a recorded time, between which processes are looked for that ended in it."""


@dataclass(frozen=True)
class Look:
    """Snapshots from first to last. Only the first and the last need hold the details of every process."""

    history: Readings
    lang: str
    cgroup_of: Callable[[int], str | None]
    kills: Callable[[], tuple[Kill, ...] | Gap]
    """Kills of the OOM killer in the kernel log."""
    root: Root | None = None
    """Where a culprit may be asked for more; None where there is nobody to ask."""
    subject: Labels = ()
    """Of the finding that is looked into."""
    whole: Look | None = None
    """The look that this one looks into a subject of."""
    longest: float = WINDOW
    """The longest window of ranges without their own, in seconds."""
    during: Callable[[float, float], Look] | None = None
    """The same from one moment to another, seconds since boot; None where only the whole is there."""

    def about(self, subject: Labels) -> Look:
        """The same look, into one subject."""
        return replace(self, subject=subject, whole=self.whole or self)

    def episode(self, since: float, until: float) -> Look:
        """What is known of the time in which a finding held: who did it is asked of all of it."""
        return self if self.during is None else self.during(since, until)

    def label(self, name: str) -> str:
        """One label of the subject; empty where it has none of this name."""
        return dict(self.subject).get(name, "")

    @property
    def first(self) -> Snapshot:
        return self.history.snapshots[0]

    @property
    def last(self) -> Snapshot:
        return self.history.snapshots[-1]

    @property
    def window(self) -> float:
        """Seconds from the first to the last reading; 0 for a single one."""
        times = self.history.times
        return times[-1] - times[0]

    @cached_property
    def deltas(self) -> list[TaskDelta]:
        """What every process alive at the end did between the first and the last scan; of a recording, also
        what those did that ended before: who made a thing is often gone when it is over."""
        if self.whole is not None:
            return self.whole.deltas
        if self.during is not None:
            return through(list(self._scans()))
        if self.first.tasks is None or self.last.tasks is None:
            return []
        return deltas(self.first.tasks, self.last.tasks)

    def _scans(self) -> Iterator[Scan]:
        """Some scans from the first to the last, evenly."""
        last = len(self.history.snapshots) - 1
        for place in sorted({last * n // PARTS for n in range(PARTS + 1)}):
            try:
                scan = self.history.snapshots[place].tasks
            except LookupError:  # its block is damaged, which the recording names
                continue
            if scan is not None:
                yield scan

    @cached_property
    def explained(self) -> Explained | None:
        """Who used the CPU time of the look; None where there is only one reading, or no CPU times."""
        if self.whole is not None:
            return self.whole.explained
        return explained(self.first, self.last)

    @cached_property
    def waited(self) -> Mapping[int, float]:
        """CPU seconds of exited children, by the pid of the parent that waited for them in this time."""
        if self.whole is not None:
            return self.whole.waited
        if self.first.tasks is None or self.last.tasks is None:
            return {}
        return waited(self.first.tasks, self.last.tasks)

    def read(self, table: str, index: int) -> tuple[object, ...]:
        """The rows of the first (0) or the last (-1) reading in which a table was read."""
        return self.history.read(table, index)

    def say(self, template: str, **values: object) -> str:
        """A sentence in the language of this look."""
        return tr(self.lang, template).format(**values)
