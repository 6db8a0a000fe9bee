"""A recording at a glance, and whether it is sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jinmaek.history.recording.overview import Overview
from jinmaek.history.recording.recording import Damage
from jinmaek.i18n import tr
from jinmaek.views.finding import moment
from jinmaek.views.plain import safe
from jinmaek.views.units import amount, span

LONGEST = 20
"""Gaps that are listed: the longest."""


def lines(told: Overview, lang: str) -> Iterator[str]:
    """The screen."""
    yield f"{safe(told.path)}  {safe(told.host)}  Linux {safe(told.kernel)}"
    lasting = tr(lang, "from {since} to {until}, {time}").format(
        since=moment(told.since),
        until=moment(told.until, told.since),
        time=span(told.until - told.since, lang),
    )
    yield lasting
    text = tr(lang, "{samples} samples {time} apart, {size}: {each} B a sample")
    yield text.format(
        samples=f"{told.samples:,}",
        time=amount(told.interval, "seconds"),
        size=amount(told.bytes, "bytes"),
        each=f"{told.bytes / told.samples:,.0f}",
    )
    if told.recorder is not None:
        yield tr(lang, "process {pid} is recording").format(pid=told.recorder)
    if told.cpu_share is not None:
        yield tr(lang, "recording took {share} of one CPU").format(share=f"{told.cpu_share:.2%}")
    if told.boots > 1:
        yield tr(lang, "{boots} boots").format(boots=told.boots)
    if told.holes:
        yield ""
        missing = sum(hole.seconds for hole in told.holes)
        text = tr(lang, "{count} gaps, {time} in all; nothing is put in their place")
        yield text.format(count=len(told.holes), time=span(missing, lang))
        longest = sorted(told.holes, key=lambda hole: -hole.seconds)[:LONGEST]
        for hole in sorted(longest):
            until = moment(hole.until, hole.since)
            yield f"  {moment(hole.since)}  {until}  {span(hole.seconds, lang):>12}  {safe(hole.why)}"
    yield from _damage(told.damage, lang)


def verified(blocks: int, samples: int, damage: Sequence[Damage], lang: str) -> Iterator[str]:
    """What reading all of it has shown."""
    text = tr(lang, "{blocks} blocks with {samples} samples were read")
    yield text.format(blocks=f"{blocks:,}", samples=f"{samples:,}")
    if not damage:
        yield tr(lang, "nothing is damaged")
    yield from _damage(damage, lang)


def _damage(damage: Sequence[Damage], lang: str) -> Iterator[str]:
    for title, mended in ((tr(lang, "lost"), False), (tr(lang, "mended"), True)):
        found = [one for one in damage if one.mended is mended]
        if found:
            yield ""
            yield f"{title}:"
            yield from (f"  {safe(one.file)}: {safe(one.what)}" for one in found)


def data(told: Overview) -> dict[str, Any]:
    """The same as JSON, schema 1."""
    return {
        "schema": 1,
        "path": told.path,
        "host": told.host,
        "kernel": told.kernel,
        "interval": told.interval,
        "since": told.since,
        "until": told.until,
        "samples": told.samples,
        "bytes": told.bytes,
        "boots": told.boots,
        "recorder": told.recorder,
        "cpu_share": told.cpu_share,
        "gaps": [{"since": hole.since, "until": hole.until, "why": hole.why} for hole in told.holes],
        "damage": [{"file": one.file, "what": one.what, "mended": one.mended} for one in told.damage],
    }
