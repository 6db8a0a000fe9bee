"""Moments and recordings on a command line: ``--at 03:12``, ``--since -2h``, ``--recording DIR``."""

from __future__ import annotations

import os
import sys
import time

from jinmaek.cli.errors import SourceUnreadable, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from jinmaek.history.recording.past import Past
    from jinmaek.history.recording.recording import Recording

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
FORMS = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"
CLOCK = "%H:%M:%S", "%H:%M"
HELP = "03:12, '2026-11-26 03:12:40', 'yesterday 03:12', 2h (before its end), @SECONDS"
STALE = 2.5
"""A sample older than so many intervals is not that of the moment: the moment is in a gap."""


def add_options(parser: ArgumentParser) -> None:
    """``--recording`` and ``--at`` of a command that shows one moment."""
    parser.add_argument(
        "--recording", metavar="DIR", help="read what jinmaek record wrote there, not this host as it is now"
    )
    parser.add_argument("--at", metavar="TIME", help=f"the moment to show, by default its last: {HELP}")


def asked(args: Namespace) -> bool:
    """Whether a command was asked for the past."""
    return args.recording is not None or args.at is not None


def moment(text: str, end: float) -> float:
    """Seconds since the epoch of what a user wrote, in local time; ``end`` is that of the record.

    A time of day is the last such one before the end. Raises ``Usage``.
    """
    words = text.strip()
    if not words.isascii():
        raise Usage("time", f"{text!r} is no moment", f"write it so: {HELP}")
    if words.startswith("@") and words[1:].replace(".", "", 1).isdecimal():
        return float(words[1:])
    length = words.removesuffix(" ago").removeprefix("-")
    if length[-1:] in UNITS and length[:-1].replace(".", "", 1).isdecimal():
        return end - float(length[:-1]) * UNITS[length[-1]]
    for form in FORMS:
        try:
            return time.mktime(time.strptime(words, form))
        except (ValueError, OverflowError):
            continue
    found = _time_of_day(words, end) or _with_zone(words)
    if found is None:
        raise Usage("time", f"{text!r} is no moment", f"write it so: {HELP}")
    return found


def _time_of_day(words: str, end: float) -> float | None:
    """The last time before the end that the clock showed this; ``yesterday`` is a day before the end."""
    earliest = words.startswith("yesterday ")
    words = words.removeprefix("yesterday ").strip()
    for form in CLOCK:
        try:
            clock = time.strptime(words, form)
        except ValueError:
            continue
        day = time.localtime(end)
        for back in (1,) if earliest else (0, 1):
            found = time.mktime((*day[:2], day.tm_mday - back, *clock[3:6], 0, 0, -1))
            if found <= end:
                return found
    return None


def _with_zone(words: str) -> float | None:
    """A moment of ISO 8601 that says its zone: ``2026-03-01T03:12:00+09:00``, or with ``Z``."""
    from datetime import datetime

    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo is not None else None


def opened(args: Namespace) -> Recording:
    """The recording a command was asked for. Raises ``SourceUnreadable``."""
    from jinmaek.history.recording import folder
    from jinmaek.history.recording.recording import Recording

    path = os.path.abspath(args.recording or folder.default())
    try:
        recording = Recording(path)
    except OSError as error:
        raise SourceUnreadable(
            path, error.strerror or str(error), "jinmaek record makes one; --recording DIR names it"
        ) from None
    if recording.span() is None:
        recording.close()
        raise SourceUnreadable(
            path, "no sample can be read in it", "is it the folder jinmaek record writes to?"
        )
    return recording


def when(recording: Recording, text: str | None) -> float:
    """A moment inside a recording. Raises ``Usage``, and ``SourceUnreadable`` of one before its begin."""
    span = recording.span()
    assert span is not None
    begin, end = span
    found = end if text is None else moment(text, end)
    if found < begin:
        raise SourceUnreadable(recording.path, f"it begins at {shown(begin)}, after {shown(found)}")
    return found


def sample(recording: Recording, text: str | None) -> tuple[Past, int]:
    """The block a moment is in, and the place of its sample there; a gap there is told on standard error."""
    from jinmaek.history.recording.past import Past

    wanted = when(recording, text)
    found = recording.find(wanted)
    if found is None:
        raise SourceUnreadable(recording.path, f"no sample before {shown(wanted)} can be read")
    entry, at = found
    clocks = recording.clocks(entry)
    told = clocks["wall"][at] / 1e9
    interval = float(recording.meta(entry).get("interval", 1.0))
    if text is not None and wanted - told > STALE * interval:
        say(f"no sample at {shown(wanted)}: this is the last before it, of {shown(told)}")
    past = Past(recording, entry.boot, entry.boottime[0] / 1e9, entry.boottime[1] / 1e9, (entry,))
    return past, at


def tell_damage(recording: Recording) -> None:
    """Name what was found damaged on the way."""
    for one in recording.damage:
        say(str(one))


def say(text: str) -> None:
    """One line on standard error."""
    from jinmaek.views.plain import safe

    print(f"jinmaek: {safe(text)}", file=sys.stderr)


def shown(seconds: float) -> str:
    """A moment in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
