"""What the load is, in one word and in one sentence: the CPU, I/O, a lock, memory, or nobody at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, assert_never

from jinmaek.accounts.load.account import Kind, Load, Part, Who
from jinmaek.i18n import tr

Word = Literal["cpu", "io", "lock", "remote", "memory", "parked", "other", "mixed", "none"]

MEANS: Mapping[Kind, Word] = {
    "running": "cpu",
    "disk": "io",
    "journal": "io",
    "remote": "remote",
    "lock": "lock",
    "memory": "memory",
    "parked": "parked",
    "vfork": "parked",
    "other": "other",
}
LEAST = 0.5
"""Threads on the mean below which nobody is to be named."""
MOST_OF = 0.5
"""The share of the threads from which one word is the answer."""
NAMED = 3


def word(load: Load) -> Word:
    """The answer in one word; ``mixed`` where no kind is half of the load, ``none`` where there is none."""
    if load.counted < LEAST:
        return "none"
    shares: dict[Word, float] = {}
    for part in load.parts:
        if part.share is not None and part.kind in MEANS:
            shares[MEANS[part.kind]] = shares.get(MEANS[part.kind], 0.0) + part.share
    most = max(shares, key=lambda one: shares[one])
    return most if shares[most] >= MOST_OF else "mixed"


def sentence(load: Load, lang: str) -> str:  # noqa: C901 - one match over all answers
    """The answer in a sentence or two, with who and where."""
    answer = word(load)
    chosen = [part for part in load.parts if MEANS.get(part.kind) == answer]
    threads = sum(part.threads for part in chosen)
    who = _who(chosen or [part for part in load.parts if part.share is not None], lang)
    values = {"threads": f"{threads:.1f}", "who": who}
    if not who and answer != "none":
        return " ".join([_nameless(answer, lang).format(**values), *_remarks(load, lang)])
    match answer:
        case "cpu":
            text = tr(lang, "It is the CPU: {threads} threads run or wait for a CPU, first {who}.")
        case "io":
            text = tr(lang, "It is I/O: {threads} threads wait for a disk, first {who}.")
        case "lock":
            text = tr(lang, "It is a lock: {threads} threads wait for one, and not for a disk; first {who}.")
        case "remote":
            text = tr(lang, "It is a server that does not answer: {threads} threads wait, first {who}.")
        case "memory":
            text = tr(lang, "It is memory: {threads} threads wait until some is reclaimed, first {who}.")
        case "parked":
            text = tr(lang, "It is nobody: {threads} threads sleep in D by design and do no harm: {who}.")
        case "other":
            text = tr(lang, "{threads} threads sleep in D in functions of no known kind, first {who}.")
        case "mixed":
            text = tr(lang, "It is of several kinds, none of them half of it; first {who}.")
        case "none":
            text = tr(lang, "Hardly a thread runs or waits now.")
        case _:
            assert_never(answer)
    return " ".join([text.format(**values), *_remarks(load, lang)])


def _nameless(answer: Word, lang: str) -> str:
    """The answer where nobody tells who: exporters know no threads."""
    match answer:
        case "cpu":
            return tr(lang, "It is the CPU: {threads} threads run or wait for a CPU.")
        case "io":
            return tr(lang, "It is I/O: {threads} threads wait for a disk.")
        case "lock":
            return tr(lang, "It is a lock: {threads} threads wait for one, and not for a disk.")
        case "remote":
            return tr(lang, "It is a server that does not answer: {threads} threads wait.")
        case "memory":
            return tr(lang, "It is memory: {threads} threads wait until some is reclaimed.")
        case "parked":
            return tr(lang, "It is nobody: {threads} threads sleep in D by design and do no harm.")
        case "other":
            return tr(lang, "{threads} threads sleep in D, and nothing tells what for.")
        case "mixed":
            return tr(lang, "It is of several kinds, none of them half of it.")
        case "none":
            return tr(lang, "Hardly a thread runs or waits now.")
        case _:
            assert_never(answer)


def _remarks(load: Load, lang: str) -> list[str]:
    said = []
    count = load.counted if load.recovered is None else load.recovered
    if load.load is not None and load.load[0] > 2 * count + 1:
        said.append(tr(lang, "The load averages still remember what is over: load1 loses 63 % in a minute."))
    places = [who.place for part in load.parts for who in part.who if who.freezing]
    frozen = sorted({place.mountpoint or place.device for place in places if place is not None})
    if frozen:
        text = tr(lang, "Writers wait because {places} is frozen (fsfreeze --unfreeze ends it).")
        said.append(text.format(places=", ".join(frozen)))
    held = next((part for part in load.parts if part.kind == "throttled" and part.threads >= LEAST), None)
    if held is not None:
        text = tr(
            lang,
            "Besides, {threads:.1f} threads are held back by the quota of their cgroup ({who}): they show R"
            " and are not in the load.",
        )
        said.append(text.format(threads=held.threads, who=_who([held], lang)))
    if load.stolen is not None and load.stolen >= 0.1:
        text = tr(lang, "The hypervisor took {stolen:.1f} CPUs' worth of time.")
        said.append(text.format(stolen=load.stolen))
    return said


def _who(parts: list[Part], lang: str) -> str:
    names: dict[str, float] = {}
    for part in parts:
        for who in part.who:
            name = label(who)
            names[name] = names.get(name, 0.0) + who.threads
    ranked = sorted(names, key=lambda name: -names[name])
    told = ", ".join(ranked[:NAMED])
    more = len(ranked) - NAMED
    return told if more <= 0 else tr(lang, "{who} and {more} more").format(who=told, more=more)


def label(who: Who) -> str:
    """A process as it is named: with its pid."""
    return f"{who.name} [{who.pid}]"
