"""One thread that is in D by design."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start, until
from jinmaek.lab.make.work import sleep_in_vfork
from jinmaek.lab.readings import Readings
from jinmaek.lab.sentence import say


def run(bench: Bench, readings: Readings) -> Answer:
    fifo = f"{bench.folder}/fifo"
    os.mkfifo(fifo)
    readings.before()
    worker = start(bench, "jm-parked", sleep_in_vfork, fifo)
    until(lambda: worker.state == "D", 10, say("state {name}", name="D"))
    readings.during()
    return answer(worker.state == "D", "it was in {state} all the time", state=worker.state)


EXPERIMENT = Experiment(
    name="healthy.parked-in-d",
    claim="A thread that is always in D adds 1 to the load and harms nobody",
    how="A process waits in D for a vfork child that waits itself",
    run=run,
    shows=("loadavg.load1", "stat.procs_blocked"),
    explains=("load.parked-threads",),
    healthy=True,
)
