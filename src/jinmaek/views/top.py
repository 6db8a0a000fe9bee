"""``top``: the layout of procps 4.0.2, line by line, and the same picture as data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from jinmaek.i18n import tr
from jinmaek.views import cpu_explained
from jinmaek.views.fit import KIB, clock, cut, pad, percent, size
from jinmaek.views.plain import safe
from jinmaek.views.procps import MISSING, plus, single
from jinmaek.views.top_filter import Filter, passes
from jinmaek.views.top_frame import Frame, Shares
from jinmaek.views.top_processes import Process

WIDEST = 512
"""Columns of the widest page, as in procps."""

KEYS: dict[str, str] = {
    "PID": "pid",
    "PPID": "ppid",
    "UID": "uid",
    "USER": "user",
    "PR": "priority",
    "NI": "nice",
    "nTH": "num_threads",
    "P": "processor",
    "S": "state",
    "VIRT": "virtual",
    "RES": "resident",
    "SHR": "shared",
    "SWAP": "swap",
    "%CPU": "cpu",
    "%MEM": "resident",
    "TIME": "time",
    "TIME+": "time",
    "nMaj": "majflt",
    "nMin": "minflt",
    "COMMAND": "comm",
}
"""Fields to sort by, under the names procps has for them, and what of a process they are."""

APART = "  "
"""Between two parts of the summary in one line."""


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
    solaris: bool = False
    """%CPU of the whole machine, not of one CPU."""
    limit: int | None = None
    """So many processes at most."""
    filters: tuple[Filter, ...] = ()
    threads: bool = False
    command_line: bool = False
    """The command line in the place of the name."""
    without: frozenset[str] = frozenset()
    """Columns that are left out."""


COLUMNS = ("PID", "USER", "PR", "NI", "VIRT", "RES", "SHR", "S", "%CPU", "%MEM", "TIME+", "COMMAND")
"""The columns of the page from left to right."""


@dataclass(slots=True)
class Printed:
    """Lines as they were printed last, so that only what changed is put into words again."""

    layout: object = None
    lines: dict[Process, str] = field(default_factory=dict)


def arrange(frame: Frame, shown: Shown) -> list[Process]:
    """Those that are shown, sorted; equal ones by pid. What is not known sorts below everything."""
    chosen: Sequence[Process] = frame.processes
    if shown.uid is not None:
        chosen = [one for one in chosen if (one.uid == shown.uid) != shown.others]
    if not shown.idle:
        chosen = [one for one in chosen if one.cpu is None or one.cpu > 0]
    for wanted in shown.filters:
        text = {name: text for name, _, text in _cells(frame, shown)}[wanted.field]
        chosen = [one for one in chosen if passes(wanted, text(one))]
    keys: list[Any] = list(map(attrgetter(KEYS[shown.field]), chosen))
    if shown.field == "COMMAND" and shown.command_line:
        keys = [_command(one, frame, shown) for one in chosen]
    elif None in keys:
        keys = [(False, 0) if key is None else (True, key) for key in keys]
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=shown.descending)
    return [chosen[i] for i in order[: shown.limit]]


def render(frame: Frame, shown: Shown, columns: int, printed: Printed | None = None) -> list[str]:
    """The page: summary, an empty line, column heads, a line for each process."""
    head = [line[:columns] for line in summary(frame, shown, columns)]
    return [*head, "", *table(frame, shown, arrange(frame, shown), columns, printed)]


def summary(frame: Frame, shown: Shown, columns: int) -> list[str]:
    """The lines above the processes. With a line for each CPU two stand in one where both fit."""
    counts = task_counts(frame)
    kinds = ", ".join(f"{count:3} {kind}" for kind, count in counts.items())
    what = "Threads" if frame.threads else "Tasks"
    lines = [_uptime(frame), f"{what}: {len(frame.processes):3} total, {kinds}"]
    if not shown.each_cpu:
        return [*lines, _cpu("%Cpu(s):", frame.shares), *_memory(frame)]
    for parts in ([_cpu(f"%Cpu{cpu:<3}:", shares) for cpu, shares in frame.cpus.items()], _memory(frame)):
        pairs = [APART.join(parts[i : i + 2]) for i in range(0, len(parts), 2)]
        lines.extend(pairs if max(map(len, pairs), default=0) <= columns else parts)
    return lines


def table(
    frame: Frame, shown: Shown, processes: Sequence[Process], columns: int, printed: Printed | None = None
) -> list[str]:
    """Column heads and processes. Columns that do not fit are left out, the command takes what is left."""
    *cells, (last, _, name_text) = _cells(frame, shown)
    cells = [cell for cell in cells if cell[0] not in shown.without]
    fitting, used = [], 0
    for name, width, text in cells:
        if used + abs(width) + 1 > columns:
            break
        fitting.append((name, width, text))
        used += abs(width) + 1
    room = columns - used - 1
    command = len(fitting) == len(cells) and room >= len(last)
    heads = [pad(name, width) for name, width, _ in fitting] + [last] * command

    def line(process: Process) -> str:
        words = [pad(text(process), width) for _, width, text in fitting]
        return " ".join(words + [cut(name_text(process), room)] * command).rstrip()

    total = frame.memory.total if frame.memory else None
    layout = (columns, frame.pid_width, len(frame.cpus), total, frame.threads, shown.solaris, shown.without)
    if shown.command_line:
        # A program may write its command line anew.
        printed = None
    known = printed.lines if printed is not None and printed.layout == layout else {}
    texts = [known.get(process) or line(process) for process in processes]
    if printed is not None:
        printed.layout, printed.lines = layout, dict(zip(processes, texts, strict=True))
    return [" ".join(heads).rstrip(), *texts]


def _cells(frame: Frame, shown: Shown) -> list[tuple[str, int, Callable[[Process], str]]]:
    """Column head, width (negative: to the left), and the text of a process in it; the last has no width."""
    wide = frame.pid_width
    return [
        ("PID", wide, lambda p: cut(str(p.pid), wide)),
        ("USER", -8, lambda p: cut(safe(p.user), 8)),
        ("PR", 3, lambda p: "rt" if p.priority < -99 else cut(str(p.priority), 3)),
        ("NI", 3, lambda p: cut(str(p.nice), 3)),
        ("VIRT", 7, lambda p: size(p.virtual, 7)),
        ("RES", 6, lambda p: size(p.resident, 6)),
        ("SHR", 6, lambda p: size(p.shared, 6)),
        ("S", 1, lambda p: safe(p.state)),
        ("%CPU", 5, lambda p: _cpu_use(p, frame, shown.solaris)),
        ("%MEM", 5, lambda p: _memory_use(p, frame)),
        ("TIME+", 9, lambda p: clock(p.time, 9)),
        ("COMMAND", 0, lambda p: safe(_command(p, frame, shown))),
    ]


def _command(process: Process, frame: Frame, shown: Shown) -> str:
    """Its name; or the command line, with the name in brackets where there is none, bare where unread."""
    text = frame.commands.get(process.tgid) if shown.command_line else None
    if text is None:
        return process.comm
    return text or f"[{process.comm}]{' <defunct>' if process.state == 'Z' else ''}"


def remarks(frame: Frame, lang: str) -> str:
    """Whose lock is held, and how much of the CPU time the processes explain; empty without either."""
    parts = []
    if frame.locked:
        who = ", ".join(f"{safe(one.name)} [{one.pid}]" for one in frame.locked)
        parts.append(tr(lang, "lock held: {who}").format(who=who))
    parts.append(cpu_explained.words(frame.explained, lang))
    return "; ".join(filter(None, parts))


def task_counts(frame: Frame) -> dict[str, int]:
    """How many processes are running, sleeping (of any kind), stopped and zombies."""
    kinds = {"R": "running", "T": "stopped", "t": "stopped", "Z": "zombie"}
    counts = dict.fromkeys(("running", "sleeping", "stopped", "zombie"), 0)
    for state, count in Counter(map(attrgetter("state"), frame.processes)).items():
        counts[kinds.get(state, "sleeping")] += count
    return counts


def _uptime(frame: Frame) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(frame.wall))
    up = MISSING
    if frame.uptime is not None:
        minutes = int(frame.uptime) // 60
        days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
        up = f"{days} {'days' if days > 1 else 'day'}, " if days else ""
        up += f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    load = ", ".join(f"{value:.2f}" for value in frame.load) if frame.load else MISSING
    count = "-" if frame.sessions is None else str(frame.sessions)
    users = "user" if frame.sessions in (0, 1) else "users"
    return f"top - {at} up {up}, {count:>2} {users},  load average: {load}"


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


def _cpu_use(process: Process, frame: Frame, solaris: bool) -> str:
    if process.cpu is None:
        return MISSING
    cpus = max(1, len(frame.cpus))
    if solaris or frame.threads or cpus == 1:
        return percent(min(process.cpu * 100 / (cpus if solaris else 1), 99.9))
    return percent(min(process.cpu * 100, cpus * 100, 999.9 if cpus <= 10 else 99999.0))


def _memory_use(process: Process, frame: Frame) -> str:
    total = frame.memory.total if frame.memory else None
    if process.resident is None or not total:
        return MISSING
    return percent(single(single(process.resident // KIB) * 100) / single(total // KIB))
