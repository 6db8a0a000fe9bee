"""One picture of ``top``: what two readings of a host say about its CPUs, memory and processes."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from jinmaek.kernel.loadavg import Loadavg
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.stat import Stat, StatCpu
from jinmaek.kernel.uptime import Uptime
from jinmaek.model import Explained, Gap, Locked
from jinmaek.sampling import Snapshot
from jinmaek.views.procps import Memory
from jinmaek.views.top_processes import Kept, Process, processes

Row = TypeVar("Row")

TABLES = ("stat", "stat_cpu", "loadavg", "meminfo", "uptime")
"""What a reading for ``top`` must hold besides the tasks."""

MODES = {
    "us": "user",
    "sy": "system",
    "ni": "nice",
    "id": "idle",
    "wa": "iowait",
    "hi": "irq",
    "si": "softirq",
    "st": "steal",
}
"""What top calls a share of CPU time, and its column in /proc/stat."""

Shares = Mapping[str, float | None]
"""The key of ``MODES`` to a share from 0 to 1; None where one reading cannot tell."""


@dataclass(frozen=True, slots=True)
class Frame:
    """All of one picture; ``processes`` (or threads) in the order of their pids."""

    wall: float
    uptime: float | None
    load: tuple[float, float, float] | None
    sessions: int | None
    """Logged in; None where nobody recorded it."""
    shares: Shares
    cpus: Mapping[int, Shares]
    memory: Memory | None
    processes: Sequence[Process]
    pid_width: int
    gaps: Sequence[Gap]
    threads: bool = False
    """Whether ``processes`` are single threads."""
    commands: Mapping[int, str] = field(default_factory=dict)
    """Command lines by pid of the process, as far as asked for and read."""
    locked: Sequence[Locked] = ()
    explained: Explained | None = None
    """Who used the CPU time; None where one reading cannot tell, or nobody asked."""


def frame(
    before: Snapshot | None,
    now: Snapshot,
    *,
    name_of: Callable[[int], str],
    sessions: int | None,
    pid_width: int,
    only: Container[int] | None = None,
    threads: bool = False,
    kept: Kept | None = None,
) -> Frame:
    """The picture of ``now``; without a reading before it nothing that is a rate is known.

    ``only`` are pids of processes. ``threads`` needs scans that hold them. ``kept`` is what the frame of
    ``before`` left there; it holds the tasks of this frame afterwards.
    """
    up = _one(now, "uptime", Uptime)
    load = _one(now, "loadavg", Loadavg)
    meminfo = _one(now, "meminfo", Meminfo)
    earlier = (
        {row.cpu: row for row in before.tables.get("stat_cpu", ()) if isinstance(row, StatCpu)}
        if before
        else {}
    )
    return Frame(
        wall=now.wall,
        uptime=up.uptime if up else None,
        load=(load.load1, load.load5, load.load15) if load else None,
        sessions=sessions,
        shares=_shares(_one(before, "stat", Stat) if before else None, _one(now, "stat", Stat)),
        cpus={
            row.cpu: _shares(earlier.get(row.cpu), row)
            for row in now.tables.get("stat_cpu", ())
            if isinstance(row, StatCpu)
        },
        memory=Memory(meminfo) if meminfo else None,
        processes=processes(before, now, name_of, meminfo.MemTotal if meminfo else None, only, threads, kept),
        pid_width=pid_width,
        gaps=tuple(dict.fromkeys(now.gaps.values())),
        threads=threads,
    )


def _shares(before: Stat | StatCpu | None, now: Stat | StatCpu | None) -> Shares:
    """Shares of the time between two readings. Idle and iowait may step back a little: counted as none."""
    if before is None or now is None:
        return dict.fromkeys(MODES)
    spent: dict[str, float | None] = {}
    for name, column in MODES.items():
        a, b = getattr(before, column), getattr(now, column)
        spent[name] = None if a is None or b is None else max(0.0, b - a)
    whole = sum(value for value in spent.values() if value is not None)
    if not whole:
        # Less than one tick went by.
        return {name: None if value is None else float(name == "id") for name, value in spent.items()}
    return {name: None if value is None else value / whole for name, value in spent.items()}


def _one(snapshot: Snapshot, table: str, kind: type[Row]) -> Row | None:
    return next((row for row in snapshot.tables.get(table, ()) if isinstance(row, kind)), None)
