"""``capacity --json``, schema 1. Bytes and seconds; what is not known is null, never 0."""

from __future__ import annotations

import json
from typing import Any

from jinmaek.accounts.heap.names import title
from jinmaek.accounts.trend import Slope
from jinmaek.advice.capacity.answer import Answer, Demand
from jinmaek.advice.capacity.changes import least
from jinmaek.advice.capacity.cushion import Cushion
from jinmaek.advice.capacity.grower import Grower
from jinmaek.advice.capacity.headroom import Outlook, tightest
from jinmaek.advice.capacity.mapped import Mapped
from jinmaek.advice.capacity.series import Watched
from jinmaek.advice.capacity.signs import Sign
from jinmaek.advice.capacity.squeeze import Squeeze
from jinmaek.views.heap import words
from jinmaek.views.tasks_json import gap, history, tasks_read

NAMES = "en"
"""The names of regions are the same in every language."""


def render(answer: Answer, lang: str, cost: tuple[float, float]) -> str:
    """One JSON object; sentences are in the language asked for. ``cost`` is CPU and wall seconds."""
    return json.dumps(document(answer, lang, cost), ensure_ascii=False, indent=2)


def document(answer: Answer, lang: str, cost: tuple[float, float]) -> dict[str, Any]:
    case, w = answer.case, answer.case.w
    first = tightest(case.outlooks)
    focus = case.focus
    return {
        "schema": 1,
        "verdict": answer.verdict,
        "cause": answer.cause,
        "reason": words(answer.sentence, lang),
        "confidence": answer.confidence,
        "time": w.wall,
        "window_s": w.window,
        "asked_s": w.asked,
        "interrupted": w.interrupted,
        "readings": w.readings,
        "least_bytes_per_minute": least(case) if w.window else None,
        "focus": {"pid": focus.pid, "cgroup": focus.cgroup},
        "growers": [_grower(answer, grower, lang) for grower in case.growers],
        "limit": None if first is None else _limit(first),
        "eta_s": None if first is None else first.eta,
        "eta_soonest_s": None if first is None else first.soonest,
        "eta_latest_s": None if first is None else first.latest,
        "limits": [{**_limit(one), **_when(one), "rate": _slope(one.rate)} for one in case.outlooks],
        "with_more": [
            {"add_bytes": more.add, **_when(more.outlook), "limit": _limit(more.outlook)}
            for more in answer.more
        ],
        "restart": None
        if answer.restart is None
        else {"pid": answer.restart[0].pid, "name": answer.restart[0].name, "buys_s": answer.restart[1]},
        "signs": {key: _sign(sign) for key, sign in case.signs.items()},
        "cgroups": [_squeeze(one) for one in case.squeezes],
        "demand": None if answer.demand is None else _demand(answer, answer.demand),
        "peaks": [
            {"pid": peak.pid, "name": peak.name, "most_bytes": peak.most, "now_bytes": peak.now}
            for peak in answer.peaks
        ],
        "cushions": [_cushion(one) for one in case.cushions],
        "would_change": [words(one, lang) for one in answer.would_change],
        "scan": None if w.tasks is None else tasks_read(w.tasks),
        "gaps": [gap(one) for one in w.gaps],
        "judged": None if w.judged is None else {"until": _wall(w, w.judged[0]), "seconds": w.judged[1]},
        "history": history(w.remembered),
        "cost": {"cpu_s": cost[0], "wall_s": cost[1]},
    }


def _wall(w: Watched, moment: float) -> float:
    """Seconds since the epoch of a moment since boot."""
    return w.wall - (w.end - moment)


def _grower(answer: Answer, one: Grower, lang: str) -> dict[str, Any]:
    w, course, told = answer.case.w, one.course, one.mapped
    region = told.region if told else None
    return {
        "class": one.kind,
        "pid": one.pid,
        "start_time": one.start_time,
        "name": one.name,
        "cgroup": one.cgroup,
        "mapping": None if region is None else words(title(region), NAMES),
        "mapping_kind": None if region is None else region.kind,
        "mapping_share": told.share if told else None,
        "mapping_gap": gap(told.gap) if told and told.gap else None,
        "bytes_per_s": one.rate.rate if one.rate else None,
        "bytes_per_s_low": one.rate.low if one.rate else None,
        "bytes_per_s_high": one.rate.high if one.rate else None,
        "growth_bytes": course.growth,
        "own_bytes": one.own,
        "peak_bytes": course.peak,
        "base_bytes": course.base,
        "since": None if course.since is None else w.wall - (w.end - course.since),
        "lasted_s": course.lasted,
        "cycles": course.cycles,
        "swing_bytes": course.swing if course.cycles else None,
        "members": one.members,
        "restarts": one.restarts,
        "readings": course.samples,
        "confidence": one.confidence,
        "runtime": told.runtime.name if told and told.runtime else None,
        "notes": [words(note, lang) for note in one.notes],
        "next": _next(told, lang) if told and one.kind in ("leak", None) else [],
    }


def _next(told: Mapped, lang: str) -> list[dict[str, Any]]:
    return [
        {
            "command": one.command,
            "why": words(one.why, lang),
            "caution": None if one.caution is None else words(one.caution, lang),
        }
        for one in told.next
    ]


def _limit(one: Outlook) -> dict[str, Any]:
    limit = one.limit
    return {
        "kind": limit.kind,
        "name": limit.name,
        "knob": limit.knob,
        "bytes": limit.bytes,
        "left_bytes": limit.left,
        "swap_bytes": limit.swap,
        "lower_bound": limit.lower_bound,
    }


def _when(one: Outlook) -> dict[str, float | None]:
    return {"eta_s": one.eta, "eta_soonest_s": one.soonest, "eta_latest_s": one.latest}


def _slope(rate: Slope | None) -> dict[str, float] | None:
    return None if rate is None else {"bytes_per_s": rate.rate, "low": rate.low, "high": rate.high}


def _sign(sign: Sign) -> dict[str, Any]:
    return {
        "value": sign.value,
        "unit": sign.unit,
        "limit": sign.limit,
        "holds": sign.holds,
        "since_boot": sign.since_boot,
        "gap": None if sign.gap is None else gap(sign.gap),
    }


def _squeeze(one: Squeeze) -> dict[str, Any]:
    return {
        "cgroup": one.path,
        "state": one.state,
        "came": one.came,
        "hits": one.hits,
        "waits": one.waits,
        "refaults_per_s": one.refaults,
        "activated_per_s": one.activated,
    }


def _demand(answer: Answer, demand: Demand) -> dict[str, Any]:
    w = answer.case.w
    return {
        "most_bytes": demand.most,
        "most_at": w.wall - (w.end - demand.at),
        "now_bytes": demand.now,
        "of_bytes": demand.of,
        "most_ever_bytes": demand.before,
    }


def _cushion(one: Cushion) -> dict[str, Any]:
    return {
        "pid": one.grower.pid,
        "name": one.grower.name,
        "burst_bytes": one.size,
        "lasted_s": one.lasted,
        "swap_bytes": one.swap,
        "fitted": one.fitted,
        "enough": one.enough,
    }
