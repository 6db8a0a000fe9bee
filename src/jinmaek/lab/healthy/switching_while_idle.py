"""Many context switches on CPUs that are mostly idle."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings

WATCHED = 2.0


def play(line: Line) -> None:
    """Hand a byte to and fro, 50 times in a row and then a rest."""
    here, there = os.pipe(), os.pipe()
    if os.fork() == 0:
        while True:
            os.write(there[1], os.read(here[0], 1))
    line.tell("playing")
    while True:
        for _ in range(50):
            os.write(here[1], b"x")
            os.read(there[0], 1)
        time.sleep(0.02)


def run(bench: Bench, readings: Readings) -> Answer:
    for worker in [start(bench, "jm-chatter", play) for _ in range(4)]:
        worker.hear()
    before = readings.before()
    time.sleep(WATCHED)
    change = readings.take("seen") - before
    readings.observe()
    return answer(
        change["stat.ctxt"] / WATCHED > 5000,
        "{rate} context switches, with the CPUs idle for {idle} of {time}",
        rate=(change["stat.ctxt"] / WATCHED, "count/s"),
        idle=(change["stat_cpu.idle"], "seconds"),
        time=(WATCHED, "seconds"),
    )


EXPERIMENT = Experiment(
    name="healthy.switching-while-idle",
    claim="Many context switches say nothing where the CPUs have time to spare",
    how="Four pairs of processes hand a byte to and fro some thousand times a second",
    run=run,
    shows=("stat.ctxt", "stat_cpu.idle", "stat_cpu.system"),
    healthy=True,
)
