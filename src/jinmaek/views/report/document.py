"""All that a report says, as one object (docs/report.schema.json); a number that is not known is None."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jinmaek import __version__
from jinmaek.history.recording.holes import holes
from jinmaek.history.recording.recording import Recording
from jinmaek.model import Diagnosis, Finding
from jinmaek.views import diagnosis_json
from jinmaek.views.report.charts import charts
from jinmaek.views.report.moments import moments
from jinmaek.views.report.parts import parts


@dataclass(frozen=True, slots=True)
class Report:
    """The object, and the findings it holds: a page says them in the words of ``diagnose``."""

    data: Mapping[str, Any]
    diagnosis: Diagnosis
    lang: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.diagnosis.findings


def first_culprit(finding: Finding) -> str:
    """Who did most of it; empty where nobody was found, or where it is the subject itself."""
    for one in finding.culprits:
        if one.name not in dict(finding.subject).values():
            return one.name if one.pid is None else f"{one.name} [{one.pid}]"
    return ""


def gather(
    recording: Recording,
    diagnosis: Diagnosis,
    since: float,
    until: float,
    name_of: Callable[[int], str],
    lang: str,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """What was recorded between two moments in seconds since the epoch, with its diagnosis.

    ``name_of`` gives the user of a number. The diagnosis is of the same time.
    """
    entry = recording.entries[-1]
    meta = recording.meta(entry)
    interval = float(meta.get("interval", 1.0))
    found = parts(recording, since, until)
    local = time.localtime(until)
    lines = charts(recording, found, since, until, interval, lang, _part(progress, 0.0, 0.3))
    looks = moments(recording, found, since, until, name_of, lang, _part(progress, 0.3, 1.0))
    data = {
        "schema": 1,
        "jinmaek": __version__,
        "lang": lang,
        "host": diagnosis.host,
        "kernel": diagnosis.kernel,
        "source": diagnosis.source,
        "made": time.time(),
        "since": since,
        "until": until,
        "interval_s": interval,
        "utc_offset_s": local.tm_gmtoff,
        "zone": local.tm_zone,
        "boots": len({part.boot for part in found}),
        "diagnosis": diagnosis_json.document(diagnosis),
        "gaps": [
            {"since": hole.since, "until": hole.until, "why": hole.why}
            for hole in holes(recording, since, until)
            if hole.until > since and hole.since < until
        ],
        "damage": [{"file": one.file, "what": one.what, "mended": one.mended} for one in recording.damage],
        "charts": lines,
        "moments": looks,
    }
    return Report(data, diagnosis, lang)


def _part(progress: Callable[[float], None] | None, low: float, high: float) -> Callable[[float], None]:
    """Progress of a part of the work as that of all."""
    return lambda share: progress(low + share * (high - low)) if progress else None
