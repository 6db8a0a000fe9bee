"""Would more RAM help: yes, no, or no evidence, and in a word and a sentence why."""

from __future__ import annotations

from typing import NamedTuple

from jinmaek.accounts.heap.said import Said, Value, say
from jinmaek.advice.capacity.answer import Case, Cause, Verdict
from jinmaek.advice.capacity.grower import LONG, Grower, inside
from jinmaek.advice.capacity.growth import SAMPLES
from jinmaek.advice.capacity.headroom import Outlook, tightest
from jinmaek.advice.capacity.signs import SIGNS, before, state
from jinmaek.advice.capacity.squeeze import Squeeze
from jinmaek.model import Confidence

SOON = 30 * 86400.0
"""Seconds: a leak that takes longer to fill what is left does not decide the answer (proposed)."""
ENOUGH = 0.15
"""Available, of all: as in the rule memory.cache-heavy."""
OPEN = 0.1
"""Of what is left, by which something not understood must have grown to leave the answer open (proposed)."""
SHORT_LOOK = 60.0


class Judged(NamedTuple):
    """``confidence`` is that of the verdict."""

    verdict: Verdict
    cause: Cause
    sentence: Said
    confidence: Confidence


def judge(case: Case) -> Judged:
    """One verdict of the case; what is certain comes before what is likely, and that before what is open."""
    if case.w.readings < SAMPLES:
        return _few(case)
    return _leak(case) or (_of_host(case) if case.scope is None else _of_cgroup(case, case.scope))


def _few(case: Case) -> Judged:
    if case.w.readings < 2:
        text = say("No evidence either way: one moment does not show what grows, or who waits.")
        return Judged("no-evidence", "few", text, "low")
    text = say(
        "No evidence either way in {window}: {readings} readings were made, {needed} are needed.",
        window=_window(case),
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
    values: dict[str, Value] = {"who": _who(who), "rate": (who.rate.rate, "bytes/s"), "window": _window(case)}
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
            return _unread(case, gap.source if gap else "vmstat")
        case "felt" | "quiet":
            held = next((one for one in case.squeezes if one.state == "short"), None)
            return (
                (_limited(case) if held else None)
                or _fragmented(case)
                or _cushioned(case)
                or _felt(case, felt=now == "felt")
                or _open(case)
                or _quiet(case)
            )


def _short(case: Case) -> Judged:
    signs = case.signs
    values: dict[str, Value] = {
        "back": (max(signs["activated"].value or 0.0, signs["swap_in"].value or 0.0), "pages/s"),
        "waits": _share(signs["waits"].value),
        "window": _window(case),
    }
    bursts = case.cushions
    if bursts and all(one.enough for one in bursts):
        return _cushion(case)
    if bursts:
        values |= {"who": _who(bursts[0].grower), "size": (bursts[0].size, "bytes")}
        text = say(
            "More RAM would help, for a while: the burst of {who} ({size}) did not fit, pages in use were "
            "evicted and came back ({back}), and threads waited for memory {waits} of {window}.",
            **values,
        )
        return Judged("yes", "burst", text, _seen(case))
    text = say(
        "More RAM would help: pages that are in use are evicted and come back ({back}), and threads waited "
        "for memory {waits} of {window}.",
        **values,
    )
    return Judged("yes", "short", text, _seen(case))


def _limited(case: Case) -> Judged:
    """It is a cgroup's limit, not the host's memory."""
    worst = sorted(case.squeezes, key=lambda one: (one.state != "short", -(one.hits or 0)))
    values: dict[str, Value] = {"available": _available(case), "window": _window(case)}
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
    return Judged("no", "limit", text, _seen(case))


def _fragmented(case: Case) -> Judged | None:
    zone = next((one for one in case.growers if one.kind == "fragmentation"), None)
    if zone is None:
        return None
    text = say(
        "More RAM would not help: memory is free ({available} available) but scattered in {zone}, and large "
        "blocks cannot be had.",
        available=_available(case),
        zone=zone.name,
    )
    return Judged("no", "fragmentation", text, "medium")


def _felt(case: Case, *, felt: bool) -> Judged | None:
    if not felt:
        return None
    waits, back = case.signs["waits"].value, case.signs["refaults"].value
    return _told_apart(_window(case), _share(waits), (back or 0.0, "pages/s"))


def _told_apart(window: Value, waits: Value, back: Value) -> Judged:
    text = say(
        "No evidence either way in {window}: threads waited for memory {waits} of the time and {back} came "
        "back after eviction, too little of one of them to call memory short.",
        window=window,
        waits=waits,
        back=back,
    )
    return Judged("no-evidence", "felt", text, "low")


def _unread(case: Case, source: str) -> Judged:
    text = say(
        "No evidence either way in {window}: {source} could not be read.", window=_window(case), source=source
    )
    return Judged("no-evidence", "unread", text, "low")


def _cushioned(case: Case) -> Judged | None:
    """A burst that met a limit or swap, and swap took it."""
    hard = [one for one in case.cushions if not one.fitted]
    if not hard:
        return None
    if all(one.enough for one in hard):
        return _cushion(case)
    first = hard[0]
    text = say(
        "More RAM would help, for a while: the burst of {who} ({size} for {time}) came to a limit, and swap "
        "is too small to be its cushion.",
        who=_who(first.grower),
        size=(first.size, "bytes"),
        time=(first.lasted, "seconds"),
    )
    return Judged("yes", "burst", text, "low")


def _cushion(case: Case) -> Judged:
    first = max(case.cushions, key=lambda one: (not one.fitted, one.size))
    text = say(
        "More RAM would not pay: swap as a cushion is enough. The burst of {who} ({size} for {time}) fits "
        "into the {swap} of swap that are free.",
        who=_who(first.grower),
        size=(first.size, "bytes"),
        time=(first.lasted, "seconds"),
        swap=(first.swap or 0, "bytes"),
    )
    return Judged("no", "cushion", text, _seen(case))


def _open(case: Case) -> Judged | None:
    """Something grew much, and it is not known how it goes on."""
    first = tightest(case.outlooks)
    grown = [one for one in case.growers if one.kind is None and one.course.growth > 0]
    if first is None or not grown or grown[0].course.growth < OPEN * first.limit.left:
        return None
    text = say(
        "No evidence either way in {window}: {who} grew by {growth}, and whether that goes on was not seen.",
        window=_window(case),
        who=_who(grown[0]),
        growth=(grown[0].course.growth, "bytes"),
    )
    return Judged("no-evidence", "unjudged", text, "low")


def _quiet(case: Case) -> Judged:
    """Nobody waits now: enough, unless little is left or it was otherwise before."""
    available, total = (case.w.latest(f"meminfo.{name}") for name in ("MemAvailable", "MemTotal"))
    values: dict[str, Value] = {
        "window": _window(case),
        "available": (available or 0.0, "bytes"),
        "total": (total or 0.0, "bytes"),
    }
    if available is None or total is None:
        return _unread(case, "MemAvailable")
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
    return Judged("no", "enough", text, _seen(case))


def _of_cgroup(case: Case, scope: Squeeze) -> Judged:
    """The same of one cgroup: more memory is a higher limit."""
    outlook = next((one for one in case.outlooks if one.limit.name == scope.path), None)
    values: dict[str, Value] = {
        "cgroup": scope.path,
        "window": _window(case),
        "hits": f"{scope.hits or 0:,}",
        "waits": _share(scope.waits),
        "back": (scope.activated or 0.0, "pages/s"),
        "refaults": (scope.refaults or 0.0, "pages/s"),
    }
    if scope.state in ("short", "limited"):
        if not case.cushions or not all(one.enough for one in case.cushions):
            text = say(
                "More memory for {cgroup} would help: it came to its limit {hits} times in {window}, pages "
                "in use were evicted and came back ({back}), and its threads waited {waits} of the time. "
                "More RAM in the host alone would not.",
                **values,
            )
            return Judged("yes", "limit", text, _seen(case))
        return _cushion(case)
    held = _cushioned(case)
    if held is not None:
        return held
    if scope.state == "felt" and (scope.refaults or 0.0) < SIGNS["refaults"][1]:
        return _told_apart(values["window"], values["waits"], values["refaults"])
    if scope.state == "felt":
        text = say(
            "No evidence either way for {cgroup} in {window}: it came to its limit {hits} times and "
            "{refaults} were read again, but so long after their eviction that only memory for all that is "
            "read would keep them.",
            **values,
        )
        return Judged("no-evidence", "cycled", text, "low")
    if scope.state == "unknown":
        return _unread(case, f"{scope.path}: workingset_refault")
    return _open(case) or _roomy(case, values, outlook)


def _roomy(case: Case, values: dict[str, Value], outlook: Outlook | None) -> Judged:
    if outlook is None:
        text = say("{cgroup} has no limit of its own: what the host has counts.", **values)
        rest = _of_host(case)
        return rest._replace(sentence=say("{first} {then}", first=text, then=rest.sentence))
    limit = outlook.limit
    values |= {"left": (limit.left, "bytes"), "limit": (limit.bytes, "bytes")}
    if limit.left < ENOUGH * limit.bytes:
        text = say(
            "No evidence either way for {cgroup} in {window}: nothing in it waited for memory, but only "
            "{left} of {limit} is left.",
            **values,
        )
        return Judged("no-evidence", "low", text, "low")
    text = say(
        "More memory for {cgroup} would not help: in {window} nothing in it waited for memory or was missed "
        "after eviction, and {left} of {limit} is left without its cache.",
        **values,
    )
    return Judged("no", "enough", text, _seen(case))


def _seen(case: Case) -> Confidence:
    """Of what held all the window: the longer the surer."""
    window = case.w.window
    return "low" if window < SHORT_LOOK else "medium" if window < LONG else "high"


def _who(grower: Grower) -> Said:
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


def _window(case: Case) -> tuple[float, str]:
    return case.w.window, "seconds"


def _share(value: float | None) -> Value:
    return "?" if value is None else (value, "ratio")


def _available(case: Case) -> Value:
    available = case.w.latest("meminfo.MemAvailable")
    return "?" if available is None else (available, "bytes")
