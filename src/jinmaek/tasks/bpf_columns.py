"""The columns of the task table out of the records of one pass, each decoded when it is first asked for.

A pass over thousands of tasks costs less than the Python objects for all columns would, and a view shows few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

from jinmaek.kernel.stat import CLK_TCK
from jinmaek.tasks.bpf_records import SUMS, Records, split
from jinmaek.tasks.seen import LIVELY
from jinmaek.tasks.table import TaskTable

Column = list[int] | list[float] | list[str] | list[int | None] | list[float | None]

NS = 1e-9
DETAILS = ("vm_swap", "rss_anon", "rss_file", "rss_shmem")
NANOSECONDS = ("utime", "stime", "cutime", "cstime", "run_time", "run_delay")
SPREAD = ("utime", "stime", *SUMS)
"""Words of a leader that are not yet its process' if there are other threads."""
WORD = {"run_time": "run_ns"}
OWN = {
    **WORD,
    "minflt": "own_minflt", "majflt": "own_majflt",
    "read_bytes": "own_read_bytes", "write_bytes": "own_write_bytes",
}  # fmt: skip
"""Columns not named as their word: of processes, of threads."""
OWN_TIMES = ("own_utime", "own_stime", "run_ns", "own_prev_utime", "own_prev_stime")
SHARED = (
    "cutime", "cstime", "num_threads", "vsize", "tty_nr", "resident", "shared", *DETAILS,
)  # fmt: skip
"""What /proc tells of the whole process in the file of each thread."""


class Lazy(TaskTable):
    """A table whose columns are made by name when first asked for; so may be a table of some of its rows."""

    __slots__ = ("_make", "_some")
    _make: Callable[[str], Column]
    _some: Callable[[Sequence[int]], TaskTable] | None

    def __init__(
        self, make: Callable[[str], Column], some: Callable[[Sequence[int]], TaskTable] | None = None
    ) -> None:
        # The columns' own slots stay empty, so that asking for one comes to __getattr__.
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_some", some)

    def __getattr__(self, name: str) -> Column:
        if name.startswith("_"):
            raise AttributeError(name)
        column = self._make(name)
        object.__setattr__(self, name, column)
        return column

    def rows(self, places: Sequence[int]) -> TaskTable:
        return super().rows(places) if self._some is None else self._some(places)

    def __reduce__(self) -> tuple[type[TaskTable], tuple[Column, ...]]:
        return TaskTable, tuple(getattr(self, one.name) for one in fields(TaskTable))


def process_table(records: Records, *, details: bool) -> TaskTable:
    """One entry for each leader, with what its other threads did."""

    def make(name: str) -> Column:
        if name in records.missing or (name in DETAILS and not details):
            return []
        match name:
            case "comm":
                return records.comm(records.order.processes)
            case "state":
                return _process_states(records)
            case "tgid":
                return records.leaders("pid")
            case "start_time":
                return [ticks / CLK_TCK for ticks in records.leaders("start_ticks")]
            case "vm_swap" | "rss_anon" | "rss_file" | "rss_shmem":
                pairs = zip(records.leaders(name), records.leaders("has_mm"), strict=True)
                return [value if known else None for value, known in pairs]
            case _:
                word = WORD.get(name, name)
                column = records.leaders(word)
                for i, leader, others in records.groups() if word in SPREAD else ():
                    column[i] = records.total(leader, others, word)
                return [value * NS for value in column] if name in NANOSECONDS else column

    return Lazy(make, lambda places: process_table(records.only(places), details=details))


def thread_table(records: Records, processes: TaskTable) -> TaskTable:
    """One entry for each thread; what /proc tells of the whole process comes from ``processes``."""
    places = {pid: i for i, pid in enumerate(processes.pid)}
    order = records.order.threads
    order = range(len(records)) if order is None else order
    # Of processes that began, or ended, in the middle of the pass not all is known.
    known = [
        (at, place)
        for at, tgid in zip(order, records.chosen("tgid", order), strict=True)
        if (place := places.get(tgid)) is not None
    ]
    chosen, whose = [at for at, _ in known], [place for _, place in known]

    def make(name: str) -> Column:
        if name in records.missing:
            return []
        match name:
            case "comm":
                return records.comm(chosen)
            case "state":
                return records.states(chosen)
            case "start_time":
                return [ticks / CLK_TCK for ticks in records.chosen("start_ticks", chosen)]
            case "utime" | "stime":
                words = zip(*(records.chosen(word, chosen) for word in OWN_TIMES), strict=True)
                return [split(*five)[name == "stime"] * NS for five in words]
            case _ if name in SHARED:
                column = getattr(processes, name)
                return [column[place] for place in whose] if column else []
            case _:
                plain = records.chosen(OWN.get(name, name), chosen)
                return [value * NS for value in plain] if name in NANOSECONDS else plain

    return Lazy(make)


def _process_states(records: Records) -> list[str]:
    """The leader's, unless it exited before the others: then the liveliest thread's."""
    states = records.states(records.order.processes)
    if "Z" in states or "X" in states:
        every = records.states(None)
        for i, _, others in records.groups():
            if states[i] in "ZX":
                alive = {every[at] for at in others}
                states[i] = next((letter for letter in LIVELY if letter in alive), states[i])
    return states
