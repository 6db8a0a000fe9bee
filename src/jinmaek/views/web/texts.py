"""The words of the page. They are said in English in its scripts, and are there in Korean as all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import get_args

from jinmaek.accounts.memory_titles import TITLES as BUCKETS
from jinmaek.diagnosis.expr import Named
from jinmaek.diagnosis.limits import expressions
from jinmaek.diagnosis.vitals import VITALS
from jinmaek.i18n import tr
from jinmaek.model import Confidence, GapKind
from jinmaek.rules import rules
from jinmaek.views.load import NAMES as KINDS
from jinmaek.views.swap import RATES
from jinmaek.views.swap import TITLES as PARTS

TEXTS = (
    "100 % is one whole CPU",
    "As of {time}",
    "Back to now",
    "CPU",
    "CPU busy",
    "CPU time",
    "CPUs at work",
    "CPUs the hypervisor took",
    "Cgroups",
    "Connected again. The server was restarted meanwhile: its live history begins anew.",
    "Dark",
    "History",
    "Light",
    "Load",
    "Memory",
    "No cgroup tells anything here.",
    "No rule held in this time, as far as it was judged.",
    "No thread was in the load while it was watched.",
    "Not so for {time} now; it stays listed until it is well clear of its limits.",
    "Nothing could be judged: no rule found what it needs.",
    "Nothing to do: {count} rules judged, none of them at warning or above.",
    "PID",
    "Processes",
    "Pulse",
    "S",
    "Swap",
    "The connection is lost; trying again.",
    "The server does not read this host any more, because of a fault in it. What is shown is old.",
    "This build has no chart library: the figures are in the list below.",
    "To the content",
    "To the end",
    "a recording, from {since} to {until}",
    "a trend needs {time} of readings",
    "agrees",
    "all memory, {total}",
    "anonymous",
    "as of {time}",
    "available",
    "back to now",
    "blocked",
    "by cgroup",
    "by command",
    "by process",
    "by user",
    "cache read again",
    "can be had",
    "cgroup",
    "cgroups",
    "charts",
    "could not be judged",
    "could not be read",
    "counted by the kernel itself",
    "device or file",
    "disk traffic",
    "disks busy",
    "does it add up?",
    "does not",
    "each point is {time}",
    "earlier",
    "evidence",
    "filter",
    "filter by name, user or pid",
    "filter by path",
    "findings over time",
    "follow the clock",
    "for I/O",
    "for a CPU",
    "for memory",
    "for at least {time}",
    "for {time}",
    "free",
    "free of procps 3",
    "free of procps 4",
    "hatched: not recorded",
    "held back",
    "helps",
    "hide what is below",
    "how far back",
    "htop",
    "in",
    "in no line of the kernel (residual)",
    "in swap",
    "interrupts",
    "jinmaek itself: {cpu} of one CPU, {memory}",
    "kernel",
    "kernel objects",
    "last read at {time}",
    "later",
    "left and right move, + and - zoom, Enter chooses the moment",
    "limit {limit}",
    "live",
    "load",
    "load {averages} on {cpus} CPUs",
    "load, 1 min",
    "load1",
    "looks bad, is fine",
    "major faults",
    "memory",
    "memory available",
    "memory in all",
    "mostly",
    "name",
    "network",
    "nobody",
    "nobody explains",
    "not connected",
    "not in the load",
    "not recorded",
    "nothing to draw",
    "now",
    "of its limit",
    "one reading is not enough for a rate",
    "others",
    "others: {size}",
    "out",
    "page cache",
    "pages read back",
    "priority",
    "processes",
    "processes at {time}",
    "processes now",
    "programs",
    "read",
    "reading the memory of all processes…",
    "reading the recording…",
    "reading…",
    "received",
    "recording",
    "resident",
    "runnable",
    "seen here",
    "sent",
    "share",
    "show what is below",
    "size",
    "somebody waits",
    "state",
    "stolen",
    "sum of PSS",
    "sum of RSS",
    "swap traffic",
    "tabs",
    "take it again",
    "taking the pulse…",
    "the ledger",
    "this account cost {cpu} of CPU in {wall}",
    "threads",
    "tool",
    "traffic",
    "unexplained",
    "unsure",
    "up {time}",
    "used",
    "user",
    "vital signs",
    "waiting for CPU",
    "waiting for I/O",
    "waiting for a CPU",
    "waiting for memory",
    "waits in",
    "watched for {time}",
    "watching swap for 5 s…",
    "watching the load for 11 s: the kernel moves it every 5 s…",
    "what",
    "what is in swap",
    "what is shown",
    "what processes are put together by",
    "what they do",
    'what tools call "used" here',
    "where",
    "where swap is",
    "who",
    "who is in the load",
    "who reads it back",
    "written",
    "yes",
    "zoom in",
    "zoom out",
    "{count} cgroups",
    "{count} more",
    "{count} d",
    "{count} h",
    "{count} min",
    "{count} more are not drawn",
    "{count} watching",
    "{days} d {hours} h",
    "{hours} h {minutes} min",
    "{minutes} min {seconds} s",
    "{seconds} s",
    "{shown} of {all} processes",
    "{used} of {total} swap used",
)
"""What the scripts say as it stands; a test holds it to them."""

NAMED: Mapping[str, Mapping[str, str]] = {
    "bucket": BUCKETS,
    "kind": {str(kind): text for kind, text in KINDS.items()},
    "swap": {**PARTS, "unexplained": "unexplained"},
    "rate": RATES,
}
"""What the scripts call by the name the API has for it: ``bucket:free``."""


@cache
def quantities() -> tuple[str, ...]:
    """What evidence is called that is no column."""
    found = {name for rule in rules() for expr in expressions(rule) for name in _named(expr)}
    return tuple(sorted(found | {one.name for one in VITALS}))


def _named(part: object) -> Iterator[str]:
    if isinstance(part, Named):
        yield part.name
    if isinstance(part, tuple):
        for one in part:
            yield from _named(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from _named(getattr(part, one.name))


def words(lang: str) -> dict[str, str]:
    """Every word of the page in a language, by its English or by its name."""
    plain = (
        *TEXTS,
        *quantities(),
        *get_args(GapKind),
        *(f"{one} confidence" for one in get_args(Confidence)),
        "CRITICAL",
        "WARNING",
        "INFO",
    )
    return {
        **{text: tr(lang, text) for text in plain},
        **{f"{of}:{name}": tr(lang, text) for of, texts in NAMED.items() for name, text in texts.items()},
    }
