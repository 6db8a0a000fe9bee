"""USS, PSS and swap of all processes, table after table; figures of a process that did nothing are kept.

Walking the page tables of thousands of idle processes again and again is what such a table costs. A process
did nothing if its stat file is what it was before its figures were read, byte for byte: page faults, CPU
time, resident pages, address space, state, the CPU it last ran on. Then it is not read again, which is right
as far as this goes:

- Its own page tables change when it faults (minflt, majflt), maps or unmaps (vsize), and when reclaim, swap,
  khugepaged or a process that writes into it change what it has resident (rss). Two things stay unseen: what
  madvise() alone frees, by a process that runs for less than a clock tick, or reclaim takes, as long as it is
  less than the kernel counts rss in (before 6.2 64 pages for each thread, since then 32, or twice the CPUs if
  that is more, on each CPU); and KSM, which shares pages without a change of rss.
- Its PSS and USS also change when others who share its pages come, go, or write to them, and no file of its
  own tells. Those who share most are looked after. Processes forked from one another without an exec have
  code and stack at the same addresses, those of one program have code of the same size, and stat tells both.
  Where ``1/SHARE`` of such a family has come or gone since it was last read, or has changed as much of what
  it shares, the whole family is read again: in the same table for what came or went, in the next for what
  changed. What a shared library's other users do is not looked after.
- So nobody's figures are kept for more than ``tables - 1`` tables: each time the oldest are read again, a
  share of all, of those of one age the largest first.

A large process that is busy is not read for every table: to walk its page tables takes its mmap_lock, and a
tenth of a second for a few GiB. Where that took more than ``LONG`` it is read for ``1/SHARE`` of the time at
most, unless what it has resident has changed by ``1/SHARE`` or a quarter of its family has moved, and is kept
for no longer than others.

A budget of seconds may run out before all that is due is read. What was due longest is then first the next
time, the largest of those first; what was not reached is reported and keeps its older figures. So each
figure has its own age, and whoever shows it shows the age of the oldest. A figure is kept for one process,
never for a pid: a held stat file ends with its process, and where none could be held, the start time differs.

The first table reads everything. Each held file costs the kernel a page.
"""

from __future__ import annotations

import os
import resource
import time

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.tasks.guarded import Missed
from jinmaek.tasks.pss import TABLES, UNKNOWN, Process, Unread, pids
from jinmaek.tasks.stat_files import LINE, StatFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from jinmaek.root import Root
    from jinmaek.tasks.guarded import Reading, Tick
    from jinmaek.tasks.pss import Asked
    from jinmaek.tasks.stat_files import Kept

    Family = tuple[int, int]

SHARE = 32
QUARTER = 4
LONG = 0.005
"""Seconds of reading one process that are worth sparing."""
SPARE = 64
"""Descriptors left to the rest of the program."""
RSS, START_CODE, END_CODE, START_STACK = 21, 23, 24, 25
"""Words of a stat file after the name."""
CHANGED, RELATED, OLD = range(3)
"""Why figures are due, the best reason first."""


class Table:
    """What is known of all processes now. Figures of ``kept`` of them are from earlier tables."""

    __slots__ = ("kept", "processes", "unread")

    def __init__(self, processes: list[Process], unread: list[Unread], kept: int) -> None:
        self.processes = processes
        self.unread = unread
        self.kept = kept


class _One:
    """A process from table to table.

    ``read`` is the table its figures are from, ``due`` the one they were first wanted anew for, or 0;
    ``rest`` is until when it is better left alone, unless it is ``urgent`` to read it again.
    """

    __slots__ = (
        "due",
        "families",
        "missed",
        "process",
        "read",
        "rest",
        "rss",
        "rss_read",
        "shown",
        "stat",
        "urgent",
        "why",
    )

    def __init__(self, pid: int, stat: Kept) -> None:
        self.stat = stat
        self.process = Process(pid)
        self.families: tuple[Family, ...] = ()
        self.rss = self.rss_read = self.read = self.due = 0
        """Resident pages by its stat file now, and when its figures were read."""
        self.rest = 0.0
        self.urgent = False
        self.why = CHANGED
        self.shown = False
        self.missed: Missed | None = None

    def want(self, turn: int, why: int) -> None:
        """Have it read again."""
        self.why = min(self.why, why) if self.due else why
        self.due = self.due or turn


class Tables:
    """Tables of one machine, which keep the stat files of its processes open; use ``with``."""

    def __init__(self, root: Root, asked: Asked, *, tables: int = TABLES, tick: Tick | None = None) -> None:
        self._root = root
        self._asked = asked
        self._tables = tables
        self._guard = asked.guard(root, tick)
        self._files = StatFiles(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE)
        self._turn = 0
        self._ones: dict[int, _One] = {}
        self._queue: dict[_One, None] = {}
        """Those that have memory, in the order they were read in."""
        self._families: dict[Family, set[_One]] = {}
        self._moved: dict[Family, float] = {}
        """How many members have come, gone or changed what they share since the family was last wanted."""
        self._hidden: list[Unread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in list(self._ones):
            self._drop(pid)

    def table(self, budget: float | None = None) -> Table:
        """The next table, with ``budget`` seconds to read figures. Raises ``procfile.Unreadable``."""
        self._turn += 1
        self._look()
        self._relate()
        self._rotate()
        now = time.monotonic()
        due = [one for one in self._queue if one.due and (one.rest < now or self._pressing(one))]
        due.sort(key=lambda one: (one.due, one.why, -one.rss))
        wanted = [one for one in due if self._owned(one)]
        read = self._guard.read([(one, one.process.pid) for one in wanted], budget)
        for one in wanted:
            self._take(one, read[one])
        shown = [one for one in self._queue if one.shown]
        return Table(
            [one.process for one in shown],
            [Unread(one.process.pid, one.process.name, one.missed) for one in self._queue if one.missed]
            + self._hidden,
            sum(one.read < self._turn for one in shown),
        )

    def _look(self) -> None:
        """Note who has come, gone or done something."""
        self._hidden = []
        pread, ones = os.pread, self._ones
        listed = pids(self._root)
        for pid in ones.keys() - set(listed):
            self._drop(pid)
        for pid in listed:
            one = ones.get(pid)
            if one is not None and one.stat.file >= 0:
                # Most processes of most tables end here.
                try:
                    if pread(one.stat.file, LINE, 0) == one.stat.raw:
                        continue
                except ProcessLookupError:
                    pass
            try:
                self._look_at(pid, one)
            except Malformed as fault:
                self._drop(pid)
                self._hidden.append(Unread(pid, UNKNOWN, Missed("malformed", f"proc/{pid}/stat", str(fault))))
            except procfile.Unreadable as missing:
                self._drop(pid)
                if missing.why != "gone" and os.path.exists(self._root.path(f"proc/{pid}")):
                    self._hidden.append(Unread(pid, UNKNOWN, Missed(missing.why, f"proc/{pid}/stat")))

    def _look_at(self, pid: int, one: _One | None) -> None:
        path = self._root.path(f"proc/{pid}/stat")
        if one is None:
            one = self._ones[pid] = _One(pid, self._files.again(path, None))
        else:
            was, held = one.stat, one.stat.file >= 0
            raw, started = was.raw, was.row.starttime
            stat = self._files.again(path, was)
            # A held file that had to be opened anew was another process'.
            if (held and stat is not was) or stat.row.starttime != started:
                self._forget(one)
                one = self._ones[pid] = _One(pid, stat)
            elif stat.raw == raw:
                return
            one.stat = stat
        row = one.stat.row
        one.process.name, one.process.vss = row.comm, row.vsize
        if not row.vsize:
            # A kernel thread has no memory, a zombie has none any more.
            self._forget(one)
            return
        self._queue.setdefault(one)
        one.want(self._turn, CHANGED)
        one.rss, families = _layout(one.stat.raw)
        if families != one.families:
            self._leave(one)
            one.families = families
            for family in families:
                self._families.setdefault(family, set()).add(one)
            self._move(one, 1)

    def _relate(self) -> None:
        """Have families read again of which enough has moved."""
        for family, moved in list(self._moved.items()):
            members = self._families.get(family, set())
            if moved * SHARE >= len(members):
                del self._moved[family]
                for one in members:
                    one.want(self._turn, RELATED)
                    one.urgent |= moved * QUARTER >= len(members)

    def _rotate(self) -> None:
        """Have the oldest figures read again."""
        share = -(-len(self._queue) // self._tables)
        for one in self._queue:
            if not one.due:
                if share <= 0 and self._turn - one.read < self._tables:
                    break
                one.want(self._turn, OLD)
                share -= 1

    def _pressing(self, one: _One) -> bool:
        """Whether it is read although it was read a short while ago for what it takes."""
        changed = abs(one.rss - one.rss_read) * SHARE >= one.rss_read
        return changed or one.urgent or not one.shown or self._turn - one.read >= self._tables

    def _owned(self, one: _One) -> bool:
        owned = self._asked.owned(self._root, one.process)
        if not owned:
            one.shown, one.missed = False, None
            self._done(one)
        return owned

    def _take(self, one: _One, reading: Reading) -> None:
        shared = one.process.rss - one.process.uss
        told = self._asked.fill(self._root, one.process, reading)
        one.missed = None
        if isinstance(told, Missed):
            if told.kind == "timed out":
                # It stays due, and is shown as it was.
                one.missed = told
                return
            if told.kind != "gone":
                one.missed = told
        compare = one.shown and told is True and one.why != RELATED
        one.shown = told is True
        one.rest = reading.at + reading.took * (SHARE + 1) if reading.took > LONG else 0.0
        self._done(one)
        if compare:
            now = one.process.rss - one.process.uss
            if now != shared:
                self._move(one, abs(now - shared) / max(now, shared))

    def _done(self, one: _One) -> None:
        one.due, one.urgent, one.read, one.rss_read = 0, False, self._turn, one.rss
        del self._queue[one]
        self._queue[one] = None

    def _move(self, one: _One, share: float) -> None:
        for family in one.families:
            self._moved[family] = self._moved.get(family, 0) + share

    def _leave(self, one: _One) -> None:
        self._move(one, 1)
        for family in one.families:
            members = self._families[family]
            members.discard(one)
            if not members:
                del self._families[family]
        one.families = ()

    def _forget(self, one: _One) -> None:
        """Let go of its figures."""
        self._leave(one)
        self._queue.pop(one, None)
        one.due, one.shown, one.missed = 0, False, None

    def _drop(self, pid: int) -> None:
        one = self._ones.pop(pid, None)
        if one is not None:
            self._forget(one)
            self._files.release({"": one.stat})


def _layout(raw: bytes) -> tuple[int, tuple[Family, ...]]:
    """Resident pages, and what a process has in common with its relatives and with those of its program."""
    words = raw.rpartition(b")")[2].split()
    rss, code, end, stack = (words[n] for n in (RSS, START_CODE, END_CODE, START_STACK))
    if not (rss.isdigit() and code.isdigit() and end.isdigit() and stack.isdigit()):
        return 0, ()
    # Who may not trace a process is told 0 or 1.
    if int(code) <= 1:
        return int(rss), ()
    return int(rss), ((int(code), int(stack)), (int(end) - int(code), 0))
