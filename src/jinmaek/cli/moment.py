"""A moment as people write it: a clock time, a date, seconds since the epoch, or how long ago."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from jinmaek.cli.errors import Usage

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
EPOCH = re.compile(r"[0-9]{9,11}(\.[0-9]+)?")
AGO = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw])(?: ago)?")
CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


def moment(option: str, text: str, before: float) -> float:
    """Seconds since the epoch, not after ``before``: a length of time is so long before it, a clock time the
    last such. A time without a zone is this host's. Raises ``Usage``."""
    found = _moment(text.strip(), before)
    if found is None:
        raise Usage(
            f"{option} {text}", "that is no time", "write 03:12, 2026-03-01 03:12:00Z, or 2h for 2h ago"
        )
    if found > before:
        raise Usage(f"{option} {text}", "that is yet to come", "name a time in the past")
    return found


def _moment(text: str, before: float) -> float | None:
    if text == "now":
        return before
    if EPOCH.fullmatch(text):
        return float(text)
    if ago := AGO.fullmatch(text):
        return before - float(ago[1]) * UNITS[ago[2]]
    if clock := CLOCK.fullmatch(text):
        now = datetime.fromtimestamp(before).astimezone()
        time = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
        return (time if time <= now else time - timedelta(days=1)).timestamp()
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
