"""The questions of the API and their answers: bounded parameters, one object each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from jinmaek import __version__
from jinmaek.accounts.memory_reading import NoMeminfo
from jinmaek.i18n import catalogue
from jinmaek.rules import rules as all_rules
from jinmaek.views.diagnosis_json import document as diagnosis_document
from jinmaek.views.top import Shown, arrange
from jinmaek.views.top_json import data as top_data
from jinmaek.views.web import cgroups, findings, moments
from jinmaek.views.web.accounts import Accounts, Kind
from jinmaek.views.web.archive import Archive, NotThere
from jinmaek.views.web.events import CLIENTS, Hub
from jinmaek.views.web.live import Live, few
from jinmaek.views.web.moments import Stretch
from jinmaek.views.web.parameters import AT, BY, LANG, POINTS, SINCE, UNTIL, Parameter, Refused
from jinmaek.views.web.texts import words

Told = TypeVar("Told")
Given = Mapping[str, Any]
Document = dict[str, Any]

SPAN = 900.0
"""Seconds that are shown where nobody says from when."""
LONGEST = 366 * 86_400.0
JUDGED = 6 * 3600.0
"""Seconds of a recording that are judged in one request."""
PATIENCE = 20.0
"""Seconds to wait for the first verdicts, or the first reading."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where answers come from: the running host, a recording, or both."""

    live: Live | None
    archive: Archive | None
    accounts: Accounts | None
    hub: Hub
    instance: str
    """Another one each time the server starts."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of the recording, one question at a time."""

    async def recorded(self, ask: Callable[..., Told], *given: object) -> Told:
        """What the recording answers, asked in another thread."""
        async with self.turn:
            return await asyncio.to_thread(ask, *given)


@dataclass(frozen=True, slots=True)
class Operation:
    """One question."""

    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    answer: str
    """The name of its schema."""
    ask: Callable[[Sources, Given], Awaitable[Document]]


async def host(sources: Sources, _: Given) -> Document:
    """Which host this is, what is known of it, and what knowing costs."""
    live, archive = sources.live, sources.archive
    recorded = None if archive is None else await sources.recorded(archive.about)
    cost = None if live is None else live.cost()
    last = None if live is None else live.last()
    return {
        "schema": 1,
        "version": __version__,
        "instance": sources.instance,
        "time": time.time(),
        "live": live is not None,
        "host": live.host if live is not None else None if recorded is None else recorded["host"],
        "kernel": live.kernel if live is not None else None if recorded is None else recorded["kernel"],
        "uptime_s": None if last is None else last.monotonic,
        "span": await _span(sources),
        "recording": recorded,
        "clients": len(sources.hub),
        "clients_max": CLIENTS,
        "clients_dropped": sources.hub.dropped,
        "fault": None if live is None or live.fault is None else repr(live.fault),
        "cost": None
        if cost is None
        else {
            "cpu_share": cost.cpu_share,
            "resident_bytes": cost.resident_bytes,
            "sampled_s": cost.sampled_s,
            "judged_s": cost.judged_s,
        },
    }


async def _span(sources: Sources) -> dict[str, float] | None:
    """From the oldest to the newest reading of any source."""
    spans = []
    if sources.archive is not None:
        spans.append(await sources.recorded(sources.archive.span))
    if sources.live is not None and (known := sources.live.span()) is not None:
        spans.append(known)
    if not spans:
        return None
    return {"since": min(since for since, _ in spans), "until": max(until for _, until in spans)}


async def diagnosis(sources: Sources, given: Given) -> Document:
    """The verdicts of all rules: now, or as of a moment of the recording."""
    at, lang = given["at"], given["lang"]
    live, archive = sources.live, sources.archive
    if at is None and live is not None:
        return diagnosis_document(await _patiently(live, lambda: live.diagnosis(lang)))
    if archive is None:
        raise Refused(404, "verdicts of the past need a recording: jinmaek record")
    moment = (await sources.recorded(archive.span))[1] if at is None else at
    return diagnosis_document(await sources.recorded(archive.diagnosis, moment, lang))


async def _patiently(live: Live, ask: Callable[[], Told | None]) -> Told:
    """What the reading thread knows, as soon as it does: it has just begun. Raises ``Refused``."""
    patience = time.monotonic() + PATIENCE
    while (found := ask()) is None:
        if live.fault is not None or time.monotonic() > patience:
            raise Refused(503, "nothing is known yet")
        await asyncio.sleep(0.1)
    return found


async def _between(sources: Sources, given: Given, longest: float) -> tuple[float, float]:
    span = await _span(sources)
    latest = time.time() if span is None else span["until"]
    until = latest if given["until"] is None else given["until"]
    since = max(0.0, until - SPAN) if given["since"] is None else given["since"]
    if until - since < 1:
        raise Refused(400, "until must be at least 1 s after since")
    if until - since > longest:
        raise Refused(400, f"until may be at most {longest:.0f} s after since")
    return since, until


async def history(sources: Sources, given: Given) -> Document:
    """The charts of a time: rates and levels at equal steps, null where nothing was read."""
    since, until = await _between(sources, given, LONGEST)
    live = None if sources.live is None else sources.live.stretch()
    archive = sources.archive
    # What both know is told by the recording as far as it goes: it is older.
    if archive is None or (live is not None and since >= live.since):
        parts = [] if live is None else [live]
        return await asyncio.to_thread(moments.drawn, parts, since, until, given["points"])

    def made(recorded: list[Stretch]) -> Document:
        parts = recorded if live is None or live.since > until else [live, *recorded]
        return moments.drawn(parts, since, until, given["points"])

    return await sources.recorded(archive.draw, since, until, made)


async def timeline(sources: Sources, given: Given) -> Document:
    """When which rule held, and where nothing was recorded."""
    since, until = await _between(sources, given, JUDGED)
    live, archive = sources.live, sources.archive
    found = [] if live is None else live.findings(since, until)
    gaps: list[dict[str, object]] = []
    if archive is not None and (live is None or since < live.began):
        end = until if live is None else min(until, live.began)
        found = [*await sources.recorded(archive.findings, since, end), *found]
        gaps = await sources.recorded(archive.holes, since, end)
    return {
        "schema": 1,
        "since": since,
        "until": until,
        "findings": findings.document(found, given["lang"]),
        "holes": gaps,
    }


async def processes(sources: Sources, given: Given) -> Document:
    """The processes as last read at a moment: those that use most CPU time, and the largest."""
    at, live, archive = given["at"], sources.live, sources.archive
    if live is not None:
        told = live.frame(at) if at is not None else await _patiently(live, lambda: live.frame(None))
        if told is not None:
            return _sorted(told, given)
        if archive is None:
            raise Refused(404, "no processes were read by then")
    assert archive is not None
    moment = (await sources.recorded(archive.span))[1] if at is None else at
    frame, read = await sources.recorded(archive.frame, moment)
    chosen = few(arrange(frame, Shown()), arrange(frame, Shown(field="RES")))
    return _sorted(top_data(frame, chosen, read), given)


def _sorted(told: Document, given: Given) -> Document:
    key = SORTS[given["sort"]]
    rows = sorted(told["processes"], key=lambda one: (one[key] is not None, one[key] or 0), reverse=True)
    return {**told, "processes": rows[: given["limit"]]}


SORTS = {"cpu": "cpu", "memory": "resident_bytes", "swap": "swap_bytes", "time": "time_s"}
SORT = Parameter("sort", "choice", "largest first", "cpu", choices=tuple(SORTS))
LIMIT = Parameter("limit", "integer", "so many processes at most", 100, least=1, most=300)


async def cgroup_tree(sources: Sources, given: Given) -> Document:
    """What each cgroup takes and may take."""
    at, live, archive = given["at"], sources.live, sources.archive
    if live is not None and at is None:
        await _patiently(live, live.last)
        told = await asyncio.to_thread(live.with_look, cgroups.tree)
        assert told is not None
        return told
    if archive is None:
        raise Refused(404, "cgroups of the past need a recording: jinmaek record")
    moment = (await sources.recorded(archive.span))[1] if at is None else at
    return await sources.recorded(archive.with_look, moment, cgroups.BACK, cgroups.tree)


def _account(kind: Kind) -> Callable[[Sources, Given], Awaitable[Document]]:
    async def ask(sources: Sources, given: Given) -> Document:
        at, by, lang, archive = given["at"], given.get("by", "command"), given["lang"], sources.archive
        try:
            if at is None and sources.accounts is not None:
                return await sources.accounts.get(kind, by, lang)
            if archive is None:
                raise Refused(404, "accounts of the past need a recording: jinmaek record")
            if by == "cgroup":
                raise Refused(400, "by: which cgroup a process was in is not recorded")
            moment = (await sources.recorded(archive.span))[1] if at is None else at
            return await sources.recorded(archive.account, moment, kind, by, lang)
        except NoMeminfo as absent:
            raise Refused(503, f"{absent.gap.source}: {absent.gap.detail or absent.gap.kind}") from None

    return ask


async def texts(_: Sources, given: Given) -> Document:
    """The words of the page in a language, by their English."""
    return {"schema": 1, "lang": given["lang"], "texts": words(given["lang"])}


async def rules(_: Sources, given: Given) -> Document:
    """The rules that are judged."""
    known = catalogue(given["lang"])
    return {
        "schema": 1,
        "rules": [
            {"id": one.id, "title": known.gettext(one.title), "severity": one.severity} for one in all_rules()
        ],
    }


OPERATIONS = (
    Operation("/api/v1/host", "this host, the sources of its figures, their cost", (), "Host", host),
    Operation("/api/v1/diagnosis", "the verdicts of all rules", (LANG, AT), "Diagnosis", diagnosis),
    Operation("/api/v1/history", "figures over time", (SINCE, UNTIL, POINTS), "History", history),
    Operation("/api/v1/findings", "when which rule held", (LANG, SINCE, UNTIL), "Timeline", timeline),
    Operation("/api/v1/processes", "processes at a moment", (AT, SORT, LIMIT), "Processes", processes),
    Operation("/api/v1/cgroups", "cgroups at a moment", (AT,), "Cgroups", cgroup_tree),
    Operation("/api/v1/memory", "the memory ledger", (LANG, AT, BY), "Memory", _account("memory")),
    Operation("/api/v1/swap", "the swap account", (LANG, AT, BY), "Swap", _account("swap")),
    Operation(
        "/api/v1/load", "the load account; now: watches for 11 s", (LANG, AT), "Load", _account("load")
    ),
    Operation("/api/v1/texts", "the words of the page", (LANG,), "Texts", texts),
    Operation("/api/v1/rules", "the rules that are judged", (LANG,), "Rules", rules),
)


async def answer(operation: Operation, sources: Sources, given: Given) -> Document:
    """The answer to one question. Raises ``Refused``."""
    try:
        return await operation.ask(sources, given)
    except NotThere as absent:
        raise Refused(404, str(absent)) from None
    except LookupError as lost:
        if type(lost) is not LookupError:
            raise
        raise Refused(404, f"that part of the recording cannot be read: {lost}") from None
