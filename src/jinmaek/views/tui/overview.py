"""The two lines above every tab: which host and moment, how busy, and who waits for what, lately."""

from __future__ import annotations

from jinmaek.i18n import tr
from jinmaek.model import SEVERITIES, Diagnosis
from jinmaek.views.finding import moment
from jinmaek.views.fit import cells
from jinmaek.views.plain import safe
from jinmaek.views.tui.line import Line, line, spark
from jinmaek.views.tui.source import TRACES, Picture
from jinmaek.views.units import span

NAMES = {
    "CPU busy": "CPU",
    "memory in use": "mem",
    "waiting for CPU": "waits CPU",
    "for memory": "mem",
    "for I/O": "I/O",
}
"""What each trace is called there; translated when shown."""
LEAST = 4
"""Cells of a graph below which there is none."""
WORSE = {"critical": "critical", "warning": "warning", "info": "info"}


def lines(picture: Picture, lang: str, width: int, *, live: bool) -> tuple[Line, Line]:
    """Both lines."""
    return _host(picture, lang, width, live=live), _graphs(picture, lang, width)


def _host(picture: Picture, lang: str, width: int, *, live: bool) -> Line:
    left: list[str | tuple[str, str]] = [("jinmaek ", "bold"), (safe(picture.host), "info")]
    when = moment(picture.wall)
    left.append("  " + (when[11:] if live else when))
    frame = picture.frame
    if not isinstance(frame, str):
        if frame.load is not None:
            text = tr(lang, "load {averages} on {cpus} CPUs")
            averages = " ".join(f"{value:.2f}" for value in frame.load)
            left.append("  " + text.format(averages=averages, cpus=len(frame.cpus) or "-"))
        if frame.uptime is not None:
            left.append(("  " + tr(lang, "up {time}").format(time=span(frame.uptime, lang)), "dim"))
    badge = _badge(picture.diagnosis, lang)
    used = sum(cells(one if isinstance(one, str) else one[0]) for one in left)
    space = width - used - cells(badge[0])
    if space < 1:
        left, space = left[:-1], 1
        used = sum(cells(one if isinstance(one, str) else one[0]) for one in left)
        space = max(1, width - used - cells(badge[0]))
    return line(*left, " " * space, badge)


def _badge(diagnosis: Diagnosis | None, lang: str) -> tuple[str, str]:
    """How bad the worst is, and how many findings there are besides."""
    if diagnosis is None:
        return tr(lang, "taking the pulse"), "dim"
    if not diagnosis.findings:
        return f" {tr(lang, 'quiet')} ", "good"
    worst = max(diagnosis.findings, key=lambda one: SEVERITIES.index(one.severity)).severity
    more = len(diagnosis.findings) - 1
    return f" {tr(lang, worst.upper())}{f' +{more}' if more else ''} ", WORSE[worst]


def _graphs(picture: Picture, lang: str, width: int) -> Line:
    """One small graph for each trace, as wide as there is room, and its last value."""
    names = [tr(lang, NAMES[name]) for name in TRACES]
    room = width - sum(cells(name) for name in names) - len(names) * 6 - 2 * (len(names) - 1)
    each = max(0, room // len(names))
    pieces: list[str | tuple[str, str]] = []
    for place, (key, name) in enumerate(zip(TRACES, names, strict=True)):
        values = picture.traces.get(key, ())
        last = values[-1] if values else None
        shown = "-" if last is None else f"{last:.0%}" if last >= 0.0995 else f"{last:.1%}"
        pieces += ["  " if place else "", (name, "dim"), " "]
        if each >= LEAST:
            pieces.append((spark(values, each, 1.0), _colour(key, last)))
        pieces.append((f"{shown:>5}", "bold"))
    return line(*pieces)


def _colour(key: str, last: float | None) -> str:
    return "label" if key in ("CPU busy", "memory in use") or not last else "warn"


def waiting(text: str) -> list[Line]:
    """Before the first picture."""
    return [line(("jinmaek ", "bold"), (text, "dim")), line()]
