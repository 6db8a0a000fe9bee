"""The scan made of the records of one pass over all threads."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence

from jinmaek import procfile
from jinmaek.columns import Malformed
from jinmaek.kernel import pid_stat
from jinmaek.kernel.stat import CLK_TCK
from jinmaek.model import Gap
from jinmaek.root import Root
from jinmaek.tasks.beside import merged, shifted
from jinmaek.tasks.bpf_columns import process_table, thread_table
from jinmaek.tasks.bpf_records import Records
from jinmaek.tasks.files import read
from jinmaek.tasks.seen import Seen, counts, table
from jinmaek.tasks.seen import thread_table as of_threads
from jinmaek.tasks.table import Changes, Scan, Waiting

TRIES = 3
USUAL = b"SIRDZTtXP"


def assemble(
    root: Root,
    records: Records,
    others: Sequence[Seen],
    gaps: dict[str, Gap],
    now: float,
    began: float,
    *,
    details: bool,
    threads: bool,
    changes: Changes | None,
) -> Scan:
    """The scan made of all records and of ``others``, processes the iterator does not show.

    ``began`` is the CPU time used before the pass; ``changes`` are those of the records.
    """
    shown = process_table(records, details=details)
    every = records.bytes("state")
    states = _counted(every)
    waiting = _waiting(root, records, states, gaps) if states["D"] else []
    if records.leads is None:
        led = states.copy()
    elif states["Z"] or states["X"]:
        led = Counter(shown.state)
    else:
        led = _counted(_of_leaders(every, records.leads))
    processes = shown
    every_thread = thread_table(records, shown) if threads else None
    if others:
        hidden = table(others, details=details)

        # Found out when a column is asked for: it takes all pids in order.
        def before() -> list[int]:
            return [records.leaders_below(pid) for pid in hidden.pid]

        processes = merged(shown, hidden, before)
        changes = changes and _shifted(changes, before)
        states.update(letter for one in others for letter in one.states)
        led.update(hidden.state)
        waiting += [thread for one in others for thread in one.waiting]
        if every_thread is not None:
            part = of_threads(others, details=details)
            order = sorted(range(len(part)), key=part.pid.__getitem__)
            every_thread = merged(every_thread, part.rows(order))
    tables = counts(states, led, processes, waiting)
    return Scan(
        way="bpf",
        time=now,
        processes=processes,
        waiting=tuple(waiting),
        tables={name: rows for name, rows in tables.items() if name not in gaps},
        gaps=gaps,
        cpu_s=time.process_time() - began,
        threads=every_thread,
        changes=changes,
    )


def _shifted(changes: Changes, before: Callable[[], list[int]]) -> Changes:
    """The same where others, who count as changed, went in ``before`` some."""
    return Changes(changes.since, lambda: shifted(changes.places(), before()))


def _of_leaders(states: bytes, leads: bytes) -> bytes:
    """The states where ``leads`` has a 1; all bytes at once cost less than one after the other."""
    kept = int.from_bytes(states, "little") & 255 * int.from_bytes(leads, "little")
    return kept.to_bytes(len(states), "little").replace(b"\0", b"")


def _counted(states: bytes) -> Counter[str]:
    counted = {chr(letter): found for letter in USUAL if (found := states.count(letter))}
    if sum(counted.values()) != len(states):
        counted = {chr(letter): states.count(letter) for letter in set(states)}
    return Counter(counted)


def _waiting(root: Root, records: Records, states: Counter[str], gaps: dict[str, Gap]) -> list[Waiting]:
    """Every thread in D and where; one that left D meanwhile is counted in its new state."""
    found: list[Waiting] = []
    every = records.bytes("state")
    at = -1
    while (at := every.find(b"D", at + 1)) >= 0:
        tid, tgid, ticks = (records.word(at, name) for name in ("pid", "tgid", "start_ticks"))
        place, state, why = _place(root.path(f"proc/{tgid}/task/{tid}"))
        if state != "D":
            states.subtract("D")
            states.update(state)
            continue
        found.append(Waiting(tid, tgid, ticks / CLK_TCK, records.name(at), place))
        if why:
            gaps.setdefault("waits", Gap(why, "proc/PID/task/TID/wchan", "where a thread in D waits"))
    return sorted(found, key=lambda one: one.pid)


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
