"""Processes the task iterator does not show, read from /proc and put where they belong among the others.

A guarded host keeps some processes from it. Which is found out by listing /proc, once, and again when the
kernel counts other threads (/proc/loadavg) than both ways show together.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import loadavg
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks import procfs
from jinmaek.tasks.bpf_columns import Column, Lazy
from jinmaek.tasks.files import read
from jinmaek.tasks.seen import Seen
from jinmaek.tasks.table import TaskTable

AGAIN = 10.0
"""Seconds from one listing of /proc to the next at the least: where much is born counts always differ."""
MOST = 64
"""With more hidden than this the iterator does not show the host."""


class Beside:
    """``pids`` are the processes it reads at each scan. ``shown`` gives the pids the iterator shows."""

    __slots__ = ("_listed", "_root", "_shown", "pids")

    def __init__(self, root: Root, shown: Callable[[], Iterable[int]]) -> None:
        self._root, self._shown = root, shown
        self.pids: list[int] = []
        self._list()

    def _list(self) -> None:
        self._listed = time.monotonic()
        folder = self._root.path("proc")
        listed = {int(name) for name in os.listdir(folder) if name.isdigit() and name.isascii()}
        # What exited in between is not hidden.
        missing = listed.difference(self._shown())
        self.pids = sorted(pid for pid in missing if os.path.exists(f"{folder}/{pid}"))

    def read(
        self, shown: int, gaps: dict[str, Gap], *, details: bool, usage: bool, threads: bool
    ) -> list[Seen]:
        """The hidden processes of a host of which the iterator showed so many threads; in order of pids."""

        def now() -> list[Seen]:
            found: list[Seen] = []
            for pid in self.pids:
                with procfs.losing(gaps, pid):
                    found.append(
                        procfs.process(self._root, pid, gaps, details=details, usage=usage, threads=threads)
                    )
            return found

        found = now()
        counted = threads_counted(self._root)
        known = shown + sum(len(one.states) for one in found)
        if counted not in (None, known) and time.monotonic() - self._listed > AGAIN:
            self._list()
            found = now()
        return found


def threads_counted(root: Root) -> int | None:
    """How many threads the kernel counts; None where it does not say."""
    try:
        return next(loadavg.parse(read(root.path("proc/loadavg")))).nr_threads
    except (procfile.Unreadable, Malformed, StopIteration):
        return None


def places_among(pids: Sequence[int], others: Iterable[int]) -> list[int]:
    """Where each of ``others``, ascending, goes in: the place in ``pids``, ascending, it goes before."""
    return [bisect_left(pids, pid) for pid in others]


def shifted(places: Iterable[int], before: Sequence[int]) -> list[int]:
    """Places in a table after others went in ``before`` some, with those of the others, ascending."""
    moved = [place + bisect_right(before, place) for place in places]
    return sorted(moved + [place + i for i, place in enumerate(before)])


def merged(
    table: TaskTable, others: TaskTable, before: Callable[[], Sequence[int]] | None = None
) -> TaskTable:
    """Both tables in one, by pid; a column ``table`` does not have is in neither.

    ``before`` tells the places the others go in before, where that costs less than the pids of all.
    """
    if not len(others):
        return table

    @cache
    def known() -> Sequence[int]:
        return before() if before is not None else places_among(table.pid, others.pid)

    def make(name: str) -> Column:
        column: Column = getattr(table, name)
        if not column:
            return column
        values: Sequence[object] = getattr(others, name) or [None] * len(others)
        whole = list[object](column)
        for place, value in zip(reversed(known()), reversed(values), strict=True):
            whole.insert(place, value)
        return whole  # type: ignore[return-value]

    def some(places: Sequence[int]) -> TaskTable:
        inserted = [place + i for i, place in enumerate(known())]
        theirs = [i for i, place in enumerate(inserted) if place in places]
        mine = [place - bisect_left(inserted, place) for place in places if place not in inserted]
        return merged(table.rows(mine), others.rows(theirs))

    return Lazy(make, some)
