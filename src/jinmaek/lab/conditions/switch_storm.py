"""Threads that do nothing but wake each other."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings

WATCHED = 2.0


def ping_pong(line: Line, cpu: int) -> None:
    """Two processes on one CPU hand a byte to and fro."""
    os.sched_setaffinity(0, {cpu})
    here, there = os.pipe(), os.pipe()
    if os.fork() == 0:
        while True:
            os.write(there[1], os.read(here[0], 1))
    line.tell("playing")
    while True:
        os.write(here[1], b"x")
        os.read(there[0], 1)


def run(bench: Bench, readings: Readings) -> Answer:
    cpus = sorted(os.sched_getaffinity(0))
    for worker in [start(bench, "jm-pingpong", ping_pong, cpu) for cpu in cpus for _ in range(2)]:
        worker.hear()
    before = readings.before()
    time.sleep(WATCHED)
    change = readings.during() - before
    rate = change["stat.ctxt"] / len(cpus) / WATCHED
    return answer(
        rate > 20_000,
        "the CPUs switched {rate} times each",
        rate=(rate, "count/s"),
    )


EXPERIMENT = Experiment(
    name="conditions.switch-storm",
    claim="Handing over between threads can keep the CPUs busy with nothing but switching",
    how="On each CPU two pairs of processes hand a byte to and fro through pipes",
    run=run,
    shows=("stat.ctxt", "stat_cpu.system", "stat_cpu.user"),
    expects=(Expected("cpu.switch-storm", "jm-pingpong"),),
    allows=("cpu.saturated",),
)
