"""Experiments and their runs as JSON, schema 1. A number not known is null, never 0."""

from __future__ import annotations

from typing import Any

from jinmaek.i18n import tr
from jinmaek.lab.experiment import Experiment
from jinmaek.lab.not_made import REASONS
from jinmaek.lab.peers.held import PeerScore
from jinmaek.lab.runner import Run
from jinmaek.lab.score import Score
from jinmaek.lab.trial import Trial
from jinmaek.views.diagnosis_json import document


def experiment(one: Experiment, lang: str) -> dict[str, Any]:
    """All an experiment says of itself."""
    return {
        "name": one.name,
        "chapter": one.chapter,
        "healthy": one.healthy,
        "claim": tr(lang, one.claim),
        "how": tr(lang, one.how),
        "seconds": one.seconds,
        "needs": {
            "root": one.needs.root,
            "memory_bytes": one.needs.memory,
            "disk_bytes": one.needs.disk,
            "cgroups": list(one.needs.cgroups),
            "tools": list(one.needs.tools),
            "files": list(one.needs.files),
            "cpus": one.needs.cpus,
        },
        "columns": list(one.shows),
        "expects": [{"rule": want.rule, "culprit": want.culprit} for want in one.expects],
        "explains": list(one.explains),
        "allows": list(one.allows),
        "limits": {} if one.limits is None else dict(one.limits()),
    }


def run(done: Run, lang: str) -> dict[str, Any]:
    """One run, its diagnoses included."""
    return {
        "name": done.experiment.name,
        "verdict": done.answer.says,
        "why": done.answer.why.told(lang),
        "readings": [
            {
                "phase": reading.phase,
                "quantities": {
                    name: {"value": found.value, "unit": found.unit}
                    for name, found in reading.quantities.items()
                },
            }
            for reading in done.readings
        ],
        "looks": [{"after_s": look.after, "diagnosis": document(look.diagnosis)} for look in done.looks],
        "seconds": done.seconds,
        "not_undone": [left.told(lang) for left in done.leftovers],
    }


def trial(one: Trial) -> dict[str, Any]:
    """One trial, without the diagnoses themselves."""
    return {
        "name": one.experiment.name,
        "healthy": one.experiment.healthy,
        "made": one.made,
        "verdict": one.run.answer.says,
        "began": one.began,
        "ended": one.ended,
        "expected": [
            {
                "rule": outcome.rule,
                "fired": outcome.fired,
                "after_s": outcome.after,
                "culprit": outcome.culprit,
                "right": outcome.right,
            }
            for outcome in one.outcomes
        ],
        "explained": dict(one.explained),
        "false_alarms": [
            {"rule": alarm.rule, "severity": alarm.severity, "culprit": alarm.culprit} for alarm in one.alarms
        ],
        "before": list(one.before),
        "not_undone": len(one.run.leftovers),
    }


def peer(done: PeerScore) -> dict[str, Any]:
    """A peer on the same runs."""
    return {
        "name": done.peer.name,
        "version": done.peer.version,
        "how": done.peer.how.told("en"),
        "conditions": done.conditions,
        "found": done.found,
        "named": done.named,
        "right": done.right,
        "healthy": done.healthy,
        "healthy_with_alarm": done.alarmed,
        "rules": {rule: {"found": found, "trials": whole} for rule, (found, whole) in done.by_rule.items()},
        "heard": [
            {"experiment": name, "alarms": None if alarms is None else [alarm.name for alarm in alarms]}
            for name, alarms in done.heard
        ],
    }


def score(done: Score, machine: dict[str, object]) -> dict[str, Any]:
    """The whole of a score. Shares are from 0 to 1."""
    return {
        "machine": machine,
        "seconds": done.seconds,
        "stopped": done.stopped,
        "trials_planned": done.planned,
        "recall": done.recall,
        "right_culprit": done.culprits,
        "trials_made": len(done.judged),
        "healthy_trials": len(done.healthy),
        "healthy_with_alarm": len(done.alarmed),
        "rules": [
            {
                "rule": rule.rule,
                "trials": rule.trials,
                "fired": rule.fired,
                "recall": rule.recall,
                "false_alarms": rule.false_alarms,
                "named": rule.named,
                "right": rule.right,
                "after_s": rule.after,
                "scaled": rule.scaled,
                "not_made": reason.told("en") if (reason := REASONS.get(rule.rule)) else None,
            }
            for rule in done.rules
        ],
        "trials": [trial(one) for one in done.trials],
        "peers": [peer(one) for one in done.peers],
        "peers_absent": [{"name": one.name, "why": one.why.told("en")} for one in done.absent],
        "refused": [{"name": name, "why": why} for name, why in done.refused],
    }
