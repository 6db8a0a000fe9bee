"""What the swap account means: nothing there, cold and forgotten, in use now and by whom, or full and a risk.

The verdict is that of the rules swap.active, swap.full and swap.stale over the same look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from jinmaek.accounts.swap import SwapAccount, rates
from jinmaek.diagnosis.culprits import by_major_faults
from jinmaek.diagnosis.evaluate import Missing, evaluate
from jinmaek.diagnosis.look import Look
from jinmaek.diagnosis.rule import Rule
from jinmaek.diagnosis.sentence import Sentence, Value
from jinmaek.kernel.vmstat_columns import Vmstat
from jinmaek.model import Culprit, Finding, Quiet, Severity, Unknown, Verdict

State = Literal["none", "unused", "stale", "idle", "moving", "active", "full", "unknown"]

RULES = ("swap.full", "swap.active", "swap.stale")
"""The worst first."""
TABLES = ("vmstat", "meminfo")
"""What a look must hold besides what the rules ask for."""
NEARLY_FULL = "swap is nearly full and memory is low too"
"""The veto of swap.stale that tells a risk, where there is no rule swap.full."""
TRAFFIC = 1.0
"""Pages per second below which nobody is said to read swap: the level of swap.stale."""

SENTENCES = {
    "none": "This host has no swap: when memory runs out, the OOM killer comes at once.",
    "unused": "Nothing to do: nothing is in swap.",
    "stale": (
        "Nothing to do: {used_bytes} was moved out once, because nobody used it, and nobody reads it back: "
        "{in_rate} in, {out_rate} out. The kernel does not bring it back before it is needed."
    ),
    "idle": "Nobody uses what is in swap now: {in_rate} in, {out_rate} out.",
    "moving": "Some pages move, {in_rate} in and {out_rate} out; no rule calls that a problem.",
    "active": "Programs work in swap: {in_rate} come back, {out_rate} leave.",
    "active-who": "Programs work in swap: {in_rate} come back, {out_rate} leave. Most wait in {who}.",
    "full": (
        "A risk: {left_bytes} of {total_bytes} swap is left, and memory is short. What comes next is killed."
    ),
    "reading": "{used_bytes} is in swap. Whether anybody uses it, one reading cannot tell.",
    "unknown": "{used_bytes} is in swap. Whether anybody uses it is not known: {source} is missing ({kind}).",
    "level-only": (
        "Only {left_bytes} of {total_bytes} swap is left, which is no risk by itself: nothing else says that "
        "memory is short."
    ),
}
"""By name; their translations are looked for by a test."""


@dataclass(frozen=True, slots=True)
class SwapVerdict:
    """``active`` is None where it is not known."""

    state: State
    active: bool | None
    severity: Severity | None
    sentences: tuple[Sentence, ...]
    rates: Mapping[str, float | None]
    readers: tuple[Culprit, ...]
    """Who waits for pages to come back, by major faults: those of files are among them."""
    helps: tuple[str, ...]
    does_not_help: tuple[str, ...]


def verdict(
    account: SwapAccount, look: Look, verdicts: Iterable[Verdict], rules: Iterable[Rule]
) -> SwapVerdict:
    """Judge the account by what moved during the look."""
    told = {one.rule: one for one in verdicts}
    known = {rule.id: rule for rule in rules}
    moved = rates(_vmstat(look, first=True), _vmstat(look, first=False), look.window)
    readers = (
        by_major_faults(look)
        if (moved["pswpin"] or 0) >= TRAFFIC or (moved["zswpin"] or 0) >= TRAFFIC
        else ()
    )
    state = _state(account, told, moved, risk=_risk(known, told, look))
    rule = {"active": "swap.active", "full": "swap.full", "stale": "swap.stale"}.get(state)
    found = told.get(rule or "")
    return SwapVerdict(
        state=state,
        active=None if moved["pswpin"] is None else isinstance(told.get("swap.active"), Finding),
        severity=found.severity if isinstance(found, Finding) else None,
        sentences=tuple(_sentences(state, account, told, moved, readers)),
        rates=moved,
        readers=readers,
        helps=known[rule].helps if rule in known else (),
        does_not_help=known[rule].does_not_help if rule in known else (),
    )


def _risk(known: Mapping[str, Rule], told: Mapping[str, Verdict], look: Look) -> bool:
    """Whether swap is full while memory is short."""
    if "swap.full" in told:
        return isinstance(told["swap.full"], Finding)
    vetoes = known["swap.stale"].unless if "swap.stale" in known else ()
    found = [
        evaluate(sign.expr, look.history, look.last.monotonic, look.window)
        for sign in vetoes
        if sign.name == NEARLY_FULL
    ]
    return any(vector and not isinstance(vector, Missing) for vector in found)


def _state(
    account: SwapAccount,
    told: Mapping[str, Verdict],
    moved: Mapping[str, float | None],
    *,
    risk: bool,
) -> State:
    if account.total == 0:
        return "none"
    if account.used == 0:
        return "unused"
    if risk:
        return "full"
    if isinstance(told.get("swap.active"), Finding):
        return "active"
    stale = told.get("swap.stale")
    if isinstance(stale, Quiet) and stale.reason:
        return "stale"
    if moved["pswpin"] is None or moved["pswpout"] is None:
        return "unknown"
    return "idle" if max(moved["pswpin"], moved["pswpout"]) < TRAFFIC else "moving"


def _sentences(
    state: State,
    account: SwapAccount,
    told: Mapping[str, Verdict],
    moved: Mapping[str, float | None],
    readers: tuple[Culprit, ...],
) -> Iterable[Sentence]:
    values: dict[str, Value] = {
        "used_bytes": account.used or 0,
        "total_bytes": account.total or 0,
        "left_bytes": (account.total or 0) - (account.used or 0),
        "in_rate": moved["pswpin"] or 0.0,
        "out_rate": moved["pswpout"] or 0.0,
    }
    active = isinstance(told.get("swap.active"), Finding)
    if state == "full":
        yield Sentence(SENTENCES["full"], values)
    if active and readers:
        named = f"{readers[0].name} [{readers[0].pid}]"
        yield Sentence(SENTENCES["active-who"], {**values, "who": named})
    elif active:
        yield Sentence(SENTENCES["active"], values)
    elif state == "unknown":
        gap = next((one.gap for one in told.values() if isinstance(one, Unknown)), None)
        if gap is None or gap.kind == "too short":
            yield Sentence(SENTENCES["reading"], values)
        else:
            yield Sentence(SENTENCES["unknown"], {**values, "source": gap.source, "kind": gap.kind})
    elif state != "full":
        yield Sentence(SENTENCES[state], values)
    full = told.get("swap.full")
    if isinstance(full, Quiet) and full.reason and state not in ("none", "unused"):
        yield Sentence(SENTENCES["level-only"], values)


def _vmstat(look: Look, *, first: bool) -> Vmstat | None:
    rows = (look.first if first else look.last).tables.get("vmstat", ())
    return next((row for row in rows if isinstance(row, Vmstat)), None)
