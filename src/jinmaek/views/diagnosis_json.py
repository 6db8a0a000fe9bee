"""A diagnosis as JSON, schema 1 (docs/diagnosis.schema.json). A number not known is null, never 0."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from jinmaek.model import ChangedLimit, Culprit, Diagnosis, Evidence, Finding
from jinmaek.views.tasks_json import explained, gap, history, locked, tasks_read


def render(diagnosis: Diagnosis) -> str:
    """One JSON object."""
    return json.dumps(document(diagnosis), ensure_ascii=False, indent=2)


def document(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "schema": 1,
        "host": diagnosis.host,
        "kernel": diagnosis.kernel,
        "boot_id": diagnosis.boot_id or None,
        "time": diagnosis.time,
        "window_s": diagnosis.window_s,
        "source": diagnosis.source,
        "findings": [finding(one) for one in diagnosis.findings],
        "quiet": [
            {"rule": quiet.rule, "reason": quiet.reason, "evidence": [_evidence(e) for e in quiet.evidence]}
            for quiet in diagnosis.quiet
        ],
        "unknown": [
            {
                "rule": unknown.rule,
                "column": unknown.column,
                "gap": gap(unknown.gap),
                "needed_s": unknown.gap.needed,
            }
            for unknown in diagnosis.unknown
        ],
        "gaps": [gap(one) for one in diagnosis.gaps],
        "facts": dict(diagnosis.facts),
        "vitals": [_evidence(item) for item in diagnosis.vitals],
        "cost": {"cpu_s": diagnosis.cpu_s, "wall_s": diagnosis.wall_s},
        "tasks": diagnosis.tasks and tasks_read(diagnosis.tasks),
        "explained": explained(diagnosis.explained),
        "locked": locked(diagnosis.locked),
        "recorded": diagnosis.recorded and {"since": diagnosis.recorded[0], "until": diagnosis.recorded[1]},
        "changed": changed(diagnosis.changed),
        "history": history(diagnosis.remembered),
    }


def changed(limits: Iterable[ChangedLimit]) -> list[dict[str, Any]]:
    """Limits that a user set otherwise."""
    return [
        {
            "rule": one.rule,
            "limit": one.name,
            "value": one.value,
            "default": one.default,
            "unit": one.unit,
        }
        for one in limits
    ]


def finding(finding: Finding) -> dict[str, Any]:
    """A finding."""
    return {
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity,
        "subject": dict(finding.subject),
        "since": finding.since,
        "until": finding.until,
        "fell": finding.fell,
        "confidence": finding.confidence,
        "summary": finding.summary,
        "evidence": [_evidence(item) for item in finding.evidence],
        "indicators": {
            "agree": list(finding.indicators.agree),
            "disagree": list(finding.indicators.disagree),
            "unknown": list(finding.indicators.unknown),
        },
        "culprits": [_culprit(culprit) for culprit in finding.culprits],
        "helps": list(finding.helps),
        "does_not_help": list(finding.does_not_help),
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        "column": item.column,
        "labels": dict(item.labels),
        "value": item.value if math.isfinite(item.value) else None,
        "unit": item.unit,
        "limit": item.limit,
        "file": item.file,
    }


def _culprit(culprit: Culprit) -> dict[str, Any]:
    return {
        "kind": culprit.kind,
        "pid": culprit.pid,
        "start_time": culprit.start_time,
        "name": culprit.name,
        "cgroup": culprit.cgroup,
        "share": culprit.share,
        "why": culprit.why,
    }
