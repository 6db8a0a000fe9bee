"""One moment of a recording, and those after it: where a view takes its figures from with ``--recording``."""

from __future__ import annotations

from bisect import bisect_right

from jinmaek.cli import moments
from jinmaek.cli.errors import WHY, SourceUnreadable
from jinmaek.history.recording.past import Past
from jinmaek.model import Gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any, Self, TypeVar

    from jinmaek.sampling import Snapshot

    Row = TypeVar("Row")


class Recorded:
    """A place in a recording. Raises ``Usage``, ``SourceUnreadable``; close it, or use ``with``."""

    def __init__(self, args: Namespace) -> None:
        self._recording = moments.opened(args)
        try:
            self.past, self._at = moments.sample(self._recording, args.at)
        except BaseException:
            self._recording.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        moments.tell_damage(self._recording)
        self._recording.close()

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the recorder said of the host."""
        return self.past.meta

    @property
    def wall(self) -> float:
        """When the sample was, in seconds since the epoch."""
        return self.past.wall(self._at)

    @property
    def seconds(self) -> float:
        """When the sample was, in seconds since boot."""
        return self.past.times[self._at]

    def rows(self, table: str, kind: type[Row]) -> tuple[Row, ...]:
        """The rows of a table as last read. Raises ``SourceUnreadable``."""
        found = self.past.rows(table, self._at)
        if isinstance(found, Gap):
            why, todo = WHY.get(found.kind, (found.kind, "see jinmaek recordings verify"))
            if found.detail:
                why, todo = found.detail, "see jinmaek recordings list"
            raise SourceUnreadable(f"{self._recording.path}: {table}", why, todo)
        return tuple(row for row in found if isinstance(row, kind))

    def row(self, table: str, kind: type[Row]) -> Row:
        """The only row of a table. Raises ``SourceUnreadable``."""
        for row in self.rows(table, kind):
            return row
        raise SourceUnreadable(f"{self._recording.path}: {table}", "it was empty", "try another moment")

    def snapshot(self) -> Snapshot:
        """All of the sample. Raises ``SourceUnreadable``."""
        try:
            return self.past.snapshot(self._at)
        except LookupError as lost:
            raise SourceUnreadable(self._recording.path, str(lost), "see jinmaek recordings verify") from None

    def earlier(self, seconds: float) -> Snapshot | None:
        """The sample so long before, of the same boot; None where there is none."""
        then = self.seconds - seconds
        at = bisect_right(self.past.times, then) - 1
        if at >= 0:
            return self.past.snapshot(at)
        part = Past(self._recording, self.past.boot, then - 2 * max(1.0, seconds), then)
        part.only = self.past.only
        return part.snapshot(len(part) - 1) if len(part) else None

    def before(self, seconds: float) -> Past:
        """The samples of the same boot from so long before the moment up to it: at least its own."""
        return self.past.before(self.at, seconds)

    @property
    def at(self) -> int:
        """The place of the sample in ``past``."""
        return self._at

    def go_on(self, seconds: float) -> bool:
        """Move on to the sample of so many seconds later; False where the record of this boot ends before."""
        then = self.seconds + seconds
        at = bisect_right(self.past.times, then) - 1
        if at > self._at and at < len(self.past.times) - 1:
            self._at = at
            return True
        part = Past(self._recording, self.past.boot, self.seconds, then + 3600)
        part.only = self.past.only
        if not part.times or part.times[-1] < then:
            return False
        self.past, self._at = part, max(1, bisect_right(part.times, then) - 1)
        return True
