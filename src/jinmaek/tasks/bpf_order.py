"""Which records of a pass are of processes and which of threads, both in order of their numbers.

A pass comes by thread id, or as the kernel's list of tasks has them. Records are never moved for it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import compress


class Order:
    """Found out when it is asked for, and the next pass over the same tasks takes it over."""

    def __init__(self, pids: array[int], leads: bytes | None) -> None:
        """The thread id of each record, and 1 for each that leads its process; None where all do."""
        self._every, self.leads = pids, leads

    def same(self, pids: array[int], leads: bytes | None) -> bool:
        return pids == self._every and leads == self.leads

    @cached_property
    def _leaders(self) -> tuple[list[int], Sequence[int] | None]:
        if self.leads is None:
            return _ascending(self._every.tolist(), range(len(self._every)))
        places = list(compress(range(len(self._every)), self.leads))
        pids, at = _ascending(list(compress(self._every, self.leads)), places)
        return pids, places if at is None else at

    @property
    def pids(self) -> list[int]:
        """Numbers of all processes, ascending."""
        return self._leaders[0]

    @property
    def processes(self) -> Sequence[int] | None:
        """The record of each; None where these are all records as they are."""
        return self._leaders[1]

    @cached_property
    def threads(self) -> Sequence[int] | None:
        """The record of each thread, ascending by thread id; None where these are all records as they are."""
        return _ascending(self._every.tolist(), range(len(self._every)))[1]


def _ascending(pids: list[int], places: Sequence[int]) -> tuple[list[int], Sequence[int] | None]:
    """Both in order of ``pids``; None where the places were.

    A leader that another thread took over from while the list was walked is there as both: the last counts.
    """
    ordered = sorted(pids)
    if ordered == pids and len(set(pids)) == len(pids):
        return pids, None
    last = dict(zip(pids, places, strict=True))
    ordered = sorted(last)
    return ordered, [last[pid] for pid in ordered]
