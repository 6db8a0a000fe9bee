"""Processes that live for an instant."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings

WATCHED = 2.0


def fork_on(line: Line) -> None:
    line.tell("forking")
    while True:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)


def run(bench: Bench, readings: Readings) -> Answer:
    cpus = len(os.sched_getaffinity(0))
    for worker in [start(bench, "jm-forker", fork_on) for _ in range(4 * cpus)]:
        worker.hear()
    before = readings.before()
    time.sleep(WATCHED)
    change = readings.during() - before
    rate = change["stat.processes"] / WATCHED
    return answer(
        rate > 400 * cpus,
        "{rate} processes were started, and none of them could be seen",
        rate=(rate, "count/s"),
    )


EXPERIMENT = Experiment(
    name="conditions.fork-storm",
    claim="Processes too short to be seen in top can take the CPUs",
    how="Four processes for each CPU fork children that end at once, and wait for them",
    run=run,
    shows=("stat.processes", "stat_cpu.system", "loadavg.last_pid"),
    expects=(Expected("process.fork-storm", "jm-forker"),),
    allows=("cpu.saturated", "cpu.switch-storm"),
)
