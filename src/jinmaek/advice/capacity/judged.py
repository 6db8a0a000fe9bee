"""Verdicts that the host and one cgroup have in common, and how their sentences name things."""

from __future__ import annotations

from typing import NamedTuple

from jinmaek.accounts.heap.said import Said, Value, say
from jinmaek.advice.capacity.answer import Case, Cause, Verdict
from jinmaek.advice.capacity.grower import LONG, Grower
from jinmaek.advice.capacity.headroom import tightest
from jinmaek.model import Confidence

ENOUGH = 0.15
"""Available, of all: as in the rule memory.cache-heavy."""
OPEN = 0.1
"""Of what is left, by which something not understood must have grown to leave the answer open (proposed)."""
SHORT_LOOK = 60.0
"""Seconds, below which a verdict of what was seen has low confidence."""


class Judged(NamedTuple):
    """``confidence`` is that of the verdict."""

    verdict: Verdict
    cause: Cause
    sentence: Said
    confidence: Confidence


def told_apart(window: Value, waits: Value, back: Value) -> Judged:
    """Somebody waited, or evicted pages came back, but not both."""
    text = say(
        "No evidence either way in {window}: threads waited for memory {waits} of the time and {back} came "
        "back after eviction, too little of one of them to call memory short.",
        window=window,
        waits=waits,
        back=back,
    )
    return Judged("no-evidence", "felt", text, "low")


def unread(case: Case, source: str) -> Judged:
    """What it would rest on could not be read."""
    text = say(
        "No evidence either way in {window}: {source} could not be read.", window=looked(case), source=source
    )
    return Judged("no-evidence", "unread", text, "low")


def cushioned(case: Case) -> Judged | None:
    """A burst that met a limit or swap, and swap took it."""
    hard = [one for one in case.cushions if one.fitted is False]
    if not hard:
        return None
    if all(one.enough for one in hard):
        return cushion(case)
    first = hard[0]
    text = say(
        "More RAM would help, for a while: the burst of {who} ({size} for {time}) came to a limit, and swap "
        "is too small to be its cushion.",
        who=called(first.grower),
        size=(first.size, "bytes"),
        time=(first.lasted, "seconds"),
    )
    return Judged("yes", "burst", text, "low")


def cushion(case: Case) -> Judged:
    """Swap is enough for the bursts there were."""
    first = max(case.cushions, key=lambda one: (not one.fitted, one.size))
    text = say(
        "More RAM would not pay: swap as a cushion is enough. The burst of {who} ({size} for {time}) fits "
        "into the {swap} of swap that are free.",
        who=called(first.grower),
        size=(first.size, "bytes"),
        time=(first.lasted, "seconds"),
        swap=(first.swap or 0, "bytes"),
    )
    return Judged("no", "cushion", text, certainty(case))


def unjudged(case: Case) -> Judged | None:
    """Something grew much, and it is not known how it goes on."""
    first = tightest(case.outlooks)
    grown = [one for one in case.growers if one.kind is None and one.course.growth > 0]
    if first is None or not grown or grown[0].course.growth < OPEN * first.limit.left:
        return None
    text = say(
        "No evidence either way in {window}: {who} grew by {growth}, and whether that goes on was not seen.",
        window=looked(case),
        who=called(grown[0]),
        growth=(grown[0].course.growth, "bytes"),
    )
    return Judged("no-evidence", "unjudged", text, "low")


def certainty(case: Case) -> Confidence:
    """Of what held all the window: the longer the surer."""
    window = case.w.window
    return "low" if window < SHORT_LOOK else "medium" if window < LONG else "high"


def called(grower: Grower) -> Said:
    """A grower with its pid, and how many more there are of it."""
    if grower.pid is None:
        return say("{name}", name=grower.name)
    if grower.members > 1:
        return say(
            "{name} [{pid} and {more} more]",
            name=grower.name,
            pid=str(grower.pid),
            more=str(grower.members - 1),
        )
    return say("{name} [{pid}]", name=grower.name, pid=str(grower.pid))


def looked(case: Case) -> tuple[float, str]:
    """How long the look was."""
    return case.w.window, "seconds"


def share(value: float | None) -> Value:
    """A share of the time, or that it is not known."""
    return "?" if value is None else (value, "ratio")


def available(case: Case) -> Value:
    """MemAvailable at the end."""
    told = case.w.latest("meminfo.MemAvailable")
    return "?" if told is None else (told, "bytes")
