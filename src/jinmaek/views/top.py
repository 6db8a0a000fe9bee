"""``top``: the layout of procps 4.0.2, line by line, and the same picture as data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jinmaek.views.fit import KIB, clock, cut, pad, percent, size
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING, plus, single
from jinmaek.views.top_frame import Frame, Process, Shares

WIDEST = 512
"""Columns of the widest page, as in procps."""

Key = Callable[[Process], "float | str | None"]

KEYS: dict[str, Key] = {
    "PID": lambda p: p.pid,
    "PPID": lambda p: p.ppid,
    "UID": lambda p: p.uid,
    "USER": lambda p: p.user,
    "PR": lambda p: p.priority,
    "NI": lambda p: p.nice,
    "nTH": lambda p: p.num_threads,
    "P": lambda p: p.processor,
    "S": lambda p: p.state,
    "VIRT": lambda p: p.virtual,
    "RES": lambda p: p.resident,
    "SHR": lambda p: p.shared,
    "SWAP": lambda p: p.swap,
    "%CPU": lambda p: p.cpu,
    "%MEM": lambda p: p.resident,
    "TIME": lambda p: p.time,
    "TIME+": lambda p: p.time,
    "nMaj": lambda p: p.majflt,
    "nMin": lambda p: p.minflt,
    "COMMAND": lambda p: p.comm,
}
"""Fields to sort by, under the names procps has for them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a frame is shown, in which order."""

    field: str = "%CPU"
    descending: bool = True
    uid: int | None = None
    """Only processes of this user; of all others with ``others``."""
    others: bool = False
    idle: bool = True
    """Also processes that used no CPU time."""
    each_cpu: bool = False


def arrange(processes: Sequence[Process], shown: Shown) -> list[Process]:
    """Those that are shown, sorted; equal ones by pid. What is not known sorts below everything."""
    key = KEYS[shown.field]

    def rank(process: Process) -> tuple[bool, float | str]:
        value = key(process)
        return (False, 0) if value is None else (True, value)

    chosen = [
        process
        for process in processes
        if (shown.uid is None or (process.uid == shown.uid) != shown.others)
        and (shown.idle or process.cpu is None or process.cpu > 0)
    ]
    return sorted(chosen, key=rank, reverse=shown.descending)


def render(frame: Frame, shown: Shown, columns: int) -> list[str]:
    """The page: summary, an empty line, column heads, a line for each process."""
    head = [line[:columns] for line in summary(frame, shown)]
    return [*head, "", *table(frame, arrange(frame.processes, shown), columns)]


def summary(frame: Frame, shown: Shown) -> list[str]:
    """The lines above the processes."""
    counts = task_counts(frame)
    kinds = ", ".join(f"{count:3} {kind}" for kind, count in counts.items())
    lines = [_uptime(frame), f"Tasks: {len(frame.processes):3} total, {kinds}"]
    if shown.each_cpu:
        lines.extend(_cpu(f"%Cpu{cpu:<3}:", shares) for cpu, shares in frame.cpus.items())
    else:
        lines.append(_cpu("%Cpu(s):", frame.shares))
    return lines + _memory(frame)


def table(frame: Frame, processes: Sequence[Process], columns: int) -> list[str]:
    """Column heads and processes. Columns that do not fit are left out, the command takes what is left."""
    cells: list[tuple[str, int, Callable[[Process], str]]] = [
        ("PID", frame.pid_width, lambda p: cut(str(p.pid), frame.pid_width)),
        ("USER", -8, lambda p: cut(safe(p.user), 8)),
        ("PR", 3, lambda p: "rt" if p.priority < -99 else cut(str(p.priority), 3)),
        ("NI", 3, lambda p: cut(str(p.nice), 3)),
        ("VIRT", 7, lambda p: size(p.virtual, 7)),
        ("RES", 6, lambda p: size(p.resident, 6)),
        ("SHR", 6, lambda p: size(p.shared, 6)),
        ("S", 1, lambda p: safe(p.state)),
        ("%CPU", 5, lambda p: _cpu_use(p, len(frame.cpus))),
        ("%MEM", 5, lambda p: _memory_use(p, frame)),
        ("TIME+", 9, lambda p: clock(p.time, 9)),
    ]
    fitting, used = [], 0
    for name, width, text in cells:
        if used + abs(width) + 1 > columns:
            break
        fitting.append((name, width, text))
        used += abs(width) + 1
    room = columns - used - 1
    command = len(fitting) == len(cells) and room >= len("COMMAND")
    heads = [pad(name, width) for name, width, _ in fitting] + ["COMMAND"] * command
    lines = [" ".join(heads).rstrip()]
    for process in processes:
        words = [pad(text(process), width) for _, width, text in fitting]
        lines.append(" ".join(words + [cut(safe(process.comm), room)] * command).rstrip())
    return lines


def task_counts(frame: Frame) -> dict[str, int]:
    """How many processes are running, sleeping (of any kind), stopped and zombies."""
    kinds = {"R": "running", "T": "stopped", "t": "stopped", "Z": "zombie"}
    found = Counter(kinds.get(process.state, "sleeping") for process in frame.processes)
    return {kind: found[kind] for kind in ("running", "sleeping", "stopped", "zombie")}


def _uptime(frame: Frame) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(frame.wall))
    up = MISSING
    if frame.uptime is not None:
        minutes = int(frame.uptime) // 60
        days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
        up = f"{days} {'days' if days > 1 else 'day'}, " if days else ""
        up += f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    load = ", ".join(f"{value:.2f}" for value in frame.load) if frame.load else MISSING
    users = "users" if frame.sessions > 1 else "user"
    return f"top - {at} up {up}, {frame.sessions:2} {users},  load average: {load}"


def _cpu(label: str, shares: Shares) -> str:
    def share(value: float | None) -> str:
        return MISSING if value is None else f"{value * 100:.1f}"

    return label + ",".join(f"{share(value):>5} {name}" for name, value in shares.items()) + " "


def _memory(frame: Frame) -> list[str]:
    m = frame.memory

    def mib(value: int | None) -> str:
        text = MISSING if value is None else f"{single(value // KIB) / KIB:.1f}"
        return f"{text + ' ':>9}" if len(text) < 9 else text[:8] + "+"

    if m is None:
        return []
    memory = (
        (m.total, "total, "),
        (m.free, "free, "),
        (m.used, "used, "),
        (plus(m.buffers, m.cache), "buff/cache"),
    )
    swap = (
        (m.swap_total, "total, "),
        (m.swap_free, "free, "),
        (m.swap_used, "used. "),
        (m.available, "avail Mem "),
    )
    return [
        "MiB Mem : " + "".join(mib(value) + name for value, name in memory) + " " * 5,
        "MiB Swap: " + "".join(mib(value) + name for value, name in swap),
    ]


def _cpu_use(process: Process, cpus: int) -> str:
    if process.cpu is None:
        return MISSING
    most = 99.9 if cpus <= 1 else 999.9 if cpus <= 10 else 99999.0
    return percent(min(process.cpu * 100, cpus * 100, most))


def _memory_use(process: Process, frame: Frame) -> str:
    total = frame.memory.total if frame.memory else None
    if process.resident is None or not total:
        return MISSING
    return percent(single(single(process.resident // KIB) * 100) / single(total // KIB))
