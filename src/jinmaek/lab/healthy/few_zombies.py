"""A handful of zombies between two rounds of waiting."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings

COUNT = 40
EVERY = 1.5


def reap_in_rounds(line: Line) -> None:
    """As a server that reaps its children when it finds the time."""
    line.tell("serving")
    while True:
        for _ in range(COUNT):
            if os.fork() == 0:
                os._exit(0)
        time.sleep(EVERY)
        for _ in range(COUNT):
            os.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    worker = start(bench, "jm-server", reap_in_rounds)
    worker.hear()
    readings.during()
    return answer(
        worker.state in "SR",
        "{count} children are dead for {time} and then reaped",
        count=COUNT,
        time=(EVERY, "seconds"),
    )


EXPERIMENT = Experiment(
    name="healthy.few-zombies",
    claim="Zombies that are reaped in time are how processes end",
    how="A process has 40 children die and reaps them 1.5 s later, again and again",
    run=run,
    shows=("loadavg.nr_threads",),
    healthy=True,
)
