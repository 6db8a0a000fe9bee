"""One pass of the task iterator: its records, their words as columns, and which changed since another."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple, TypeVar

from jinmaek.tasks.bpf_order import Order
from jinmaek.tasks.bpf_record import DESC, NAME, NAME_AT, SIZE, WORDS

STEP = SIZE // 8
BLOCK = 64
"""Records copied at a time, few enough for memory at hand."""
FINER = 8
SPARE = 3
AT = {name: at for at, name in enumerate(WORDS)}
SUMS = {
    "sum_utime": "own_utime", "sum_stime": "own_stime", "sum_run_ns": "run_ns", "run_ns": "run_ns",
    "minflt": "own_minflt", "majflt": "own_majflt", "run_delay": "run_delay",
    "in_iowait": "in_iowait", "read_bytes": "own_read_bytes", "write_bytes": "own_write_bytes",
}  # fmt: skip
"""The leader's word, which may count exited threads too, and the word of each other thread to add."""
T = TypeVar("T")
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


class Group(NamedTuple):
    """A process of several threads: its place among the processes, its leader's record and the others'."""

    place: int
    leader: int
    others: list[int]


class Records:
    """One pass: a record of ``SIZE`` bytes for each thread, in whatever order; columns are by number.

    Memory that was never touched costs more than all that is done with it here: ``spare`` gets the words
    back once no table needs them.
    """

    __slots__ = ("_end", "_groups", "_names", "_spare", "_words", "leads", "missing", "order")

    def __init__(
        self,
        words: array[int],
        count: int,
        names: Names,
        missing: Container[str] = (),
        spare: list[array[int]] | None = None,
        earlier: Records | None = None,
    ) -> None:
        """The first ``count`` words hold records. ``missing`` are the columns this kernel has no data for.

        ``earlier`` is a pass that may have been over the same tasks.
        """
        self._words, self._end, self._names, self._spare = words, count, names, spare
        self.missing = missing
        self._groups: list[Group] | None = None
        leads = self.bytes("leads")
        self.leads = leads if 0 in leads else None
        """1 for each record of a leader, 0 for others; None where all are leaders."""
        pids = self.array("pid")
        same = earlier is not None and earlier.order.same(pids, self.leads)
        self.order: Order = earlier.order if earlier is not None and same else Order(pids, self.leads)

    def __del__(self) -> None:
        if self._spare is not None and len(self._spare) < SPARE:
            self._spare.append(self._words)

    def __len__(self) -> int:
        return self._end // STEP

    def array(self, word: str) -> array[int]:
        """A word of all records."""
        return self._words[AT[word] : self._end : STEP]

    def bytes(self, word: str) -> bytes:
        """The lowest byte of a word of all records."""
        return self.array(word).tobytes()[::8]

    def states(self, chosen: Sequence[int] | None) -> list[str]:
        """State letters of some records, of all as they are without a choice."""
        return _picked(list(self.bytes("state").decode("ascii")), chosen)

    def chosen(self, word: str, chosen: Sequence[int] | None) -> list[int]:
        """A word of some records, of all as they are without a choice."""
        return _picked(self.array(word).tolist(), chosen)

    def leaders(self, word: str) -> list[int]:
        """A word of all processes."""
        return self.chosen(word, self.order.processes)

    def leaders_below(self, pid: int) -> int:
        """How many processes have smaller numbers."""
        return bisect_left(self.order.pids, pid)

    def word(self, at: int, name: str) -> int:
        """A word of one record."""
        return self._words[at * STEP + AT[name]]

    def name(self, at: int) -> str:
        """The name in one record."""
        start = at * STEP + NAME_AT // 8
        return self._names[self._words[start : start + (NAME + DESC) // 8].tobytes()]

    def comm(self, chosen: Sequence[int] | None) -> list[str]:
        """Names in some records."""
        told: list[str] = []
        for start in range(0, self._end, BLOCK * STEP):
            part = self._words[start : min(start + BLOCK * STEP, self._end)].tobytes()
            told += [self._names[part[at : at + NAME + DESC]] for at in range(NAME_AT, len(part), SIZE)]
        return _picked(told, chosen)

    def groups(self) -> list[Group]:
        """Processes of several threads.

        A process that began, or was given up, in the middle of the pass has no leader in it and is left out.
        """
        if self._groups is None:
            self._groups = _grouped(self, self.leads) if self.leads else []
        return self._groups

    def total(self, leader: int, others: list[int], word: str) -> int:
        """A word of a whole process."""
        if word in ("utime", "stime"):
            user, system, run = (
                self.total(leader, others, part) for part in ("sum_utime", "sum_stime", "sum_run_ns")
            )
            before = (self.array(part)[leader] for part in ("prev_utime", "prev_stime"))
            return split(user, system, run, *before)[word == "stime"]
        each = self.array(SUMS[word])
        return self.array(word)[leader] + sum([each[at] for at in others])

    def only(self, places: Sequence[int]) -> Records:
        """The records of the processes at these places, given in ascending order."""
        processes = self.order.processes
        chosen = list(places) if processes is None else [processes[place] for place in places]
        if self.leads is not None:
            wanted = set(places)
            chosen += [at for group in self.groups() if group.place in wanted for at in group.others]
        words = array("q")
        for at in chosen:
            words.extend(self._words[at * STEP : (at + 1) * STEP])
        return Records(words, len(words), self._names, self.missing)

    def changed(self, earlier: Records) -> list[int]:
        """Places of the processes that are new or of which any word changed since an earlier pass."""
        records = list(_differing(self, earlier))
        if self.order.processes is None:
            return records
        pids, tgids, known = self.order.pids, self.array("tgid"), len(self.order.pids)
        places = {bisect_left(pids, tgid): tgid for tgid in {tgids[at] for at in records}}
        return sorted(at for at, tgid in places.items() if at < known and pids[at] == tgid)


def _differing(new: Records, old: Records) -> Iterator[int]:
    """Records of ``new`` that ``old`` does not hold just so, whole blocks of equal ones passed over."""
    pids = new.array("pid")
    where = None if pids == old.array("pid") else {pid: at for at, pid in enumerate(old.array("pid"))}
    shift = 0

    def same(start: int, count: int) -> bool:
        a, b = start * STEP, (start + shift) * STEP
        size = count * STEP
        return b >= 0 and new._words[a : a + size] == old._words[b : b + size]

    end, known = len(new), len(old)
    for start in range(0, end, BLOCK):
        block = min(BLOCK, end - start)
        if start + shift + block <= known and same(start, block):
            continue
        for inner in range(start, start + block, FINER):
            few = min(FINER, start + block - inner)
            if inner + shift + few <= known and same(inner, few):
                continue
            for at in range(inner, inner + few):
                if where is not None:
                    found = where.get(pids[at])
                    if found is None:
                        yield at
                        continue
                    shift = found - at
                if not same(at, 1):
                    yield at


def _grouped(records: Records, leads: bytes) -> list[Group]:
    tgids, pids, places = records.array("tgid"), records.order.pids, records.order.processes
    others: dict[int, list[int]] = {}
    at = leads.find(0)
    while at >= 0:
        others.setdefault(tgids[at], []).append(at)
        at = leads.find(0, at + 1)
    found: list[Group] = []
    for tgid in sorted(others):
        place = bisect_left(pids, tgid)
        if place < len(pids) and pids[place] == tgid:
            found.append(Group(place, place if places is None else places[place], others[tgid]))
    return found


def _picked(values: list[T], at: Sequence[int] | None) -> list[T]:
    if at is None:
        return values
    return list(itemgetter(*at)(values)) if len(at) > 1 else [values[i] for i in at]


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
