"""Numbers for people, formatted once and the same everywhere."""

from __future__ import annotations

import math

from jinmaek.i18n import tr

BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def amount(value: float, unit: str) -> str:
    """A value in its unit, which may end in ``/s``: ``1.5 GiB``, ``97.0 %``, ``12 ms``, ``812 pages/s``."""
    if not math.isfinite(value):
        return "?"
    base, per, _ = unit.partition("/s")
    tail = per or ""
    match base:
        case "bytes":
            return _bytes(value) + tail
        case "ratio":
            return f"{value * 100:.1f} %{tail}"
        case "seconds":
            return f"{_seconds(value)}{tail}"
        case "pages":
            return f"{_plain(value)} pages{tail}"
        case _:
            return _plain(value) + tail


def span(seconds: float, lang: str) -> str:
    """A length of time in its two largest units."""
    days, rest = divmod(int(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, whole = divmod(rest, 60)
    if days:
        return tr(lang, "{days} d {hours} h").format(days=days, hours=hours)
    if hours:
        return tr(lang, "{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    if minutes:
        return tr(lang, "{minutes} min {seconds} s").format(minutes=minutes, seconds=whole)
    return tr(lang, "{seconds:.1f} s").format(seconds=seconds)


def _bytes(value: float) -> str:
    for step, name in enumerate(BINARY):
        scaled = value / 1024**step
        if abs(scaled) < 1024 or name == BINARY[-1]:
            break
    return f"{scaled:.0f} {name}" if step == 0 else f"{scaled:.1f} {name}"


def _seconds(value: float) -> str:
    if abs(value) >= 7200:
        return f"{value / 3600:.1f} h"
    if abs(value) >= 1 or value == 0:
        return f"{value:.1f} s"
    return f"{value * 1000:.1f} ms" if abs(value) >= 0.001 else f"{value * 1e6:.0f} µs"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
