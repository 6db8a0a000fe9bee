"""Many processes that each do some work and end, as a compiler is run."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings

WORK = 0.06
"""CPU seconds of each."""


def compile_all(line: Line) -> None:
    """One after the other, as many lines of it as there are CPUs."""
    line.tell("compiling")
    while True:
        child = os.fork()
        if child == 0:
            end = time.process_time() + WORK
            while time.process_time() < end:
                sum(range(1000))
            os._exit(0)
        os.waitpid(child, 0)
        time.sleep(WORK / 3)


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    for worker in [start(bench, "jm-make", compile_all) for _ in os.sched_getaffinity(0)]:
        worker.hear()
    time.sleep(1)
    change = readings.during() - before
    return answer(
        change["stat.processes"] > 5,
        "{count} processes were started meanwhile",
        count=(change["stat.processes"], "count"),
    )


EXPERIMENT = Experiment(
    name="healthy.compilation",
    claim="Many short processes that do their work are no storm",
    how="For each CPU a process forks a child that computes for 60 ms, waits for it, reads for 20 ms, and "
    "goes on",
    run=run,
    shows=("stat.processes", "loadavg.load1"),
    healthy=True,
)
