"""``jinmaek tune`` as JSON, schema 1 (docs/tune.schema.json). What is not known is null, never 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinmaek.advice.knob import Figure, Knob, Value
from jinmaek.advice.said import Said
from jinmaek.advice.seen import Fact
from jinmaek.advice.setting import Applied
from jinmaek.advice.tuning import Judged, Tried, find
from jinmaek.model import Gap
from jinmaek.views.tune import Where
from jinmaek.views.tune_applied import Comparison, back
from jinmaek.views.tune_words import lasting, setting, text, undoing


def document(
    where: Where,
    found: Sequence[Judged],
    lang: str,
    *,
    about: bool = False,
    tried: Sequence[Tried] = (),
) -> dict[str, Any]:
    """The knobs judged, and each what-if that was asked."""
    return {
        "schema": 1,
        "host": where.host,
        "kernel": where.kernel,
        "source": where.source,
        "window_s": where.window_s,
        "uptime_s": where.uptime_s,
        "knobs": [_judged(one, lang, about=about) for one in found],
        "what_if": [_tried(one, lang) for one in tried],
    }


def _judged(one: Judged, lang: str, *, about: bool) -> dict[str, Any]:
    knob, answer = one.knob, one.answer
    shown: dict[str, Any] = {
        "name": knob.name,
        "file": f"/{knob.path}",
        "value": one.value,
        "default": one.default,
        "answer": answer.kind,
        "sentence": text(answer.sentence, lang),
        "evidence": [_fact(item) for item in answer.evidence],
        "try": None,
        "gap": _gap(answer.gap),
    }
    if answer.attempt is not None:
        name, value = answer.attempt
        other = find(name)
        if other is not None:
            shown["try"] = {"name": name, "value": value, **_ways(other, value, one.undo)}
    if about:
        shown["about"] = {
            "does": text(knob.does, lang),
            "formula": text(knob.formula, lang),
            "does_not": [text(line, lang) for line in knob.does_not],
            "here": [_figure(item, lang) for item in one.figures],
            "notes": [text(note, lang) for note in one.notes],
            "words": list(knob.words) or None,
            "least": None if knob.words else knob.least,
            "most": None if knob.words else knob.most,
            "unit": knob.unit or None,
            "sources": list(knob.sources),
        }
    return shown


def _ways(knob: Knob, value: Value, undo: Sequence[tuple[Knob, Value]]) -> dict[str, Any]:
    line, file = lasting(knob, value)
    return {
        "command": setting(knob, value),
        "revert": undoing(undo),
        "persist": {"line": line, "file": file},
    }


def _tried(one: Tried, lang: str) -> dict[str, Any]:
    return {
        "name": one.knob.name,
        "file": f"/{one.knob.path}",
        "old": one.old,
        "new": one.new,
        "effect": one.effect.kind,
        "sentence": text(one.effect.sentence, lang),
        "figures": [
            {"name": text(now.name, lang), "now": now.value, "then": then.value, "unit": now.unit}
            for now, then in one.figures
        ],
        "risk": _said(one.effect.risk, lang),
        "refused": _said(one.refused, lang),
        "notes": [text(note, lang) for note in one.notes],
        "evidence": [_fact(item) for item in one.effect.evidence],
        "gap": _gap(one.effect.gap),
        **_ways(one.knob, one.new, one.undo),
    }


def _said(said: Said | None, lang: str) -> str | None:
    return None if said is None else text(said, lang)


def _figure(item: Figure, lang: str) -> dict[str, Any]:
    return {"name": text(item.name, lang), "value": item.value, "unit": item.unit}


def _fact(item: Fact) -> dict[str, Any]:
    return {"column": item.column, "value": item.value, "unit": item.unit, "span": item.span}


def _gap(gap: Gap | None) -> dict[str, str] | None:
    return None if gap is None else {"kind": gap.kind, "source": gap.source, "detail": gap.detail}


def applied(
    knob: Knob, done: Applied, cgroup: str | None, *, force_back: bool, reverted: bool
) -> dict[str, Any]:
    """What was written."""
    line, file = lasting(knob, done.change.new)
    return {
        "name": knob.name,
        "file": f"/{done.change.path}",
        "old": done.change.old,
        "new": done.change.new,
        "verified": done.verified,
        "coupled": [{"name": one.name, "old": one.old, "new": one.new} for one in done.coupled],
        "revert": list(back(knob, done, cgroup, force=force_back)),
        "persist": None if cgroup is not None else {"line": line, "file": file},
        "reverted": reverted,
    }


def measured(found: Comparison, lang: str) -> dict[str, Any]:
    """Both windows; ``after`` is null where nothing was applied."""
    both = found.seen is not None
    return {
        "span_s": found.span_s,
        "quantities": [
            {"name": text(one.quantity.name, lang), "columns": list(one.quantity.columns), "unit": one.unit}
            for one in found.quantities
        ],
        "before": {_key(one): one.before for one in found.quantities},
        "after": {_key(one): one.after for one in found.quantities} if both else None,
        "ratio": {_key(one): one.ratio for one in found.quantities} if both else None,
        "predicted": found.predicted,
        "seen": found.seen,
        "reverted": found.reverted,
    }


def _key(one: Any) -> str:
    """The columns of a quantity, with how they are taken where it is not the level."""
    columns = "+".join(one.quantity.columns)
    return columns if one.quantity.how == "level" else f"{columns}:{one.quantity.how}"
