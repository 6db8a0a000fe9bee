"""What a pass over all tasks saw of each process, and the task table and counts made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jinmaek.kernel.pid_stat import PidStat
from jinmaek.kernel.pid_statm import PidStatm
from jinmaek.kernel.pid_status import PidStatus
from jinmaek.tasks.census import Processes, Threads, Waits, Zombies
from jinmaek.tasks.table import TaskTable, Waiting, place

STATES = ("R", "S", "D", "Z", "T", "t", "I")
"""The states every count names, 0 included."""

LIVELY = "RDStTIPKW"
"""States of a live thread, the one that says most about its process first."""

UNCERTAIN = "?"
"""The state of a process whose leader exited and whose other threads could not be read."""


@dataclass(slots=True)
class Usage:
    """What the scheduler and the I/O accounting counted for a process; None where it may not be read."""

    run_time: float | None = None
    run_delay: float | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None
    cgroup_id: int | None = None


@dataclass(slots=True)
class Seen:
    """One process. ``states`` holds a letter for each thread, ``listed`` is whether /proc lists them.

    ``threads`` holds the row of each thread, and is None where nobody asked for threads.
    """

    row: PidStat
    memory: PidStatm | None = None
    status: PidStatus | None = None
    usage: Usage | None = None
    uid: int | None = None
    listed: bool = True
    states: list[str] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    threads: list[PidStat] | None = None

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
    tasks = _columns([one.row for one in seen], seen, [one.state for one in seen], details=details)
    if any(one.usage for one in seen):
        for name in Usage.__slots__:
            getattr(tasks, name).extend(getattr(one.usage, name, None) for one in seen)
    return tasks


def patched(tasks: TaskTable, seen: Sequence[Seen], places: Sequence[int]) -> TaskTable:
    """The table of ``seen`` without details, made of an earlier one that differs in these places only."""
    part = table([seen[i] for i in places], details=False)
    columns: dict[str, list[object]] = {}
    for name in TaskTable.__slots__:
        column = columns[name] = getattr(tasks, name).copy()
        for i, value in zip(places, getattr(part, name), strict=False):
            column[i] = value
    return TaskTable(**columns)  # type: ignore[arg-type]


def thread_table(seen: Sequence[Seen], *, details: bool) -> TaskTable:
    """The columns of all threads, those of one process together."""
    pairs = [(row, one) for one in seen for row in one.threads or ()]
    rows = [row for row, _ in pairs]
    return _columns(rows, [one for _, one in pairs], [row.state for row in rows], details=details)


def _columns(rows: Sequence[PidStat], seen: Sequence[Seen], states: list[str], *, details: bool) -> TaskTable:
    """Entry i is the task ``rows[i]`` of the process ``seen[i]``."""
    status = [one.status for one in seen] if details else []
    memory = [one.memory for one in seen]
    return TaskTable(
        pid=[row.pid for row in rows],
        tgid=[one.row.pid for one in seen],
        ppid=[row.ppid for row in rows],
        start_time=[row.starttime for row in rows],
        comm=[row.comm for row in rows],
        state=states,
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
        resident=[told.resident if told else None for told in memory],
        shared=[told.shared if told else None for told in memory],
        uid=[one.uid for one in seen],
        vm_swap=[told.VmSwap if told else None for told in status],
        rss_anon=[told.RssAnon if told else None for told in status],
        rss_file=[told.RssFile if told else None for told in status],
        rss_shmem=[told.RssShmem if told else None for told in status],
    )


def counts(
    threads: Counter[str], processes: Counter[str], tasks: TaskTable, waiting: Iterable[Waiting]
) -> Mapping[str, tuple[object, ...]]:
    """The rows of every table of ``census.TABLES``, from the states of all threads and of all processes.

    Of ``tasks``, the table of the processes, nothing is looked at unless there are zombies.
    """
    waits = Counter(thread.wchan for thread in waiting if thread.wchan is not None)
    zombies, names = Counter[int](), dict[int, str]()
    if processes["Z"]:
        zombies.update(tasks.rows([i for i, state in enumerate(tasks.state) if state == "Z"]).ppid)
        parents = tasks.rows([i for pid in sorted(zombies) if (i := place(tasks, pid)) is not None])
        names.update(zip(parents.pid, parents.comm, strict=True))
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
