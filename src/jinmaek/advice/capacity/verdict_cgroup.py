"""Would more memory help one cgroup: a higher limit, that is."""

from __future__ import annotations

from collections.abc import Callable

from jinmaek.accounts.heap.said import Value, say
from jinmaek.advice.capacity.answer import Case
from jinmaek.advice.capacity.headroom import Outlook
from jinmaek.advice.capacity.judged import (
    ENOUGH,
    Judged,
    certainty,
    cushion,
    cushioned,
    looked,
    share,
    told_apart,
    unjudged,
    unread,
)
from jinmaek.advice.capacity.signs import SIGNS
from jinmaek.advice.capacity.squeeze import Squeeze


def of_cgroup(case: Case, scope: Squeeze, of_host: Callable[[Case], Judged]) -> Judged:
    """The same of one cgroup: more memory is a higher limit."""
    outlook = next((one for one in case.outlooks if one.limit.name == scope.path), None)
    values: dict[str, Value] = {
        "cgroup": scope.path,
        "window": looked(case),
        "hits": "?" if scope.hits is None else f"{scope.hits:,}",
        "waits": share(scope.waits),
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
            return Judged("yes", "limit", text, certainty(case))
        return cushion(case)
    held = cushioned(case)
    if held is not None:
        return held
    if scope.state == "felt" and (scope.refaults or 0.0) < SIGNS["refaults"][1]:
        return told_apart(values["window"], values["waits"], values["refaults"])
    if scope.state == "felt":
        text = say(
            "No evidence either way for {cgroup} in {window}: it came to its limit {hits} times and "
            "{refaults} were read again, but so long after their eviction that only memory for all that is "
            "read would keep them.",
            **values,
        )
        return Judged("no-evidence", "cycled", text, "low")
    if scope.state == "unknown":
        return unread(case, f"{scope.path}: workingset_refault")
    return unjudged(case) or _roomy(case, values, outlook, of_host)


def _roomy(
    case: Case, values: dict[str, Value], outlook: Outlook | None, of_host: Callable[[Case], Judged]
) -> Judged:
    if outlook is None:
        text = say("{cgroup} has no limit of its own: what the host has counts.", **values)
        rest = of_host(case)
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
    return Judged("no", "enough", text, certainty(case))
