"""One run of one experiment: made, watched, answered, undone, whatever happens."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from jinmaek.diagnosis.limits import with_limits
from jinmaek.diagnosis.pulse import watch
from jinmaek.diagnosis.rule import Rule
from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.readings import NotRead, Reading, Readings
from jinmaek.lab.sentence import CannotMake, Sentence
from jinmaek.model import Diagnosis

INTERVAL = 1.0


class OutOfTime(Exception):
    """An experiment took longer than it said it would."""


@dataclass(frozen=True, slots=True)
class Look:
    """A diagnosis made while the condition was there; ``after`` seconds after watching began."""

    after: float
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of it."""

    experiment: Experiment
    answer: Answer
    readings: tuple[Reading, ...]
    looks: tuple[Look, ...]
    seconds: float
    name: str
    """Of its folder, which is in the names of its cgroups and mounts."""
    pids: tuple[int, ...]
    """Of the processes that made the condition."""
    leftovers: tuple[Sentence, ...]
    """What could not be undone."""


Observe = Callable[[Experiment, list[Look]], None]
"""Looks at the host once or more often while the condition is there, and adds to the list."""


def run(experiment: Experiment, base: str, observe: Observe, more: float = 0.0) -> Run:
    """Run it to its end; it may take ``more`` seconds than it says, for looking.

    Raises OSError and ``Untrusted`` where the folder for labs cannot be used.
    """
    began = time.monotonic()
    looks: list[Look] = []
    readings = Readings(experiment.shows, lambda: observe(experiment, looks))
    with Bench(base) as bench:
        bench.expect(experiment.seconds + more)
        try:
            with _at_most(experiment.seconds + more):
                said = experiment.run(bench, readings)
        except CannotMake as cannot:
            said = answer(None, "it could not be made: {why}", why=cannot.why)
        except NotRead as what:
            said = answer(None, "{column} could not be read", column=str(what))
        except OutOfTime:
            said = answer(None, "it took longer than {seconds:.0f} s", seconds=experiment.seconds + more)
    return Run(
        experiment=experiment,
        answer=said,
        readings=tuple(readings.taken),
        looks=tuple(looks),
        seconds=time.monotonic() - began,
        name=os.path.basename(bench.folder),
        pids=tuple(bench.pids),
        leftovers=bench.leftovers,
    )


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def adapted(rules: tuple[Rule, ...], experiment: Experiment) -> tuple[Rule, ...]:
    """The rules with the limits an experiment asks for; those of rules that are not there are left out."""
    if experiment.limits is None:
        return rules
    known = {rule.id for rule in rules}
    asked = {name: value for name, value in experiment.limits().items() if name.rpartition(".")[0] in known}
    return with_limits(rules, asked)


def look_once(rules: tuple[Rule, ...], lang: str, progress: Callable[[float], None] | None) -> Observe:
    """One look, as ``jinmaek diagnose`` has it."""

    def observe(experiment: Experiment, looks: list[Look]) -> None:
        began = time.monotonic()
        diagnosis = watch(adapted(rules, experiment), experiment.span, INTERVAL, lang, progress)
        looks.append(Look(time.monotonic() - began, diagnosis))

    return observe


def look_away(_experiment: Experiment, _looks: list[Look]) -> None:
    """No look at all: for whoever wants the answer alone."""
