"""What every history answers, so that one rule is judged the same on any source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from jinmaek.catalog import Ref
from jinmaek.model import Gap, Labels, Points


class History(Protocol):
    """Readings of columns over time."""

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        """Readings of one column from ``start`` to ``end``, both included, by the labels of the row.

        Labels are all labels of the table, as text. Points ascend; a value of None means that the
        series ended there. A table that was read and has no rows is an empty mapping; a table or
        column that could not be read is a gap.
        """
        ...
