"""Thousands of threads that all sleep."""

from __future__ import annotations

import threading

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import MIB, Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings

THREADS = 3000
STACK = 64 * 1024


def multiply(line: Line) -> None:
    threading.stack_size(STACK)
    gate = threading.Event()
    for _ in range(THREADS):
        threading.Thread(target=gate.wait, daemon=True).start()
    line.tell("there")
    gate.wait()


def run(bench: Bench, readings: Readings) -> Answer:
    before = readings.before()
    start(bench, "jm-server", multiply).hear(60)
    change = readings.during() - before
    return answer(
        change["loadavg.nr_threads"] > THREADS * 0.9,
        "{threads} more threads exist; their kernel stacks take {stacks}",
        threads=(change["loadavg.nr_threads"], "count"),
        stacks=(change["meminfo.KernelStack"], "bytes"),
    )


EXPERIMENT = Experiment(
    name="healthy.many-idle-threads",
    claim="Many threads that sleep are no load",
    how="A process has 3,000 threads that all sleep",
    run=run,
    needs=Needs(memory=256 * MIB),
    shows=("loadavg.nr_threads", "loadavg.load1", "meminfo.KernelStack"),
    healthy=True,
)
