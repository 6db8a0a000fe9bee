"""The scan made of the records of one pass over all threads."""

from __future__ import annotations

import os
import time
from collections import Counter
from itertools import compress

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_stat
from jinmaek.kernel.stat import CLK_TCK
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.bpf_columns import (
    Records,
    process_table,
    thread_table,
)
from jinmaek.tasks.files import read
from jinmaek.tasks.seen import counts
from jinmaek.tasks.table import Scan, Waiting

TRIES = 3


def assemble(root: Root, records: Records, now: float, began: float, *, details: bool, threads: bool) -> Scan:
    """The scan made of all records; ``began`` is the CPU time used before the pass."""
    processes = process_table(records, details=details)
    every = records.bytes("state")
    states = _counted(every)
    gaps: dict[str, Gap] = {}
    waiting = _waiting(root, records, states, gaps) if states["D"] else []
    if records.leads is None:
        led = states.copy()
    elif states["Z"] or states["X"]:
        led = Counter(processes.state)
    else:
        led = _counted(bytes(compress(every, records.leads)))
    tables = counts(states, led, processes, waiting)
    return Scan(
        way="bpf",
        time=now,
        processes=processes,
        waiting=tuple(waiting),
        tables={name: rows for name, rows in tables.items() if name not in gaps},
        gaps=gaps,
        cpu_s=time.process_time() - began,
        threads=thread_table(records, processes) if threads else None,
    )


def _counted(states: bytes) -> Counter[str]:
    return Counter({chr(letter): states.count(letter) for letter in set(states)})


def _waiting(root: Root, records: Records, states: Counter[str], gaps: dict[str, Gap]) -> list[Waiting]:
    """Every thread in D and where; one that left D meanwhile is counted in its new state."""
    found: list[Waiting] = []
    comm = records.comm(None)
    for i, letter in enumerate(records.states(None)):
        if letter != "D":
            continue
        tid, tgid, ticks = (records.array(name)[i] for name in ("pid", "tgid", "start_ticks"))
        place, state, why = _place(root.path(f"proc/{tgid}/task/{tid}"))
        if state != "D":
            states.subtract("D")
            states.update(state)
            continue
        found.append(Waiting(tid, tgid, ticks / CLK_TCK, comm[i], place))
        if why:
            gaps.setdefault("waits", Gap(why, "proc/PID/task/TID/wchan", "where a thread in D waits"))
    return found


def _place(folder: str) -> tuple[str | None, str, procfile.Why | None]:
    """The kernel function a thread in D sleeps in, its state by now, and why the place is not known."""
    state = "D"
    # A thread that is just waking or falling asleep is nowhere for an instant.
    for _ in range(TRIES):
        name, why = _wchan(folder)
        if name:
            return name, "D", None
        try:
            state = pid_stat.split(read(f"{folder}/stat"))[1][0]
        except (procfile.Unreadable, Malformed):
            # It was in D and is gone.
            return None, "D", None
        if why or state != "D":
            break
    # The kernel says 0, not EACCES, to who may not trace the thread.
    return None, state, why or ("denied" if os.geteuid() else None)


def _wchan(folder: str) -> tuple[str | None, procfile.Why | None]:
    try:
        name = read(f"{folder}/wchan").strip()
    except procfile.Unreadable as missing:
        return None, missing.why
    return (None, None) if name in ("", "0") else (name, None)
