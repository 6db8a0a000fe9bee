"""Threads near the limit of the host."""

from __future__ import annotations

import threading
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.counting import load_now
from jinmaek.lab.experiment import MIB, Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make.knobs import sysctl
from jinmaek.lab.make.process import Line, start
from jinmaek.lab.readings import Readings

THREADS = 4000
USED = 0.88
STACK = 64 * 1024
PAUSE = 0.5
"""Seconds between two more threads."""


def multiply(line: Line) -> None:
    threading.stack_size(STACK)
    gate = threading.Event()
    for _ in range(THREADS):
        threading.Thread(target=gate.wait, daemon=True).start()
    line.tell("there")
    while True:
        time.sleep(PAUSE)
        threading.Thread(target=gate.wait, daemon=True).start()


def run(bench: Bench, readings: Readings) -> Answer:
    readings.before()
    worker = start(bench, "jm-threads", multiply)
    worker.hear(60)
    there = load_now().nr_threads
    sysctl(bench, "kernel.threads-max", int(there / USED))
    during = readings.during()
    used = during["loadavg.nr_threads"] / during["sys_kernel.threads_max"]
    return answer(
        used > 0.85,
        "{there} threads are {used} of kernel.threads-max",
        there=(there, "count"),
        used=(used, "ratio"),
    )


EXPERIMENT = Experiment(
    name="conditions.pids-nearly-out",
    claim="When the limit of threads is near, nothing can be started, however much memory is free",
    how="One process has 4,000 threads and starts two more a second; kernel.threads-max is set so that some "
    "500 more may be started",
    run=run,
    needs=Needs(root=True, memory=256 * MIB),
    shows=("loadavg.nr_threads", "sys_kernel.threads_max", "meminfo.KernelStack"),
    expects=(Expected("process.pids-exhausted", "jm-threads"),),
)
