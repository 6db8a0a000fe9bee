"""What is left of an expression without some columns: found as when judged here, quiet only where sure."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pytest
from tests.diagnosis.random_cases import World

from jinmaek.catalog import Ref
from jinmaek.catalog import ref as lookup
from jinmaek.diagnosis.evaluate import Missing, evaluate
from jinmaek.diagnosis.expr import AllOf, AnyOf, Compare, Const, Expr, Unless, now
from jinmaek.diagnosis.fleet.lacking import Lacking
from jinmaek.diagnosis.fleet.possible import possible, sure
from jinmaek.diagnosis.shape import columns
from jinmaek.history.protocol import History
from jinmaek.model import Gap, Labels, Points

SEEDS = range(int(os.environ.get("JINMAEK_EXAMPLES", "400")) // 40)


@dataclass(frozen=True, slots=True)
class Without:
    """A history that lacks some columns, and knows the load."""

    history: History
    missing: Collection[Ref]

    def series(self, ref: Ref, start: float, end: float) -> Mapping[Labels, Points] | Gap:
        if ref in self.missing:
            return Gap("absent", ref.name)
        if ref.name == "loadavg.load1":
            return {(): [(end, 1.0)]}
        told = self.history.series(ref, start, end)
        return {} if isinstance(told, Gap) and told.kind == "absent" else told


def joined(world: World) -> tuple[Expr, set[Ref]]:
    """A few conditions joined as rules join them, and the columns a kernel may lack to no harm."""
    draw = world.random
    terms: list[Expr] = []
    spared: set[Ref] = set()
    while len(terms) < 4:
        side = world.case().expr
        # Rules join conditions on the outside only: a part is known or not.
        if not any(join in repr(side) for join in ("AllOf(", "AnyOf(", "Unless(")):
            if draw.random() < 0.3 and "Compare(" not in repr(side):
                spared.update(columns(side))
                side = AnyOf((side, now("loadavg.load1") * 0))
            terms.append(Compare(draw.choice((">", "<")), side, Const(draw.uniform(0, 50))))
    whole: Expr = AnyOf(tuple(terms[:2])) if draw.random() < 0.5 else AllOf(tuple(terms[:2]))
    return (Unless(whole, tuple(terms[2:])) if draw.random() < 0.6 else whole), spared


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_three_answers(seed: int) -> None:
    world = World(seed)
    for _ in range(10):
        expr, spared = joined(world)
        missing = {ref for ref in columns(expr) if world.random.random() < 0.3} - {lookup("loadavg.load1")}
        for history in world.histories.values():
            _agree(
                expr,
                missing,
                Without(history, missing & spared),
                Without(history, missing),
                world.at,
                world.window,
            )


def _agree(expr: Expr, missing: set[Ref], whole: History, history: History, at: float, window: float) -> None:
    lacking = Lacking(frozenset(missing))
    surely, perhaps = sure(expr, lacking), possible(expr, lacking)
    found = {} if surely == "never" else evaluate(surely, history, at, window)
    may = {(): 1.0} if perhaps == "always" else evaluate(perhaps, history, at, window)
    local = evaluate(expr, history, at, window)
    truth = evaluate(expr, whole, at, window)
    for one in (found, may):
        assert not isinstance(one, Missing) or one.gap.kind != "absent", "asks for what is not there"
    if any(isinstance(one, Missing) and one.gap.kind != "absent" for one in (found, may, local, truth)):
        return
    if isinstance(local, Missing):
        assert not found
    else:
        assert found == local
    if not found and not may and not isinstance(truth, Missing):
        assert not truth, "quiet, and would be found if all were there"
