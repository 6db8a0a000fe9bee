"""What every history answers, so that one rule is judged the same on any source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from jinmaek.catalog import Ref
from jinmaek.model import Gap, Labels, Points
from jinmaek.sampling import Snapshot


class History(Protocol):
    """Readings of columns over time."""

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        """Readings of one column from ``start`` to ``end``, both included, by the labels of the row.

        Labels are all labels of the table, as text. Points ascend; a value of None means that the
        series ended there. A table that was read and has no rows is an empty mapping; a table or
        column that could not be read is a gap.
        """
        ...


class Readings(History, Protocol):
    """A history that holds the readings themselves: a look at a live host, or a part of a recording."""

    @property
    def snapshots(self) -> Sequence[Snapshot]:
        """Of one boot, oldest first; the first and the last have tasks, where tasks were read."""
        ...

    @property
    def times(self) -> Sequence[float]:
        """Of each snapshot, in seconds since boot."""
        ...

    def read(self, table: str, index: int) -> tuple[object, ...]:
        """The rows of the first (0) or the last (-1) reading in which a table was read; none where it was
        not."""
        ...
