"""Would more RAM help: yes, no, or no evidence, and in a word and a sentence why."""

from __future__ import annotations

from jinmaek.accounts.heap.said import Value, say
from jinmaek.advice.capacity.answer import Case
from jinmaek.advice.capacity.grower import inside
from jinmaek.advice.capacity.growth import SAMPLES
from jinmaek.advice.capacity.headroom import tightest
from jinmaek.advice.capacity.judged import (
    ENOUGH,
    Judged,
    available,
    called,
    certainty,
    cushion,
    cushioned,
    looked,
    share,
    told_apart,
    unjudged,
    unread,
)
from jinmaek.advice.capacity.signs import before, state
from jinmaek.advice.capacity.verdict_cgroup import of_cgroup

SOON = 30 * 86400.0
"""Seconds: a leak that takes longer to fill what is left does not decide the answer (proposed)."""


def judge(case: Case) -> Judged:
    """One verdict of the case; what is certain comes before what is likely, and that before what is open."""
    if case.w.readings < SAMPLES:
        return _few(case)
    return _leak(case) or (_of_host(case) if case.scope is None else of_cgroup(case, case.scope, _of_host))


def _few(case: Case) -> Judged:
    if case.w.readings < 2:
        text = say("No evidence either way: one moment does not show what grows, or who waits.")
        return Judged("no-evidence", "few", text, "low")
    text = say(
        "No evidence either way in {window}: {readings} readings were made, {needed} are needed.",
        window=looked(case),
        readings=str(case.w.readings),
        needed=str(SAMPLES),
    )
    return Judged("no-evidence", "few", text, "low")


def _leak(case: Case) -> Judged | None:
    """A leak that matters soon: more memory only delays it."""
    first = tightest(case.outlooks)
    if first is None or first.eta is None or first.eta > SOON:
        return None
    # Whoever shares the limit of a cgroup counts; what is asked of one is not asked of the whole host.
    limit = first.limit
    shared = [one for one in case.every if limit.kind == "cgroup" and inside(one.cgroup, limit.name)]
    leaks = [one for one in (*case.growers, *shared) if one.kind == "leak" and one.rate is not None]
    if not leaks:
        return None
    who = leaks[0]
    assert who.rate is not None
    values: dict[str, Value] = {
        "who": called(who),
        "rate": (who.rate.rate, "bytes/s"),
        "window": looked(case),
    }
    if who.confidence == "low":
        text = say(
            "More RAM would not help: {who} grows by {rate} and does not give it back, a leak if it goes on "
            "as in these {window}. More only delays the end.",
            **values,
        )
    else:
        text = say(
            "More RAM would not help: {who} leaks {rate}, seen for {window}. More only delays the end.",
            **values,
        )
    return Judged("no", "leak", text, who.confidence)


def _of_host(case: Case) -> Judged:
    now = state(case.signs)
    match now:
        case "short":
            return _short(case)
        case "limited":
            return _limited(case)
        case "unknown":
            gap = next((sign.gap for sign in case.signs.values() if sign.gap is not None), None)
            return unread(case, gap.source if gap else "vmstat")
        case "felt" | "quiet":
            held = next((one for one in case.squeezes if one.state == "short"), None)
            return (
                (_limited(case) if held else None)
                or _fragmented(case)
                or cushioned(case)
                or _felt(case, felt=now == "felt")
                or unjudged(case)
                or _quiet(case)
            )


def _short(case: Case) -> Judged:
    signs = case.signs
    values: dict[str, Value] = {
        "back": (max(signs["activated"].value or 0.0, signs["swap_in"].value or 0.0), "pages/s"),
        "waits": share(signs["waits"].value),
        "window": looked(case),
    }
    bursts = case.cushions
    if bursts and all(one.enough for one in bursts):
        return cushion(case)
    if bursts:
        values |= {"who": called(bursts[0].grower), "size": (bursts[0].size, "bytes")}
        text = say(
            "More RAM would help, for a while: the burst of {who} ({size}) did not fit, pages in use were "
            "evicted and came back ({back}), and threads waited for memory {waits} of {window}.",
            **values,
        )
        return Judged("yes", "burst", text, certainty(case))
    text = say(
        "More RAM would help: pages that are in use are evicted and come back ({back}), and threads waited "
        "for memory {waits} of {window}.",
        **values,
    )
    return Judged("yes", "short", text, certainty(case))


def _limited(case: Case) -> Judged:
    """It is a cgroup's limit, not the host's memory."""
    worst = sorted(case.squeezes, key=lambda one: (one.state != "short", -(one.hits or 0)))
    values: dict[str, Value] = {"available": available(case), "window": looked(case)}
    if not worst:
        text = say(
            "More RAM would not help: pages in use come back in {window}, but it is not the host that "
            "reclaims ({available} available): the limit of a cgroup, or of a memory node, is short.",
            **values,
        )
        return Judged("no", "limit", text, "low")
    text = say(
        "More RAM would not help: the limit of {cgroup} is short, not the host ({available} available). "
        "Raise that limit, or have less held there.",
        cgroup=worst[0].path,
        **values,
    )
    return Judged("no", "limit", text, certainty(case))


def _fragmented(case: Case) -> Judged | None:
    zone = next((one for one in case.growers if one.kind == "fragmentation"), None)
    if zone is None:
        return None
    text = say(
        "More RAM would not help: memory is free ({available} available) but scattered in {zone}, and large "
        "blocks cannot be had.",
        available=available(case),
        zone=zone.name,
    )
    return Judged("no", "fragmentation", text, "medium")


def _felt(case: Case, *, felt: bool) -> Judged | None:
    if not felt:
        return None
    waits, back = case.signs["waits"].value, case.signs["refaults"].value
    return told_apart(looked(case), share(waits), (back or 0.0, "pages/s"))


def _quiet(case: Case) -> Judged:
    """Nobody waits now: enough, unless little is left or it was otherwise before."""
    available, total = (case.w.latest(f"meminfo.{name}") for name in ("MemAvailable", "MemTotal"))
    values: dict[str, Value] = {
        "window": looked(case),
        "available": (available or 0.0, "bytes"),
        "total": (total or 0.0, "bytes"),
    }
    if available is None or total is None:
        return unread(case, "MemAvailable")
    if available < ENOUGH * total:
        text = say(
            "No evidence either way in {window}: nobody waits for memory, but only {available} of {total} is "
            "available.",
            **values,
        )
        return Judged("no-evidence", "low", text, "low")
    if before(case.signs):
        text = say(
            "No evidence either way: memory was not short in these {window}, but it has been since boot. "
            "Look when it is.",
            **values,
        )
        return Judged("no-evidence", "before", text, "low")
    if case.signs["waits"].value is None:
        text = say(
            "More RAM would not help: in {window} no page in use was evicted, and {available} of {total} is "
            "available; nor was it short since boot. Whether anybody waited is not known.",
            **values,
        )
        return Judged("no", "enough", text, "low")
    text = say(
        "More RAM would not help: in {window} nobody waited for memory, no page in use was evicted, and "
        "{available} of {total} is available; nor was it short since boot.",
        **values,
    )
    return Judged("no", "enough", text, certainty(case))
