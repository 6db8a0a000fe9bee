"""A diagnosis of what was recorded: as of one moment with the hours before it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from jinmaek.diagnosis.evaluate import LOOKBACK
from jinmaek.diagnosis.expr import Expr, Now, Range
from jinmaek.diagnosis.holding import MEMORY, window
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.limits import changed, expressions
from jinmaek.diagnosis.look import WINDOW, Look
from jinmaek.diagnosis.pulse import facts_of
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.shape import leaves, seconds
from jinmaek.diagnosis.vitals import vitals
from jinmaek.history.recording.past import Past
from jinmaek.kernel.kmsg import Kill, KmsgKill
from jinmaek.model import Diagnosis, Gap, Quiet, TasksRead, Unknown, Verdict, worst_first


def needed(rules: tuple[Rule, ...], widest: float = WINDOW) -> float:
    """Seconds of readings before a moment that any verdict of these rules at it may rest on."""
    longest = 0.0
    for rule in rules:
        back = max(reach(expr, widest) for expr in expressions(rule))
        memory = MEMORY * rule.clear_for if rule.severity != "benign" else 0.0
        longest = max(longest, back + rule.held + memory)
    return longest


def look_at(past: Past, lang: str) -> Look:
    """A look at a part of a recording. Nobody can be asked for more than was recorded."""

    def during(since: float, until: float) -> Look:
        part = Past(past.recording, past.boot, max(since, past.times[0]), until)
        return look_at(part if len(part) else past, lang)

    return Look(past, lang, lambda _: None, lambda: _kills(past), longest=widest(past.meta), during=during)


def widest(meta: Mapping[str, Any]) -> float:
    """The longest window of ranges without their own: it must hold some samples of that recording."""
    return max(WINDOW, 4 * float(meta.get("interval", 1.0)))


def _kills(past: Past) -> tuple[Kill, ...]:
    rows = [row for row in past.read("kmsg_kill", -1) if isinstance(row, KmsgKill)]
    return tuple(Kill(row.time, row.pid, row.comm, row.anon_rss, bool(row.by_cgroup)) for row in rows)


def reach(expr: Expr, widest: float) -> float:
    """How far back from a moment an expression looks, in seconds."""
    return max((_back(leaf, widest) for leaf in leaves(expr)), default=0.0)


def _back(leaf: Now | Range, widest: float) -> float:
    match leaf:
        case Now(_, _, ago):
            return seconds(ago) + LOOKBACK
        case Range(_, _, over, _, ago):
            return seconds(ago) + (widest if over is None else seconds(over))


def at_moment(rules: tuple[Rule, ...], past: Past, lang: str) -> Diagnosis:
    """The verdicts as of the last sample of a part of a recording."""
    began = time.monotonic(), time.process_time()
    look = look_at(past, lang)
    moment = look.last.wall
    return diagnosis_of(rules, look, past, judge(rules, look), (moment, moment), began)


def diagnosis_of(
    rules: tuple[Rule, ...],
    look: Look,
    past: Past,
    verdicts: tuple[Verdict, ...],
    recorded: tuple[float, float],
    began: tuple[float, float],
) -> Diagnosis:
    """Verdicts with what else is said of a host. ``began`` are the wall and CPU clocks at the start."""
    wall, cpu = began
    meta = past.meta
    scan = look.last.tasks
    return Diagnosis(
        host=meta.get("host", "?"),
        kernel=meta.get("kernel", "?"),
        boot_id=look.last.boot_id,
        time=look.last.wall,
        window_s=look.window,
        source=past.recording.path,
        findings=worst_first(verdicts),
        quiet=tuple(v for v in verdicts if isinstance(v, Quiet)),
        unknown=tuple(v for v in verdicts if isinstance(v, Unknown)),
        gaps=(*look.last.gaps.values(), *(Gap("malformed", str(one)) for one in past.recording.damage)),
        facts=facts_of(look),
        vitals=vitals(look, window(look)),
        cpu_s=time.process_time() - cpu,
        wall_s=time.monotonic() - wall,
        tasks=None if scan is None else TasksRead(scan.way, scan.cpu_s),
        explained=look.explained,
        changed=changed(rules),
        recorded=recorded,
    )
