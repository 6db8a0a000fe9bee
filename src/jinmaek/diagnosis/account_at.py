"""The accounts of a moment of a recording, and what they mean: judged by the rules on what was before it."""

from __future__ import annotations

from jinmaek.accounts import recorded
from jinmaek.accounts.load.account import Load
from jinmaek.accounts.load.recorded import of_samples
from jinmaek.accounts.load.watch import TABLES as LOAD
from jinmaek.accounts.memory import Ledger
from jinmaek.accounts.memory_owners import By
from jinmaek.accounts.swap_reading import SwapLook
from jinmaek.diagnosis import memory_verdict, swap_verdict
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.memory_verdict import MemoryVerdict
from jinmaek.diagnosis.past import look_at, needed, widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.swap_verdict import SwapVerdict
from jinmaek.history.recording.past import Past
from jinmaek.model import TasksRead, Verdict


def memory(past: Past, at: int, by: By, rules: tuple[Rule, ...], lang: str) -> tuple[Ledger, MemoryVerdict]:
    """The ledger of the sample at ``at``. Raises ``NoMeminfo``, ``LookupError``."""
    ledger = recorded.ledger(recorded.moment(past, at, recorded.LEDGER), by)
    look, verdicts = _judged(past, at, _of(rules, memory_verdict.RULES), lang)
    return ledger, memory_verdict.verdict(ledger, verdicts, trend=look.window > 0)


def swap(
    past: Past, at: int, by: By, span: float, rules: tuple[Rule, ...], lang: str
) -> tuple[SwapLook, SwapVerdict]:
    """The swap account of a sample and the traffic of ``span`` seconds before it. Raises as ``memory``."""
    found = recorded.swap_look(recorded.moment(past, at, recorded.SWAP), by)
    wanted = _of(rules, swap_verdict.RULES)
    _, verdicts = _judged(past, at, wanted, lang)
    lately = look_at(past.before(at, span), lang)
    return found, swap_verdict.verdict(found.account, lately, verdicts, wanted)


def load(past: Past, at: int, span: float) -> tuple[Load, TasksRead]:
    """The load of ``span`` seconds before a sample. Raises ``LookupError``."""
    before = past.before(at, span)
    before.only = LOAD
    pid = before.meta.get("pid")
    snapshots = [before.snapshot(place) for place in range(len(before))]
    scans = [one.tasks for one in snapshots if one.tasks is not None]
    read = TasksRead(scans[-1].way if scans else "none", sum(scan.cpu_s for scan in scans))
    return of_samples(snapshots, pid if isinstance(pid, int) else None), read


def _judged(past: Past, at: int, rules: tuple[Rule, ...], lang: str) -> tuple[Look, tuple[Verdict, ...]]:
    look = look_at(past.before(at, needed(rules, widest(past.meta))), lang)
    return look, judge(rules, look)


def _of(rules: tuple[Rule, ...], names: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.id in names)
