"""glances without a screen, which prints its alerts every second."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from jinmaek.lab.bench import Bench
from jinmaek.lab.peers.peer import PATIENCE, Alarm, NoAnswer, Peer, answer_of, program, started
from jinmaek.lab.sentence import CannotMake, say

ALARMING = ("WARNING", "CRITICAL")
BEGAN, ENDED, STATE, KIND, TOP = 0, 1, 2, 3, 9
"""Where an event of glances 3 has them. It lasts while its end is -1; TOP are processes, the worst first."""
TAIL = 1 << 20
"""Bytes of its output in which its last line is."""


def peer(bench: Bench) -> Peer:
    """A glances of its own. Raises ``CannotMake``."""
    path = program("glances")
    version = answer_of(bench, path, "-V").split("v")[1].split()[0]
    if not version.startswith("3."):
        raise CannotMake("{tool} {version} prints its alerts in another way", tool="glances", version=version)
    out = f"{bench.folder}/glances"
    started(bench, path, "--stdout-json", "alert", "-t", "1", "--disable-check-update", out=out)
    end = time.monotonic() + PATIENCE
    while not _last(out):
        if time.monotonic() > end:
            raise CannotMake("{name} does not answer: {why}", name="glances", why="no output")
        time.sleep(0.2)
    return Peer("glances", version, say("as shipped, looking every second"), partial(said, out))


def said(out: str, since: float, until: float) -> tuple[Alarm, ...]:
    """Events of the last line of its output that lasted in that time. Raises ``NoAnswer``."""
    line = _last(out)
    try:
        events = json.loads(line.partition(b": ")[2])
    except ValueError as error:
        raise NoAnswer(str(error)) from None
    return tuple(dict(_alarms(events, since, until)).values())


def _alarms(events: list[Any], since: float, until: float) -> Iterator[tuple[str, Alarm]]:
    for event in events:
        lasted = until if event[ENDED] < 0 else event[ENDED]
        if event[STATE] in ALARMING and event[BEGAN] <= until and lasted >= since:
            first = event[TOP][0] if event[TOP] else None
            yield event[KIND], Alarm(event[KIND], *((first["name"], first["pid"]) if first else ()))


def _last(out: str) -> bytes:
    """The last whole line; empty where there is none yet."""
    try:
        with open(out, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return b""
    return lines[-2] if len(lines) > 1 else b""
