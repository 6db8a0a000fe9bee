"""One trial of a condition: what was expected of the diagnosis, and what it said."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from jinmaek.diagnosis.pulse import watch
from jinmaek.diagnosis.rule import Rule
from jinmaek.lab.experiment import Expected, Experiment
from jinmaek.lab.runner import INTERVAL, Look, Run, adapted, run
from jinmaek.model import Culprit, Diagnosis, Finding

ALARMING = ("warning", "critical")
LOOKS = 3
"""At most, until all that is expected has been said."""
TWICE = 2
"""Looks at least where nothing is wrong, so that a verdict that comes and goes is seen."""
LONG = 10.0
"""Seconds from which on one look is enough."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one expected finding."""

    rule: str
    fired: bool
    after: float | None
    """Seconds from the first look's beginning to the end of the look that said it."""
    culprit: str | None
    """Who was named first."""
    right: bool | None
    """Whether it was who did it; None where it did not fire, or nobody is to be named."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A finding at warning or above that nobody expected."""

    rule: str
    severity: str
    culprit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run, judged."""

    experiment: Experiment
    began: float
    """Seconds since the epoch when watching began."""
    ended: float
    outcomes: tuple[Outcome, ...]
    explained: tuple[tuple[str, bool], ...]
    """Benign rules that should say why it is fine, and whether they did."""
    alarms: tuple[Alarm, ...]
    before: tuple[str, ...]
    """Rules that spoke up before the condition was made: no verdict on it."""
    seen: bool
    """Whether there was a look."""
    run: Run

    @property
    def made(self) -> bool:
        """Whether the condition was there to be seen."""
        return self.seen and self.run.answer.says == self.experiment.usual


def trial(
    experiment: Experiment,
    rules: tuple[Rule, ...],
    base: str,
    lang: str,
    before: Iterable[str],
    least: int = 1,
) -> Trial:
    """Make the condition and look at it until all that is expected has been said, or three times.

    ``before`` are rules that spoke up before, ``least`` are the looks there will be in any case. Raises
    OSError and ``Untrusted`` as ``runner.run`` does.
    """
    known = {rule.id for rule in rules}
    wanted = tuple(want for want in experiment.expects if want.rule in known)
    most = 1 if experiment.span >= LONG else LOOKS
    groups: dict[int, int] = {}
    done = run(
        experiment,
        base,
        lambda one, looks: _look_on(
            one, looks, rules, lang, wanted, least if wanted else TWICE, most, groups
        ),
        more=most * (experiment.span + 2),
    )
    benign = tuple(name for name in experiment.explains if name in known)
    earlier = frozenset(before)
    mine = {pid for pid, group in groups.items() if group in done.pids}
    return Trial(
        experiment=experiment,
        began=done.looks[0].diagnosis.time - done.looks[0].after if done.looks else 0.0,
        ended=done.looks[-1].diagnosis.time if done.looks else 0.0,
        outcomes=tuple(_outcome(want, done, mine, earlier) for want in wanted),
        explained=tuple(
            (name, any(_explains(name, look.diagnosis) for look in done.looks)) for name in benign
        ),
        alarms=tuple(_alarms(experiment, done, earlier)),
        before=tuple(sorted(earlier)),
        seen=bool(done.looks),
        run=done,
    )


def _look_on(
    experiment: Experiment,
    looks: list[Look],
    rules: tuple[Rule, ...],
    lang: str,
    wanted: tuple[Expected, ...],
    least: int,
    most: int,
    groups: dict[int, int],
) -> None:
    """Looks one after the other, as if ``jinmaek`` were run again and again.

    ``groups`` is told the process groups of those it names, as long as they live.
    """
    since = looks[0].diagnosis.time - looks[0].after if looks else None
    for number in range(1, most + 1):
        diagnosis = watch(adapted(rules, experiment), experiment.span, INTERVAL, lang, None)
        since = diagnosis.time - diagnosis.wall_s if since is None else since
        looks.append(Look(diagnosis.time - since, diagnosis))
        groups |= _groups(diagnosis)
        said = {finding.rule for look in looks for finding in look.diagnosis.findings}
        if number >= min(least, most) and all(want.rule in said for want in wanted):
            return


def _groups(diagnosis: Diagnosis) -> dict[int, int]:
    found: dict[int, int] = {}
    for finding in diagnosis.findings:
        for pid in (culprit.pid for culprit in finding.culprits):
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    found[pid] = os.getpgid(pid)
    return found


def _outcome(want: Expected, done: Run, mine: set[int], before: frozenset[str]) -> Outcome:
    for look in done.looks:
        found = [finding for finding in look.diagnosis.findings if finding.rule == want.rule]
        firsts = [finding.culprits[0] if finding.culprits else None for finding in found]
        right: list[bool | None] = [
            None if want.culprit is None else first is not None and names(first, want.culprit, done, mine)
            for first in firsts
        ]
        # A rule may find several cgroups or processes, of which others on the host have some.
        best = right.index(True) if True in right else 0
        if found and (want.rule not in before or right[best]):
            return Outcome(want.rule, True, look.after, _named(firsts[best]), right[best])
    return Outcome(want.rule, False, None, None, None)


def names(culprit: Culprit, name: str, done: Run, mine: Collection[int] = ()) -> bool:
    """Of a process it must be one of this run, not one of the same name; of a cgroup, that of this run.

    ``mine`` are descendants of those that were started for the run.
    """
    if culprit.pid is not None:
        return culprit.name == name and (culprit.pid in done.pids or culprit.pid in mine)
    return name in culprit.name or done.name in culprit.name


def _named(culprit: Culprit | None) -> str | None:
    if culprit is None:
        return None
    return culprit.name if culprit.pid is None else f"{culprit.name} [{culprit.pid}]"


def _explains(rule: str, diagnosis: Diagnosis) -> bool:
    return any(quiet.rule == rule and quiet.reason and quiet.evidence for quiet in diagnosis.quiet)


def alarming(diagnosis: Diagnosis) -> list[Finding]:
    """Findings at warning or above."""
    return [finding for finding in diagnosis.findings if finding.severity in ALARMING]


def _alarms(experiment: Experiment, done: Run, before: frozenset[str]) -> list[Alarm]:
    """Each rule once, with the worst it said."""
    meant = {want.rule for want in experiment.expects} | set(experiment.allows) | before
    found: dict[str, Alarm] = {}
    for look in done.looks:
        for finding in alarming(look.diagnosis):
            if finding.rule not in meant and (finding.rule not in found or finding.severity == "critical"):
                first = finding.culprits[0] if finding.culprits else None
                found[finding.rule] = Alarm(finding.rule, finding.severity, _named(first))
    return list(found.values())
