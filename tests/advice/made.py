"""Looks made by hand: a host, its cgroups and processes over a minute, each figure a function of the time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.made import snapshot

from jinmaek.advice.capacity.answer import Answer, Focus
from jinmaek.advice.capacity.judge import judge
from jinmaek.advice.capacity.series import Cgroup, Process, Watched, limited
from jinmaek.history.live import Ring
from jinmaek.kernel.cgroup_memory import CgroupMemory
from jinmaek.kernel.meminfo import Meminfo
from jinmaek.kernel.pressure import PressureMemory
from jinmaek.kernel.swaps import Swap
from jinmaek.kernel.sys_vm import SysVm
from jinmaek.kernel.uptime import Uptime
from jinmaek.kernel.vmstat import Vmstat
from jinmaek.model import Gap

MIB = 1 << 20
GIB = 1 << 30
BEGIN = 100_000.0
"""Seconds since boot."""
SPAN, PACE = 60, 1.0

Shape = Callable[[float], float] | float
"""Of the seconds since the look began."""
ROW: Any = CgroupMemory
PRESSURE: Any = PressureMemory
"""Columns that are not given are None."""


def at(shape: Shape, second: float) -> int:
    return round(shape(second) if callable(shape) else shape)


CALM: Mapping[str, Shape] = {
    "workingset_activate_anon": 0,
    "workingset_activate_file": 0,
    "workingset_refault_anon": 0,
    "workingset_refault_file": 0,
    "pswpin": 0,
    "pswpout": 0,
    "pgscan_direct": 0,
    "pgscan_kswapd": 0,
    "pgmajfault": 0,
    "oom_kill": 0,
    "compact_fail": 0,
}


def rising(per_second: float) -> Shape:
    """A counter."""
    return lambda second: per_second * second


def watched(
    *processes: Process,
    available: Shape = 12 * GIB,
    total: int = 16 * GIB,
    swap: tuple[int, int] = (0, 0),
    meminfo: Mapping[str, Shape] | None = None,
    vmstat: Mapping[str, Shape] | None = None,
    waits: Shape | None = 0,
    cgroups: Sequence[Cgroup] = (),
    seconds: int = SPAN,
    pace: float = PACE,
    sysctls: Mapping[str, int] | None = None,
    gaps: Mapping[str, Gap] | None = None,
    **more: Any,
) -> Watched:
    """``waits`` is the counter of seconds in which a thread waited; None is a kernel without PSI."""
    ring = Ring(1 << 20)
    counters = {**CALM, **(vmstat or {})}
    for n in range(round(seconds / pace) + 1):
        second = n * pace
        tables: dict[str, tuple[object, ...]] = {
            "meminfo": (
                Meminfo(
                    MemTotal=total,
                    MemFree=at(available, second),
                    MemAvailable=at(available, second),
                    SwapTotal=swap[0],
                    SwapFree=swap[1],
                    **{name: at(shape, second) for name, shape in (meminfo or {}).items()},
                ),
            ),
            "vmstat": (Vmstat(**{name: at(shape, second) for name, shape in counters.items()}),),
            "swaps": tuple(
                [Swap(filename="/swap", type="file", size=swap[0], used=swap[0] - swap[1], priority=-2)]
                if swap[0]
                else []
            ),
            "sys_vm": (SysVm(**(sysctls or {"overcommit_memory": 0})),),
            "uptime": (Uptime(uptime=BEGIN + second, idle=0.0),),
        }
        if waits is not None:
            total_wait = waits(second) if callable(waits) else float(waits)
            tables["pressure_memory"] = (PRESSURE(some_total=total_wait, full_total=0.0),)
        absent = {"pressure_memory": Gap("disabled", "proc/pressure/memory")} if waits is None else {}
        taken = snapshot(BEGIN + second, tables, {**absent, **(gaps or {})})
        kept = {name: rows for name, rows in taken.tables.items() if name not in (gaps or {})}
        ring.add(dataclasses.replace(taken, tables=kept))
    return Watched(
        wall=1_700_000_000.0,
        asked=float(seconds),
        readings=round(seconds / pace) + 1,
        floor=float(MIB),
        history=ring,
        processes=processes,
        cgroups={group.path: group for group in cgroups},
        gaps=tuple(gaps.values()) if gaps else (),
        **more,
    )


def process(
    pid: int,
    anon: Shape,
    *,
    name: str = "worker",
    cgroup: str | None = "/",
    age: float = 3 * 86400.0,
    born: float | None = None,
    died: float | None = None,
    shmem: Shape = 0,
    file: Shape = 0,
    vsize: Shape | None = None,
    threads: Shape = 4,
    seconds: int = SPAN,
    pace: float = PACE,
) -> Process:
    """``anon`` is of the seconds since the look began, or since it was ``born`` within it."""
    first = 0.0 if born is None else born
    last = seconds if died is None else died
    moments = [n * pace for n in range(round(seconds / pace) + 1) if first <= n * pace <= last]
    inner = [moment - first for moment in moments]
    return Process(
        pid=pid,
        start_time=BEGIN - age if born is None else BEGIN + born,
        name=name,
        cgroup=cgroup,
        alive=died is None,
        times=[BEGIN + moment for moment in moments],
        anon=[float(at(anon, second)) for second in inner],
        shmem=[float(at(shmem, second)) for second in inner],
        file=[float(at(file, second)) for second in inner],
        vsize=[float(at(vsize if vsize is not None else anon, second)) for second in inner],
        threads=[float(at(threads, second)) for second in inner],
    )


def cgroup(
    path: str,
    current: Shape,
    *,
    limit: int | None = 1 * GIB,
    cache: Shape = 0,
    seconds: int = SPAN,
    pace: float = PACE,
    **columns: Shape,
) -> Cgroup:
    """A cgroup of version 2; ``current`` without ``cache``."""
    rows = []
    for n in range(round(seconds / pace) + 1):
        second = n * pace
        values: dict[str, Any] = {name: at(shape, second) for name, shape in columns.items()}
        values.setdefault("events_max", 0)
        row = ROW(
            cgroup=path,
            current=at(current, second) + at(cache, second),
            max=limit,
            inactive_file=at(cache, second),
            active_file=0,
            **values,
        )
        rows.append((BEGIN + second, row))
    return limited(path, rows)


def asked(w: Watched, focus: Focus | None = None, *adds: int) -> Answer:
    return judge(w, focus or Focus(), adds)
