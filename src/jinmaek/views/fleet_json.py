"""The judgement of a fleet as JSON, schema 1 (docs/fleet.schema.json). What is not known is null, never 0."""

from __future__ import annotations

import json
from typing import Any

from jinmaek.diagnosis.fleet.exporters import lack
from jinmaek.diagnosis.fleet.survey import Fleet, HostFinding, Unjudged
from jinmaek.views.diagnosis_json import changed, finding
from jinmaek.views.tasks_json import gap


def render(fleet: Fleet) -> str:
    """One JSON object on a line: of thousands of hosts, indented, it would take longer than the judgement."""
    return json.dumps(document(fleet), ensure_ascii=False)


def document(fleet: Fleet) -> dict[str, Any]:
    return {
        "schema": 1,
        "source": fleet.source,
        "time": fleet.time,
        "since": fleet.since,
        "hosts": list(fleet.hosts),
        "blind": [{"host": name, "down": one.down} for name, one in fleet.blind],
        "findings": [_finding(one) for one in fleet.findings],
        "rules": [
            {
                "rule": one.rule,
                "found": one.found,
                "quiet": one.quiet,
                "unknown": one.unknown,
                "benign": one.benign,
            }
            for one in fleet.rules
        ],
        "unknown": [_unjudged(one) for one in fleet.unjudged if one.hosts],
        "partial": fleet.partial,
        "changed": changed(fleet.changed),
        "cost": {"cpu_s": fleet.cpu_s, "wall_s": fleet.wall_s},
    }


def _finding(one: HostFinding) -> dict[str, Any]:
    return {"host": one.host, **finding(one.finding), "at_least": one.at_least, "times": one.times}


def _unjudged(one: Unjudged) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "hosts": list(one.hosts),
        "gap": gap(one.gap),
        "missing": [
            {"column": ref.name, "metric": ref.metric.name, "need": need.need, "what": need.what}
            for ref, need in ((ref, lack(ref)) for ref in one.columns)
        ],
    }
