"""``jinmaek diagnose`` of a recording: as of a moment, or from one to another."""

from __future__ import annotations

import argparse
import time

from jinmaek.cli import moments, progress
from jinmaek.cli.errors import SourceUnreadable, Usage
from jinmaek.diagnosis.episodes import Episode, episodes, finding
from jinmaek.diagnosis.judge import judge
from jinmaek.diagnosis.past import at_moment, diagnosis_of, look_at, needed, widest
from jinmaek.diagnosis.rule import Rule
from jinmaek.history.recording.boots import boots
from jinmaek.history.recording.past import Past
from jinmaek.history.recording.recording import Recording
from jinmaek.i18n import tr
from jinmaek.model import SEVERITIES, Diagnosis, Finding


def diagnosed(rules: tuple[Rule, ...], args: argparse.Namespace) -> Diagnosis:
    """The diagnosis a user asked for. Raises ``Usage``, ``SourceUnreadable``."""
    if args.root is not None:
        raise Usage("--root", "a tree and a recording are two sources", "name one of them")
    if args.at is not None and (args.since is not None or args.until is not None):
        raise Usage("--at", "a moment and a span of time exclude each other", "leave out one of them")
    if args.until is not None and args.since is None:
        raise Usage("--until", "it needs --since", "or use --at for one moment")
    with moments.opened(args) as recording:
        if args.since is None:
            past, at = moments.sample(recording, args.at)
            end = past.times[at]
            diagnosis = at_moment(
                rules, Past(recording, past.boot, end - needed(rules, widest(past.meta)), end), args.lang
            )
        else:
            diagnosis = _asked(rules, recording, args)
        moments.tell_damage(recording)
        return diagnosis


def _asked(rules: tuple[Rule, ...], recording: Recording, args: argparse.Namespace) -> Diagnosis:
    since, until = moments.when(recording, args.since), moments.when(recording, args.until)
    if until <= since:
        raise Usage(
            "--since and --until", "the end is not after the beginning", "see jinmaek recordings list"
        )
    return between(rules, recording, since, until, args.lang)


def between(
    rules: tuple[Rule, ...], recording: Recording, since: float, until: float, lang: str
) -> Diagnosis:
    """When each rule held between two moments in seconds since the epoch. Raises ``SourceUnreadable``."""
    began = time.monotonic(), time.process_time()
    seen = progress.part(tr(lang, "judging: {share}"))
    found: list[Episode] = []
    for boot, start, end in boots(recording, since, until):
        found += episodes(rules, recording, boot, start, end, seen)
    progress.clear()
    located = recording.find(until)
    if located is None:
        raise SourceUnreadable(recording.path, f"no sample before {moments.shown(until)} can be read")
    entry, at = located
    last = recording.clocks(entry)["boottime"][at] / 1e9
    wide = widest(recording.meta(entry))
    past = Past(recording, entry.boot, last - needed(rules, wide), last)
    look = look_at(past, lang)
    told = [one for episode in found if (one := finding(episode, recording, lang, wide)) is not None]
    told.sort(key=lambda one: (-SEVERITIES.index(one.severity), one.since))
    happened = {episode.rule.id for episode in found}
    others = judge(tuple(rule for rule in rules if rule.id not in happened), look)
    # What the last moment says of rules that held before is in their episodes.
    rest = tuple(verdict for verdict in others if not isinstance(verdict, Finding))
    return diagnosis_of(rules, look, past, (*told, *rest), (since, until), began)
