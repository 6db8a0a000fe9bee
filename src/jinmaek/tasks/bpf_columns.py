"""The columns of the task table out of the records of one pass, each decoded when it is first asked for.

A pass over thousands of tasks costs less than the Python objects for all columns would, and a view shows few.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Iterable
from dataclasses import fields
from itertools import compress

from jinmaek.kernel.stat import CLK_TCK
from jinmaek.tasks.bpf_record import DESC, NAME, NAME_AT, SIZE, WORDS
from jinmaek.tasks.seen import LIVELY
from jinmaek.tasks.table import TaskTable

Column = list[int] | list[float] | list[str] | list[int | None]

STEP = SIZE // 8
BLOCK = 64 * STEP
"""Words copied at a time, few enough for memory at hand."""
SPARE = 3
AT = {name: at for at, name in enumerate(WORDS)}
NS = 1e-9
DETAILS = ("vm_swap", "rss_anon", "rss_file", "rss_shmem")
NANOSECONDS = ("utime", "stime", "cutime", "cstime", "run_time", "run_delay")
SUMS = {
    "sum_utime": "own_utime", "sum_stime": "own_stime", "sum_run_ns": "run_ns",
    "minflt": "own_minflt", "majflt": "own_majflt", "run_delay": "run_delay",
    "in_iowait": "in_iowait", "read_bytes": "read_bytes", "write_bytes": "write_bytes",
}  # fmt: skip
"""The leader's word, which may count exited threads too, and the word of each other thread to add."""
SPREAD = ("utime", "stime", *SUMS)
"""Words of a leader that are not yet its process' if there are other threads."""
WORD = {"run_time": "sum_run_ns"}
OWN = {"run_time": "run_ns", "minflt": "own_minflt", "majflt": "own_majflt"}
"""Columns not named as their word: of processes, of threads."""
OWN_TIMES = ("own_utime", "own_stime", "run_ns", "own_prev_utime", "own_prev_stime")
SHARED = (
    "cutime", "cstime", "num_threads", "vsize", "tty_nr", "resident", "shared", *DETAILS,
)  # fmt: skip
"""What /proc tells of the whole process in the file of each thread."""
NAMES = 20_000
"""Names remembered at most."""


class Names(dict[bytes, str]):
    """Names by their bytes in a record: fs/proc/array.c proc_task_name()."""

    def __missing__(self, data: bytes) -> str:
        if len(self) >= NAMES:
            self.clear()
        name = data[:NAME].split(b"\0", 1)[0]
        work = data[NAME : NAME + DESC - 1].split(b"\0", 1)[0]
        if work:
            name += (b"+" if data[-1] else b"-") + work
        told = self[data] = name.decode("utf-8", "backslashreplace")
        return told


class Records:
    """One pass: a record of ``SIZE`` bytes for each thread.

    Memory that was never touched costs more than all that is done with it here: ``spare`` gets the words
    back once no table needs them.
    """

    __slots__ = ("_end", "_groups", "_names", "_spare", "_words", "leads", "missing")

    def __init__(
        self,
        words: array[int],
        count: int,
        names: Names,
        missing: Container[str] = (),
        spare: list[array[int]] | None = None,
    ) -> None:
        """The first ``count`` words hold records. ``missing`` are the columns this kernel has no data for."""
        self._words, self._end, self._names, self._spare = words, count, names, spare
        self.missing = missing
        self._groups: list[tuple[int, int, list[int]]] | None = None
        leads = self.bytes("leads")
        self.leads = leads if 0 in leads else None
        """1 for each record of a leader, 0 for others; None where all are leaders."""

    def __del__(self) -> None:
        if self._spare is not None and len(self._spare) < SPARE:
            self._spare.append(self._words)

    def array(self, word: str) -> array[int]:
        """A word of all records."""
        return self._words[AT[word] : self._end : STEP]

    def bytes(self, word: str) -> bytes:
        """The lowest byte of a word of all records."""
        return self.array(word).tobytes()[::8]

    def states(self, chosen: Iterable[int] | None) -> list[str]:
        """State letters of some records."""
        states = self.bytes("state")
        return list((states if chosen is None else bytes(compress(states, chosen))).decode("ascii"))

    def chosen(self, word: str, chosen: Iterable[int] | None) -> list[int]:
        """A word of some records, of all without a choice."""
        column = self.array(word)
        return column.tolist() if chosen is None else list(compress(column, chosen))

    def leaders(self, word: str) -> list[int]:
        return self.chosen(word, self.leads)

    def comm(self, chosen: Iterable[int] | None) -> list[str]:
        told: list[str] = []
        for start in range(0, self._end, BLOCK):
            part = self._words[start : min(start + BLOCK, self._end)].tobytes()
            told += [self._names[part[at : at + NAME + DESC]] for at in range(NAME_AT, len(part), SIZE)]
        return told if chosen is None else list(compress(told, chosen))

    def groups(self) -> list[tuple[int, int, list[int]]]:
        """Processes of several threads: place among the leaders, the leader's record, the others' records.

        A process that began, or was given up, in the middle of the pass has no leader in it and is left out.
        """
        if self._groups is None:
            self._groups = _grouped(self.array("tgid"), self.leads) if self.leads else []
        return self._groups

    def total(self, leader: int, others: list[int], word: str) -> int:
        """A word of ``SPREAD`` of a whole process."""
        if word in ("utime", "stime"):
            user, system, run = (
                self.total(leader, others, part) for part in ("sum_utime", "sum_stime", "sum_run_ns")
            )
            before = (self.array(part)[leader] for part in ("prev_utime", "prev_stime"))
            return split(user, system, run, *before)[word == "stime"]
        each = self.array(SUMS[word])
        return self.array(word)[leader] + sum([each[at] for at in others])


def _grouped(tgids: array[int], leads: bytes) -> list[tuple[int, int, list[int]]]:
    others: dict[int, list[int]] = {}
    for at, leading in enumerate(leads):
        if not leading:
            others.setdefault(tgids[at], []).append(at)
    return [
        (i, at, others[tgids[at]])
        for i, at in enumerate(compress(range(len(leads)), leads))
        if tgids[at] in others
    ]


class Lazy(TaskTable):
    """A table whose columns are made by name when first asked for."""

    __slots__ = ("_make",)
    _make: Callable[[str], Column]

    def __init__(self, make: Callable[[str], Column]) -> None:
        # The columns' own slots stay empty, so that asking for one comes to __getattr__.
        object.__setattr__(self, "_make", make)

    def __getattr__(self, name: str) -> Column:
        if name.startswith("_"):
            raise AttributeError(name)
        column = self._make(name)
        object.__setattr__(self, name, column)
        return column

    def __reduce__(self) -> tuple[type[TaskTable], tuple[Column, ...]]:
        return TaskTable, tuple(getattr(self, one.name) for one in fields(TaskTable))


def process_table(records: Records, *, details: bool) -> TaskTable:
    """One entry for each leader, with what its other threads did."""

    def make(name: str) -> Column:
        if name in records.missing or (name in DETAILS and not details):
            return []
        match name:
            case "comm":
                return records.comm(records.leads)
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

    return Lazy(make)


def thread_table(records: Records, processes: TaskTable) -> TaskTable:
    """One entry for each thread; what /proc tells of the whole process comes from ``processes``."""
    places = {pid: i for i, pid in enumerate(processes.pid)}
    whose = [places.get(tgid, -1) for tgid in records.array("tgid")]
    chosen = [place >= 0 for place in whose]

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
                return [column[place] for place in whose if place >= 0] if column else []
            case _:
                plain = records.chosen(OWN.get(name, name), chosen)
                return [value * NS for value in plain] if name in NANOSECONDS else plain

    return Lazy(make)


def _process_states(records: Records) -> list[str]:
    """The leader's, unless it exited before the others: then the liveliest thread's."""
    states = records.states(records.leads)
    if "Z" in states or "X" in states:
        every = records.states(None)
        for i, _, others in records.groups():
            if states[i] in "ZX":
                alive = {every[at] for at in others}
                states[i] = next((letter for letter in LIVELY if letter in alive), states[i])
    return states


def split(user: int, system: int, run: int, prev_user: int, prev_system: int) -> tuple[int, int]:
    """Precise run time as user and system time, split as the ticks were: cputime_adjust(), nanoseconds."""
    if prev_user + prev_system >= run:
        return prev_user, prev_system
    if system == 0:
        share = 0
    elif user == 0:
        share = run
    else:
        share = system * run // (system + user)
    share = max(share, prev_system)
    if run - share < prev_user:
        return prev_user, run - prev_user
    return run - share, share
