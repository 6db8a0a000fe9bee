"""A process that gives nothing back."""

from __future__ import annotations

import time
from collections.abc import Mapping

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.make.work import anonymous, stay, touch
from jinmaek.lab.memory_now import figure
from jinmaek.lab.readings import Readings
from jinmaek.lab.tasks import status

SIZE = 768 * MIB
STEP = MIB
EVERY = 0.05
WINDOW = 24.0


def leak(line: Line) -> None:
    memory = anonymous(SIZE)
    line.tell("leaking")
    for at in range(0, SIZE, STEP):
        touch(memory, at, at + STEP)
        time.sleep(EVERY)
    stay(line)


def limits() -> Mapping[str, float]:
    """A trend of 24 s and of 200 MiB."""
    return {
        "memory.leak.window": WINDOW,
        "memory.leak.grown": 200 * MIB / figure("MemTotal"),
        "memory.leak.boot": 60,
    }


def run(bench: Bench, readings: Readings) -> Answer:
    worker = start(bench, "jm-leaker", leak)
    worker.hear()
    before = readings.before(**status(worker.pid, "RssAnon"))
    readings.observe()
    change = readings.take("during", **status(worker.pid, "RssAnon")) - before
    return answer(
        change["RssAnon"] > 0,
        "its memory grew by {grown}",
        grown=(change["RssAnon"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="conditions.leak",
    claim="Memory that only grows is told from memory that comes and goes by its lowest levels",
    how="A process takes 20 MiB a second and gives none back; the trend is told from 24 s",
    run=run,
    seconds=90,
    span=26.0,
    needs=Needs(memory=SIZE + 64 * MIB),
    shows=("meminfo.AnonPages", "meminfo.MemAvailable", "meminfo.Committed_AS"),
    expects=(Expected("memory.leak", "jm-leaker"),),
    limits=limits,
)
