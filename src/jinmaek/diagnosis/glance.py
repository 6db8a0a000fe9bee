"""A short look for a few rules, while something else is read: what an account is judged by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from jinmaek.catalog import tables
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.words import columns
from jinmaek.history.live import Ring
from jinmaek.model import Verdict
from jinmaek.root import Root
from jinmaek.sampling import take
from jinmaek.tasks.choose import Scanner
from jinmaek.tasks.procfs import cgroup_of

Result = TypeVar("Result")


def glance(
    root: Root,
    rules: tuple[Rule, ...],
    also: Iterable[str],
    span: float,
    lang: str,
    meanwhile: Callable[[], Result],
    progress: Callable[[float], None] | None = None,
    interval: float = 1.0,
) -> tuple[Look, tuple[Verdict, ...], Result]:
    """Watch for ``span`` seconds, the first of which ``meanwhile`` may use; a captured tree is read once.

    ``also`` are tables the rules do not need. ``progress`` is given the seconds left.
    """
    wanted = _wanted(rules, also)
    ring = Ring()
    with Scanner(root) as tasks:
        ring.add(take(root, wanted, tasks.scan(details=True)))
        begin = time.monotonic()
        result = meanwhile()
        if root.live:
            end = max(begin + span, time.monotonic())
            while (left := end - time.monotonic()) > 0:
                if progress:
                    progress(left)
                time.sleep(min(left, interval))
                if end - time.monotonic() > interval / 2:
                    ring.add(take(root, wanted, tasks.scan(details=False)))
            ring.add(take(root, wanted, tasks.scan(details=True)))
        if progress:
            progress(0)
    look = Look(ring, lang, lambda pid: cgroup_of(root, pid), tuple)
    return look, judge(rules, look), result


def _wanted(rules: tuple[Rule, ...], also: Iterable[str]) -> tuple[str, ...]:
    needed = set(also)
    for rule in rules:
        exprs = (rule.when, *(sign.expr for sign in (*rule.agree, *rule.unless)), *(e for _, e in rule.worse))
        needed.update(ref.table for expr in exprs for ref in columns(expr))
    return tuple(sorted(needed & tables().keys()))
