"""A report as one page of HTML that needs nothing else: no server, no network, no other file.

Names of processes are hostile. They are in the page as data only, inside a JSON block in which no ``<`` is
left, and are put into the document as text; the page's policy lets no other script run than its own two.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from jinmaek.i18n import tr
from jinmaek.model import Diagnosis
from jinmaek.views.diagnosis import reasons
from jinmaek.views.finding import culprit_line, evidence_line, limit_changed, moment
from jinmaek.views.report.document import Report, first_culprit
from jinmaek.views.report.words import words
from jinmaek.views.units import amount, span

HERE = Path(__file__).parent
ASSETS = HERE.parent / "assets"
LIBRARY, STYLE, LICENCE = "uPlot.iife.min.js", "uPlot.min.css", "LICENSE"
SCRIPTS = ("format.js", "state.js", "timeline.js", "charts.js", "tables.js", "main.js")
SAID = re.compile(r"\[\[ ?(.+?) ?\]\]")


class NoCharts(Exception):
    """This build has no chart library: it was made without npm."""


def check() -> None:
    """See that a page can be made. Raises ``NoCharts``."""
    if not all((ASSETS / name).is_file() for name in (LIBRARY, STYLE, LICENCE)):
        raise NoCharts


def render(report: Report) -> bytes:
    """The page. Raises ``NoCharts``."""
    check()
    data, lang = report.data, report.lang
    library = _asset(LIBRARY)
    script = _script()
    style = _asset(STYLE) + "\n" + _text(HERE / "page.css")
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    title = f"{data['host']} · {tr(lang, 'Incident report')} · {moment(data['since'])}"
    filled = {
        "lang": lang,
        "policy": policy,
        "version": escape(str(data["jinmaek"])),
        "title": escape(title),
        "style": style,
        "host": escape(data["host"]),
        "facts": escape(" · ".join(_facts(report))),
        "zone": escape(_zone(report)),
        "made": escape(_made(report)),
        "licence": escape(_asset(LICENCE)),
        "data": embedded({**data, **_words(report)}),
        "library": library,
        "script": script,
    }
    skeleton = SAID.sub(lambda found: escape(tr(lang, found[1])), _text(HERE / "page.html"))
    page = re.sub(r"@(\w+)@", lambda found: filled[found[1]], skeleton)
    return page.encode("utf-8", "backslashreplace")


def embedded(data: Mapping[str, Any]) -> str:
    """JSON that no reader of HTML can take for anything else."""
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return told.replace("<", "\\u003c")


def _script() -> str:
    own = "\n".join(_text(HERE / name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{own}\n}})();\n'


def _asset(name: str) -> str:
    return _text(ASSETS / name)


def _text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js" and "</script" in text.lower():
        raise ValueError(f"{path}: it would end the element it is put into")
    return text


def _hash(text: str) -> str:
    """What a policy calls an inline script or style by (CSP level 2)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _facts(report: Report) -> Iterator[str]:
    data, lang = report.data, report.lang
    yield f"Linux {data['kernel']}"
    facts = report.diagnosis.facts
    if "cpus" in facts:
        yield tr(lang, "{count} CPUs").format(count=f"{facts['cpus']:.0f}")
    if "meminfo.MemTotal" in facts:
        yield tr(lang, "memory {total}").format(total=amount(facts["meminfo.MemTotal"], "bytes"))
    yield tr(lang, "from {since} to {until}, {time}").format(
        since=moment(data["since"]),
        until=moment(data["until"], data["since"]),
        time=span(data["until"] - data["since"], lang),
    )
    if data["boots"] > 1:
        yield tr(lang, "{boots} boots").format(boots=data["boots"])


def _zone(report: Report) -> str:
    zone, offset = str(report.data["zone"]), report.data["utc_offset_s"]
    if not offset:
        return tr(report.lang, "Times are UTC.")
    text = tr(report.lang, "Times are {zone} (UTC{offset}).")
    return text.format(zone=zone, offset=_offset(offset))


def _offset(seconds: int) -> str:
    sign, minutes = ("-" if seconds < 0 else "+"), abs(seconds) // 60
    return f"{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")


def _made(report: Report) -> str:
    lang, source = report.lang, report.data["source"]
    text = tr(lang, "Made by jinmaek {version} on {made}, from {source}.")
    told = tr(lang, "this host, watched while made") if source == "live" else tr(lang, "a recording")
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(report.data["made"]))
    return text.format(version=report.data["jinmaek"], made=made, source=told)


def _words(report: Report) -> dict[str, Any]:
    """What the page says in the words of ``diagnose``."""
    diagnosis, lang = report.diagnosis, report.lang
    return {
        "words": words(lang),
        "said": [
            {
                "lasting": tr(lang, "from {since} to {until}, {time}").format(
                    since=moment(one.since),
                    until=moment(one.until, one.since),
                    time=span(one.until - one.since, lang),
                ),
                "confidence": tr(lang, f"{one.confidence} confidence"),
                "evidence": [evidence_line(item, lang) for item in one.evidence],
                "agree": [", ".join(one.indicators.agree)] if one.indicators.agree else [],
                "unknown": [", ".join(one.indicators.unknown)] if one.indicators.unknown else [],
                "first": first_culprit(one),
                "who": [culprit_line(culprit).strip() for culprit in one.culprits],
            }
            for one in diagnosis.findings
        ],
        "scary": _scary(diagnosis, lang),
        "unknown": [{"reason": reason, "rules": rules} for reason, rules in reasons(diagnosis, lang).items()],
        "changed": [limit_changed(one, lang) for one in diagnosis.changed],
    }


def _scary(diagnosis: Diagnosis, lang: str) -> list[dict[str, Any]]:
    return [
        {
            "rule": quiet.rule,
            "reason": quiet.reason,
            "evidence": [evidence_line(item, lang) for item in quiet.evidence],
        }
        for quiet in diagnosis.quiet
        if quiet.reason
    ]
