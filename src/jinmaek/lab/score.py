"""All trials of all conditions, and what they are worth: recall, false alarms, culprits, time to detect."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from jinmaek.diagnosis.pulse import watch
from jinmaek.diagnosis.rule import Rule
from jinmaek.lab.experiment import Experiment
from jinmaek.lab.peers.held import Heard, PeerScore, heard, held
from jinmaek.lab.peers.peer import Absent, Peer
from jinmaek.lab.runner import INTERVAL
from jinmaek.lab.trial import LONG, TWICE, Trial, alarming, trial

CALM = 3.0
"""Seconds of the look before each trial."""
PATIENCE = 15.0
"""Seconds to wait for a calm host."""
LASTING = ("memory.oom-kill",)
"""Rules that speak of what has been, for half an hour: no waiting for them."""


@dataclass(frozen=True, slots=True)
class RuleScore:
    """What a rule is worth over all trials."""

    rule: str
    trials: int
    """In which its condition was made."""
    fired: int
    named: int
    """Of those that fired, in which somebody was to be named."""
    right: int
    """In which it was who did it."""
    false_alarms: int
    """Trials in which it spoke up and nobody had made its condition."""
    after: float | None
    """Median of the seconds until it was said; None where it never was."""
    scaled: bool
    """Whether its limits were set to the size of the condition."""

    @property
    def recall(self) -> float | None:
        return self.fired / self.trials if self.trials else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The whole of it."""

    trials: tuple[Trial, ...]
    refused: tuple[tuple[str, str], ...]
    """Experiments that were not run, and why."""
    rules: tuple[RuleScore, ...]
    peers: tuple[PeerScore, ...]
    absent: tuple[Absent, ...]
    seconds: float
    planned: int = 0
    """Trials there were to be."""
    stopped: bool = False
    """Whether it was stopped before all of them were made: what there is counts all the same."""

    @property
    def judged(self) -> tuple[Trial, ...]:
        return tuple(one for one in self.trials if one.made)

    @property
    def healthy(self) -> tuple[Trial, ...]:
        return tuple(one for one in self.judged if one.experiment.healthy)

    @property
    def recall(self) -> float | None:
        asked = sum(rule.trials for rule in self.rules)
        return sum(rule.fired for rule in self.rules) / asked if asked else None

    @property
    def culprits(self) -> float | None:
        asked = sum(rule.named for rule in self.rules)
        return sum(rule.right for rule in self.rules) / asked if asked else None

    @property
    def alarmed(self) -> tuple[Trial, ...]:
        """Healthy trials in which there was an alarm."""
        return tuple(one for one in self.healthy if one.alarms)


@dataclass(slots=True)
class Pace:
    """How long trials take, for the time that is left."""

    least: int
    took: dict[str, float] = field(default_factory=dict)

    def left(self, ahead: Iterable[Experiment]) -> float:
        """Seconds the experiments ahead will take: as long as they took, or as their looks last."""
        return sum(self.took.get(one.name, CALM + self._looks(one) * one.span + 3) for one in ahead)

    def _looks(self, one: Experiment) -> int:
        return 1 if one.span >= LONG else max(self.least, 1 if one.expects else TWICE)


Progress = Callable[[Experiment, int, int, float], None]
"""Told before each trial: the experiment, its number from 1, how many there are, seconds left."""


def scored(experiments: Iterable[Experiment]) -> tuple[Experiment, ...]:
    """Those that a diagnosis is held against, those that leave a mark on the host last."""
    chosen = [one for one in experiments if one.expects or one.explains or one.healthy]
    return tuple(sorted(chosen, key=lambda one: any(want.rule in LASTING for want in one.expects)))


def score(
    experiments: Sequence[Experiment],
    rules: tuple[Rule, ...],
    base: str,
    lang: str,
    repeats: int,
    refusal: Callable[[Experiment], str | None],
    progress: Progress | None,
    done: Callable[[Trial], None] = lambda _: None,
    peers: tuple[Peer, ...] = (),
    absent: tuple[Absent, ...] = (),
) -> Score:
    """Every experiment ``repeats`` times, one round after the other. ``done`` is told of each trial.

    With ``peers`` there are two looks at least, so that they have the time to see it too. Ctrl-C ends it with
    the trials made so far; before the first it is raised.
    """
    began = time.monotonic()
    least = TWICE if peers else 1
    pace = Pace(least)
    trials: list[Trial] = []
    said: list[tuple[Heard, ...]] = []
    refused: dict[str, str] = {}
    rounds = [one for _ in range(repeats) for one in experiments]
    stopped = False
    try:
        for number, one in enumerate(rounds, 1):
            if progress:
                progress(one, number, len(rounds), pace.left(rounds[number - 1 :]))
            started = time.monotonic()
            why = refusal(one)
            if why is not None:
                refused[one.name] = why
                pace.took[one.name] = 0.0
                continue
            before, calm = _calm(rules, lang)
            made = trial(one, rules, base, lang, before, least)
            told = heard(peers, calm, made)
            trials.append(made)
            said.append(told)
            done(made)
            pace.took[one.name] = time.monotonic() - started
    except KeyboardInterrupt:
        if not trials:
            raise
        stopped = True
    return Score(
        trials=tuple(trials),
        refused=tuple(sorted(refused.items())),
        rules=of_rules(rules, trials),
        peers=held(peers, trials, said),
        absent=absent,
        seconds=time.monotonic() - began,
        planned=len(rounds),
        stopped=stopped,
    )


def _calm(rules: tuple[Rule, ...], lang: str) -> tuple[tuple[str, ...], tuple[float, float]]:
    """Wait until nothing is wrong with the host; the rules that speak up nevertheless, and when that was."""
    end = time.monotonic() + PATIENCE
    while True:
        began = time.time()
        spoke = {finding.rule for finding in alarming(watch(rules, CALM, INTERVAL, lang, None))}
        if not spoke - set(LASTING) or time.monotonic() > end:
            return tuple(sorted(spoke)), (began, time.time())


def of_rules(rules: Iterable[Rule], trials: Sequence[Trial]) -> tuple[RuleScore, ...]:
    """The score of each rule over all trials."""
    return tuple(_of_rule(rule.id, [one for one in trials if one.made]) for rule in rules)


def _of_rule(rule: str, trials: Sequence[Trial]) -> RuleScore:
    outcomes = [outcome for one in trials for outcome in one.outcomes if outcome.rule == rule]
    explained = [said for one in trials for name, said in one.explained if name == rule]
    named = [outcome.right for outcome in outcomes if outcome.right is not None]
    times = [outcome.after for outcome in outcomes if outcome.after is not None]
    meant = [one for one in trials if any(outcome.rule == rule for outcome in one.outcomes)]
    return RuleScore(
        rule=rule,
        trials=len(outcomes) + len(explained),
        fired=sum(outcome.fired for outcome in outcomes) + sum(explained),
        named=len(named),
        right=sum(named),
        false_alarms=sum(any(alarm.rule == rule for alarm in one.alarms) for one in trials),
        after=statistics.median(times) if times else None,
        scaled=any(one.experiment.limits is not None for one in meant),
    )
