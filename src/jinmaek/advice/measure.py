"""The counters that decide, for a while before a knob is set and the same while after."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from jinmaek.advice.knob import Knob, Quantity, Value
from jinmaek.advice.seen import Missing, Window, figure
from jinmaek.advice.tuning import INTERVAL, wait_until
from jinmaek.catalog import ref
from jinmaek.columns import Malformed
from jinmaek.kernel import cgroup_memory
from jinmaek.model import Gap
from jinmaek.root import LIVE
from jinmaek.sampling import Snapshot, read_text, take

Direction = Literal["up", "down", "none"]
Verdict = Literal["as predicted", "not as predicted", "too little happened to tell", "could not be read"]

LEAST = 100
"""Events in each window, below which nothing can be told: pages scanned, times a limit was hit."""
NOTICEABLE = 0.05
"""Of the greater of two values: a smaller difference is called none …"""
EXACT = 0.001
"""… and so is this where the kernel recomputes the figure at once, whatever happens."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One quantity before and after; None where it could not be read, or of nothing."""

    quantity: Quantity
    unit: str
    before: float | None
    after: float | None

    @property
    def ratio(self) -> float | None:
        """After in terms of before."""
        return (
            None if self.before is None or self.after is None or not self.before else self.after / self.before
        )


def watch(
    quantities: Sequence[Quantity],
    needs: Sequence[str],
    span: float,
    cgroup: str | None,
    progress: Callable[[float], None] | None,
) -> tuple[Snapshot, ...]:
    """Readings over so many seconds of the tables these quantities need."""
    columns = [column for quantity in quantities for column in (*quantity.columns, *quantity.of)]
    wanted = sorted({column.partition(".")[0] for column in (*columns, *needs)})
    begin, readings = time.monotonic(), max(1, round(span / INTERVAL))
    snapshots = [read(wanted, cgroup)]
    try:
        for index in range(1, readings + 1):
            wait_until(begin + span * index / readings, begin + span, progress)
            snapshots.append(read(wanted, cgroup))
    finally:
        if progress:
            progress(0)
    return tuple(snapshots)


def read(wanted: Sequence[str], cgroup: str | None) -> Snapshot:
    """One reading; of cgroups only the one asked for."""
    if cgroup is None:
        return take(LIVE, wanted)
    snapshot = take(LIVE, [table for table in wanted if table != "cgroup_memory"])
    texts = {path: read_text(LIVE, path) for path in (f"{cgroup}/{name}" for name in cgroup_memory.FILES)}
    try:
        rows = tuple(
            cgroup_memory.parse({path: text for path, text in texts.items() if isinstance(text, str)})
        )
    except Malformed as fault:
        return _without(snapshot, Gap("malformed", cgroup, str(fault)))
    if not rows:
        return _without(snapshot, Gap("gone", cgroup))
    return replace(snapshot, tables={**snapshot.tables, "cgroup_memory": rows})


def _without(snapshot: Snapshot, gap: Gap) -> Snapshot:
    return replace(snapshot, gaps={**snapshot.gaps, "cgroup_memory": gap})


def value(quantity: Quantity, snapshots: Sequence[Snapshot]) -> float | None:
    """The quantity over these readings; None where it cannot be told."""
    window = Window("in this look", snapshots[0], snapshots[-1])
    try:
        match quantity.how:
            case "level":
                return sum(figure(snapshots[-1], column) for column in quantity.columns)
            case "highest":
                return max(
                    sum(figure(snapshot, column) for column in quantity.columns) for snapshot in snapshots
                )
            case "rate":
                return window.grew_some(*quantity.columns) / window.seconds
            case "share":
                whole = window.grew(*quantity.of)
                return window.grew(*quantity.columns) / whole if whole else None
    except Missing:
        return None


def unit(quantity: Quantity) -> str:
    """The unit of its figures."""
    declared = ref(quantity.columns[0]).column.unit
    match quantity.how:
        case "share":
            return "ratio"
        case "rate":
            return "ratio" if declared == "seconds" else f"{declared}/s"
        case "level" | "highest":
            return declared


def compared(
    quantities: Sequence[Quantity], before: Sequence[Snapshot], after: Sequence[Snapshot]
) -> tuple[Measured, ...]:
    """Every quantity in both windows."""
    return tuple(
        Measured(quantity, unit(quantity), value(quantity, before), value(quantity, after))
        for quantity in quantities
    )


def predicted(knob: Knob, old: Value, new: Value, *, nothing: bool) -> Direction:
    """Where the first quantity goes; ``nothing`` is what the what-if says."""
    if nothing or not knob.direction or old == new:
        return "none"
    rises = (_order(knob, new) > _order(knob, old)) == (knob.direction > 0)
    return "up" if rises else "down"


def _order(knob: Knob, worth: Value) -> int:
    return knob.words.index(worth) if isinstance(worth, str) else worth


def seen(
    first: Measured,
    expected: Direction,
    needs: Sequence[str],
    before: Sequence[Snapshot],
    after: Sequence[Snapshot],
) -> Verdict:
    """Whether the first quantity went where it was predicted to go."""
    if first.before is None or first.after is None:
        # A share of nothing is not told either.
        return "too little happened to tell" if first.quantity.how == "share" else "could not be read"
    if first.before == first.after == 0 and expected != "none":
        return "too little happened to tell"
    change = first.after - first.before
    noticed = abs(change) > (NOTICEABLE if needs else EXACT) * max(abs(first.before), abs(first.after))
    went: Direction = "none" if not noticed else "up" if change > 0 else "down"
    happened = min(_events(needs, window) for window in (before, after)) if needs else LEAST
    # A level that went the right way may need a single reclaim; a share of few events is chance.
    level = first.quantity.how in ("level", "highest") and went == expected != "none"
    if happened < (1 if level else LEAST):
        return "too little happened to tell"
    return "as predicted" if went == expected else "not as predicted"


def same(one: float, other: float) -> bool:
    """Whether a figure that the kernel recomputes at once stays."""
    return abs(one - other) <= EXACT * max(abs(one), abs(other))


def _events(needs: Sequence[str], snapshots: Sequence[Snapshot]) -> float:
    """How much happened; nothing where it could not be read."""
    try:
        return Window("in this look", snapshots[0], snapshots[-1]).grew_some(*needs)
    except Missing:
        return 0.0
