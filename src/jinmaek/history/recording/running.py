"""What a recorder that runs on this host has kept so far: the hours before a look."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from jinmaek.history.recording import folder as files
from jinmaek.history.recording.past import NS, Past
from jinmaek.history.recording.recording import Recording
from jinmaek.model import Gap

OLD = 60.0
"""Seconds from which on a last sample is none of a recorder at work, or three intervals."""
SYSTEM = "/var/lib/jinmaek/recording"


def places() -> tuple[str, ...]:
    """Where a recorder of this user, and that of the system, would write."""
    return tuple(dict.fromkeys((files.default(), SYSTEM)))


def before(folders: Iterable[str], boot: str, moment: float, seconds: float) -> Past | Gap | None:
    """What the first recorder that runs has of the ``seconds`` before a moment, seconds since boot.

    Close the ``recording`` of what is returned. A gap where there is a recording that cannot be gone on from,
    None where nobody records.
    """
    refused: Gap | None = None
    for folder in folders:
        found = _before(folder, boot, moment, seconds)
        if isinstance(found, Past):
            return found
        refused = refused or found
    return refused


def _before(folder: str, boot: str, moment: float, seconds: float) -> Past | Gap | None:
    try:
        if not (files.days(folder) or files.streams(folder)):
            return None
        if files.recorder(folder) is None:
            return Gap("gone", folder, "no recorder runs there")
        recording = Recording(folder, since=time.time() - seconds)
    except FileNotFoundError:
        return None
    except PermissionError:
        return Gap("denied", folder, "a recording can be read by its owner alone")
    except OSError as error:
        return Gap("absent", folder, os.strerror(error.errno or 0))
    found = _part(recording, boot.replace("-", ""), moment, seconds)
    if isinstance(found, Gap):
        recording.close()
    return found


def _part(recording: Recording, boot: str, moment: float, seconds: float) -> Past | Gap:
    path = recording.path
    if all(entry.boot != boot for entry in recording.entries):
        return Gap("absent", path, "nothing of this boot is recorded there")
    past = Past(recording, boot, moment - seconds, moment - 1 / NS)
    if not len(past):
        return Gap("too short", path, "no sample of the time before this look can be read")
    old = moment - past.times[-1]
    if old > max(OLD, 3 * float(past.meta.get("interval", 1.0))):
        return Gap("timed out", path, "its last sample is too old")
    return past
