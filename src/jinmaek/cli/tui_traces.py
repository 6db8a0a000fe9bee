"""The lines the full-screen view draws: one value of each expression at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jinmaek.diagnosis.evaluate import Missing, evaluate
from jinmaek.diagnosis.expr import Expr
from jinmaek.diagnosis.words import columns
from jinmaek.history.protocol import History
from jinmaek.sampling import dear
from jinmaek.views.tui.source import CHARTS, TRACES

KEPT = 240
"""Values of a line that are kept: more than a screen is wide."""
DRAWN: Mapping[str, Expr] = {**TRACES, **{name: expr for name, (expr, _, _) in CHARTS.items()}}


def values(history: History, at: float, window: float) -> dict[str, float | None]:
    """What is drawn, as it is at a moment; None where it is not known."""
    found: dict[str, float | None] = {}
    for name, expr in DRAWN.items():
        vector = evaluate(expr, history, at, window)
        found[name] = None if isinstance(vector, Missing) or not vector else next(iter(vector.values()))
    return found


def tables(exprs: Iterable[Expr]) -> tuple[str, ...]:
    """The tables that expressions look at."""
    return tuple(dict.fromkeys(ref.table for expr in exprs for ref in columns(expr)))


def costly(expr: Expr) -> bool:
    """Whether it looks at what is read only now and then."""
    return any(dear(table) for table in tables([expr]))
