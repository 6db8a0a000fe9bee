"""Experiments and their runs as JSON, schema 1. A number not known is null, never 0."""

from __future__ import annotations

from typing import Any

from jinmaek.i18n import tr
from jinmaek.lab.experiment import Experiment
from jinmaek.lab.runner import Run
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
