"""What would change the answer: a longer look, another hour, a file that could not be read."""

from __future__ import annotations

from collections.abc import Iterator

from jinmaek.accounts.heap.said import Said, say
from jinmaek.advice.capacity.answer import Case, Cause
from jinmaek.advice.capacity.grower import LONG, LONGER, YOUNG
from jinmaek.advice.capacity.growth import LOWS


def changes(case: Case, cause: Cause) -> Iterator[Said]:
    """The most telling first."""
    w = case.w
    if w.interrupted:
        yield say(
            "The rest of the look: it was ended after {window} of {asked}.",
            window=(w.window, "seconds"),
            asked=(w.asked, "seconds"),
        )
    if not w.window:
        yield say("A look at the live machine: jinmaek capacity.")
    elif w.window < LONGER:
        longer = "10m" if w.window < LONG else "1h"
        yield say(
            "A longer look (--for {longer}): this one shows growth of {least} a minute or more.",
            longer=longer,
            least=(least(case), "bytes"),
        )
    if cause in ("enough", "few", "low", "before", "felt"):
        yield say("A look at the busiest hour: what was not needed now may be needed then.")
    leaks = [one for one in case.growers if one.kind == "leak" and one.start_time is not None]
    if any(one.course.cycles for one in case.growers if one.kind in (None, "steady")):
        yield say("{count} or more cycles of a saw-tooth: whether its lows rise.", count=str(LOWS))
    if leaks and w.end - (leaks[0].start_time or 0.0) < YOUNG:
        yield say(
            "The growth coming to rest, as a warm-up does: look again when the process is {age} old.",
            age=(YOUNG, "seconds"),
        )
    gaps = (*w.gaps, *(sign.gap for sign in case.signs.values() if sign.gap is not None))
    for gap in dict.fromkeys(gaps):
        if gap.kind == "denied":
            yield say(
                "Root: {source} may not be read, so what is said of it is a lower bound.", source=gap.source
            )
        elif gap.kind == "disabled":
            yield say("{source} switched on (psi=1): it tells who waits for memory.", source=gap.source)


def least(case: Case) -> float:
    """Bytes a minute that a leak must have to be seen in this look."""
    w = case.w
    return w.floor * 60 / w.window if w.window else float("inf")
