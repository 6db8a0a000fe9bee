"""One diagnosis from beginning to end: watch a host, or read a captured tree once, and judge."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from jinmaek.catalog import tables
from jinmaek.diagnosis.holding import window
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import changed, expressions
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.vitals import VITALS, vitals
from jinmaek.diagnosis.words import columns
from jinmaek.history.live import Ring
from jinmaek.kernel import kmsg
from jinmaek.kernel.kmsg import Kill
from jinmaek.model import (
    Diagnosis,
    Gap,
    Locked,
    Quiet,
    Remembered,
    Unknown,
    Verdict,
    worst_first,
)
from jinmaek.root import LIVE, Root
from jinmaek.sampling import Snapshot, dear, kernel_log, read_text, take
from jinmaek.tasks import descriptors
from jinmaek.tasks.choose import Scanner, Way
from jinmaek.tasks.commands import Commands
from jinmaek.tasks.descriptors import with_descriptors
from jinmaek.tasks.procfs import cgroup_of
from jinmaek.tasks.table import Scan

HEADLINE = (
    "loadavg.load1",
    "loadavg.load5",
    "loadavg.load15",
    "meminfo.MemTotal",
    "meminfo.MemAvailable",
    "meminfo.SwapTotal",
    "meminfo.SwapFree",
    "uptime.uptime",
)
"""The numbers at the top of a pulse."""

APART = 5.0
"""Seconds between two readings of what costs much: cgroups, descriptors."""
LOCKS = 0.2
"""Seconds for finding out whose mmap_lock is held."""


def watch(
    rules: tuple[Rule, ...],
    span: float,
    interval: float,
    lang: str,
    progress: Callable[[float], None] | None,
    way: Way = "auto",
    history: Collection[str] = (),
) -> Diagnosis:
    """Watch the live machine for ``span`` seconds, a reading every ``interval``.

    ``history`` are folders in which a recorder may be at work: what it kept is judged with the look.
    ``progress`` is given the seconds left, and -1 while that is read.

    Raises ``choose.Refused`` where the task table cannot be read the ``way`` asked for.
    """
    wall, cpu = time.monotonic(), time.process_time()
    needed = wanted(rules)
    readings = max(1, round(span / interval))
    ring = Ring(readings + 1)
    asked = judged_tables(rules)
    cheap = often(rules)
    now_and_then = tuple(table for table in needed if table in asked)
    begin = time.monotonic()
    whole = whole_readings(readings, interval)
    with Scanner(LIVE, way) as tasks:
        try:
            for index in range(readings + 1):
                _wait_until(begin + index * interval, begin + readings * interval, progress)
                ends = index in (0, readings)
                scan = tasks.scan(details=ends, usage=ends)
                if ends:
                    ring.add(whole_reading(LIVE, needed, scan))
                elif index in whole:
                    ring.add(whole_reading(LIVE, now_and_then, scan))
                else:
                    ring.add(take(LIVE, cheap, scan))
        finally:
            if progress:
                progress(0)
    name = os.uname()
    try:
        if history and progress:
            progress(-1)
        return _diagnose(
            rules, ring, LIVE, lang, name.nodename, name.release, "live", (wall, cpu), tasks, history
        )
    finally:
        if progress:
            progress(0)


def whole_readings(last: int, interval: float) -> frozenset[int]:
    """Which readings, of 0 to ``last``, take also what costs much: both ends, and some ``APART`` between."""
    every = max(1, math.ceil(APART / interval))
    return frozenset((*range(0, last + 1 - every, every), 0, last))


def of_tree(rules: tuple[Rule, ...], root: Root, lang: str) -> Diagnosis:
    """Judge a captured tree: one reading, so what needs a rate is unknown."""
    wall, cpu = time.monotonic(), time.process_time()
    ring = Ring()
    with Scanner(root) as tasks:
        ring.add(whole_reading(root, wanted(rules), tasks.scan(details=True, usage=True)))
    host = _word(root, "proc/sys/kernel/hostname") or os.path.basename(root.base)
    kernel = _word(root, "proc/sys/kernel/osrelease") or _release(root)
    return _diagnose(rules, ring, root, lang, host, kernel, root.base, (wall, cpu), tasks)


def whole_reading(root: Root, needed: tuple[str, ...], scan: Scan) -> Snapshot:
    """A reading of all that is needed, whatever it costs."""
    counted = with_descriptors(root, scan) if descriptors.TABLE in needed else scan
    return take(root, needed, counted)


def _diagnose(
    rules: tuple[Rule, ...],
    ring: Ring,
    root: Root,
    lang: str,
    host: str,
    kernel: str,
    source: str,
    began: tuple[float, float],
    tasks: Scanner,
    history: Collection[str] = (),
    lately: Ring | None = None,
) -> Diagnosis:
    look = Look(ring, lang, lambda pid: cgroup_of(root, pid), lambda: kills(root), root)
    short = look if lately is None else replace(look, history=lately)
    if lately is not None:
        look = replace(look, during=lambda _since, _until: short)
    locked = _locked(root, look)
    verdicts, remembered = _judged(rules, look, ring, history)
    wall, cpu = began
    return Diagnosis(
        host=host,
        kernel=kernel,
        boot_id=look.last.boot_id,
        time=look.last.wall,
        window_s=look.window,
        source=source,
        findings=worst_first(verdicts),
        quiet=tuple(v for v in verdicts if isinstance(v, Quiet)),
        unknown=tuple(v for v in verdicts if isinstance(v, Unknown)),
        gaps=(
            *look.last.gaps.values(),
            *([tasks.refused] if tasks.refused else []),
            *(one.gap for one in locked),
            *([remembered] if isinstance(remembered, Gap) else []),
        ),
        facts=facts_of(look),
        vitals=vitals(look, window(look)),
        cpu_s=time.process_time() - cpu,
        wall_s=time.monotonic() - wall,
        tasks=tasks.reading,
        explained=short.explained,
        locked=locked,
        changed=changed(rules),
        remembered=remembered,
    )


def _judged(
    rules: tuple[Rule, ...], look: Look, ring: Ring, history: Collection[str]
) -> tuple[tuple[Verdict, ...], Remembered | Gap | None]:
    """The verdicts of a look, or of it and what a recorder kept before it."""
    if not history:
        return judge(rules, look), None
    # Nobody else needs recordings to take a pulse.
    from jinmaek.diagnosis.remembering import remembering

    with remembering(rules, look, ring, history) as (whole, remembered):
        return judge(rules, whole), remembered


def often(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """The tables of the conditions of these rules that cost little enough to be read at every reading."""
    asked = judged_tables(rules)
    return tuple(table for table in wanted(rules) if table in asked and not dear(table))


def judged(
    rules: tuple[Rule, ...],
    ring: Ring,
    lately: Ring,
    lang: str,
    began: tuple[float, float],
    tasks: Scanner,
) -> Diagnosis:
    """A look at the live machine that goes on: all its readings, and those of late whose first has tasks too,
    in which culprits are found. ``began`` are the wall and CPU clocks at the start.
    """
    name = os.uname()
    return _diagnose(
        rules, ring, LIVE, lang, name.nodename, name.release, "live", began, tasks, lately=lately
    )


def wanted(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """The tables these rules, the headline and the culprits need: nothing else is read."""
    needed = judged_tables(rules) | {table for rule in rules for table in rule.tables}
    return tuple(sorted(needed & tables().keys()))


def judged_tables(rules: tuple[Rule, ...]) -> set[str]:
    """The tables that are judged; what only culprits need is read at both ends of a look."""
    needed = {"stat_cpu", "zombies", *(name.partition(".")[0] for name in HEADLINE)}
    needed.update(ref.table for vital in VITALS for ref in columns(vital))
    for rule in rules:
        needed.update(ref.table for expr in expressions(rule) for ref in columns(expr))
    return needed


def facts_of(look: Look) -> dict[str, float]:
    """The numbers at the top of a pulse, as far as they are known."""
    facts: dict[str, float] = {}
    for name in HEADLINE:
        table, _, column = name.partition(".")
        for row in look.last.tables.get(table, ()):
            value = getattr(row, column)
            if value is not None:
                facts[name] = float(value)
    if look.last.tables.get("stat_cpu"):
        facts["cpus"] = float(len(look.last.tables["stat_cpu"]))
    return facts


def _wait_until(moment: float, end: float, progress: Callable[[float], None] | None) -> None:
    while (left := moment - time.monotonic()) > 0:
        if progress:
            progress(end - time.monotonic())
        time.sleep(min(left, 0.5))


def _locked(root: Root, look: Look) -> tuple[Locked, ...]:
    """Whose mmap_lock is held at the end of the look, of the likeliest to hold one."""
    if look.last.tasks is None:
        return ()
    commands = Commands(root, LOCKS)
    commands.read((), look.last.tasks)
    return commands.locked


def kills(root: Root) -> tuple[Kill, ...] | Gap:
    log = kernel_log(root)
    return log if isinstance(log, Gap) else tuple(kmsg.parse(log))


def _word(root: Root, path: str) -> str:
    text = read_text(root, path)
    return "" if isinstance(text, Gap) else text.strip()


def _release(root: Root) -> str:
    words = _word(root, "proc/version").split()
    return words[2] if len(words) > 2 else "unknown"
