"""What a pass over all tasks saw of each process, and the task table and counts made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jinmaek.kernel.pid_stat import PidStat
from jinmaek.kernel.pid_statm import PidStatm
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.tasks.census import Processes, Threads, Waits, Zombies
from jinmaek.tasks.table import TaskTable, Waiting

STATES = ("R", "S", "D", "Z", "T", "t", "I")
"""The states every count names, 0 included."""

LIVELY = "RDStTIPKW"
"""States of a live thread, the one that says most about its process first."""

UNCERTAIN = "?"
"""The state of a process whose leader exited and whose other threads could not be read."""


@dataclass(slots=True)
class Seen:
    """One process. ``states`` holds a letter for each thread, ``listed`` is whether /proc lists them."""

    row: PidStat
    memory: PidStatm | None = None
    status: PidStatus | None = None
    uid: int | None = None
    listed: bool = True
    states: list[str] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state of its leader; of an exited leader's process that of its liveliest thread."""
        if self.row.state not in "ZX" or self.row.num_threads <= 1:
            return self.row.state
        if not self.listed:
            return UNCERTAIN
        return next((letter for letter in LIVELY if letter in self.states), self.row.state)


def table(seen: Sequence[Seen], *, details: bool) -> TaskTable:
    """The columns of all processes, in the order of ``seen``."""
    rows = [one.row for one in seen]
    status = [one.status for one in seen]
    return TaskTable(
        pid=[row.pid for row in rows],
        tgid=[row.pid for row in rows],
        ppid=[row.ppid for row in rows],
        start_time=[row.starttime for row in rows],
        comm=[row.comm for row in rows],
        state=[one.state for one in seen],
        flags=[row.flags for row in rows],
        utime=[row.utime for row in rows],
        stime=[row.stime for row in rows],
        cutime=[row.cutime for row in rows],
        cstime=[row.cstime for row in rows],
        minflt=[row.minflt for row in rows],
        majflt=[row.majflt for row in rows],
        priority=[row.priority for row in rows],
        nice=[row.nice for row in rows],
        rt_priority=[row.rt_priority for row in rows],
        policy=[row.policy for row in rows],
        processor=[row.processor for row in rows],
        num_threads=[row.num_threads for row in rows],
        vsize=[row.vsize for row in rows],
        tty_nr=[row.tty_nr for row in rows],
        resident=[one.memory.resident if one.memory else None for one in seen],
        shared=[one.memory.shared if one.memory else None for one in seen],
        uid=[one.uid for one in seen],
        vm_swap=[told.VmSwap if told else None for told in status] if details else [],
        rss_anon=[told.RssAnon if told else None for told in status] if details else [],
    )


def counts(seen: Sequence[Seen]) -> Mapping[str, tuple[object, ...]]:
    """The rows of every table of ``census.TABLES``."""
    threads = Counter(state for one in seen for state in one.states)
    processes = Counter(one.state for one in seen)
    waits = Counter(thread.wchan for one in seen for thread in one.waiting if thread.wchan is not None)
    names = {one.row.pid: one.row.comm for one in seen}
    zombies = Counter(one.row.ppid for one in seen if one.state == "Z")
    return {
        "threads": tuple(Threads(thread_state=state, count=threads[state]) for state in _states(threads)),
        "processes": tuple(Processes(state=state, count=processes[state]) for state in _states(processes)),
        "waits": tuple(Waits(wchan=name, threads=waits[name]) for name in sorted(waits)),
        "zombies": tuple(
            # A parent outside this pid namespace is 0 and has no name here.
            Zombies(ppid=ppid, comm=names.get(ppid, UNCERTAIN), count=zombies[ppid])
            for ppid in sorted(zombies)
        ),
    }


def _states(found: Iterable[str]) -> list[str]:
    return [*STATES, *sorted(set(found).difference(STATES))]
