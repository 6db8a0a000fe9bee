"""A heap that fills and is emptied, again and again."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import anonymous, touch
from jinmaek.lab.readings import Readings

SIZE = 512 * MIB
STEPS = 16


def saw(line: Line) -> None:
    line.tell("collecting")
    while True:
        with anonymous(SIZE) as memory:
            for step in range(STEPS):
                touch(memory, step * SIZE // STEPS, (step + 1) * SIZE // STEPS)
                time.sleep(0.15)


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    worker = start(bench, "jm-collector", saw)
    worker.hear()
    readings.during()
    return answer(
        worker.state in "SR",
        "its memory rises to {size} and falls to nothing every {time}",
        size=(SIZE, "bytes"),
        time=(STEPS * 0.15, "seconds"),
    )


EXPERIMENT = Experiment(
    name="healthy.garbage-collection",
    claim="A heap that rises until it is collected is no leak",
    how="A process takes 512 MiB over 2.4 s, gives all of it back, and begins anew",
    run=run,
    needs=Needs(memory=SIZE + 64 * MIB),
    shows=("meminfo.AnonPages", "meminfo.MemAvailable"),
    healthy=True,
)
