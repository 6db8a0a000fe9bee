"""Text and numbers made to fit a column, with the scaling of procps' top."""

from __future__ import annotations

import unicodedata

from jinmaek.views.procps import MISSING, single

KIB = 1024
SUFFIXES = "mgtp"


def cut(text: str, width: int) -> str:
    """At most ``width`` cells; a ``+`` in the last where something is missing."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "+"


def clip(text: str, width: int) -> str:
    """At most ``width`` cells, without a mark where something is missing."""
    if text.isascii():
        return text[:width]
    while cells(text) > width:
        text = text[:-1]
    return text


def folded(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, two for each Korean letter; a longer word stands alone."""
    lines = [""]
    for word in text.split():
        if lines[-1] and cells(lines[-1]) + 1 + cells(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def pad(text: str, width: int) -> str:
    """To the right in ``width`` cells, to the left in ``-width``."""
    space = " " * (abs(width) - cells(text))
    return text + space if width < 0 else space + text


def cells(text: str) -> int:
    """Terminal cells a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def size(value: int | None, width: int) -> str:
    """KiB as far as they fit, then ``m``, ``g``, ``t``, ``p`` with one decimal."""
    if value is None:
        return MISSING
    scaled = single(value // KIB)
    text = f"{scaled:.0f}"
    for suffix in SUFFIXES:
        if len(text) <= width:
            return text
        scaled /= KIB
        text = f"{scaled:.1f}{suffix}"
    return text if len(text) <= width else "?"


def percent(value: float) -> str:
    """One decimal while five characters hold it."""
    text = f"{value:.1f}"
    return text if len(text) <= 5 else f"{value:.0f}"


def clock(seconds: float, width: int) -> str:
    """CPU time as procps scales it: minutes:seconds.hundredths, hours,minutes, days+hours, weeks+days."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths // 100, 60)
    hours, days = minutes // 60, minutes // 1440
    forms = [
        (minutes <= 360, f"{minutes}:{rest:02}.{hundredths % 100:02}"),
        (minutes <= 360, f"{minutes}:{rest:02}"),
        (hours <= 96, f"{hours},{minutes % 60:02}"),
        (days <= 14, f"{days}d+{hours % 24}h"),
        (days <= 14, f"{days}d"),
        (True, f"{days // 7}w+{days % 7}d"),
        (True, f"{days // 7}w"),
    ]
    return next((text for fits, text in forms if fits and len(text) <= width), "?")
