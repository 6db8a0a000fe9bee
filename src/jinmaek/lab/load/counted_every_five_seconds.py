"""The kernel counts at a fixed beat."""

from __future__ import annotations

from itertools import pairwise

from jinmaek.accounts.load.ticks import PERIOD
from jinmaek.lab.bench import Bench
from jinmaek.lab.counting import EVERY, watched
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings

UPDATES = 4


def run(bench: Bench, readings: Readings) -> Answer:
    start(bench, "jm-spinner", spin).hear()
    readings.before()
    seen = watched(UPDATES)
    readings.during()
    steps = [later.time for (earlier, _), (later, _) in pairwise(seen) if later.load1 != earlier.load1]
    gaps = [later - earlier for earlier, later in pairwise(steps)]
    beats = [gap / PERIOD for gap in gaps]
    return answer(
        None
        if not gaps
        else all(abs(beat - round(beat)) * PERIOD < 3 * EVERY and beat > 0.5 for beat in beats),
        "load1 changed {steps} times in {watched}, {least} apart at the least",
        steps=len(steps),
        watched=(seen[-1][0].time - seen[0][0].time, "seconds"),
        least=(min(gaps, default=0.0), "seconds"),
    )


EXPERIMENT = Experiment(
    name="load.counted-every-five-seconds",
    chapter=3,
    claim="A timer of the kernel counts the processes at regular times",
    how="load1 is read ten times a second while one process never sleeps, and the times of its steps are "
    "noted",
    run=run,
    seconds=40,
    shows=("loadavg.load1",),
)
