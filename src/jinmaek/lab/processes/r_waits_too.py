"""R is whoever could run, also while another does."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, seconds, share
from jinmaek.lab.tasks import stat

COUNT = 4
WATCHED = 3.0


def run(bench: Bench, readings: Readings) -> Answer:
    cpu = min(os.sched_getaffinity(0))
    readings.before()
    workers = [start(bench, "jm-spinner", spin, cpu) for _ in range(COUNT)]
    for worker in workers:
        worker.hear()
    began = sum(stat(worker.pid).utime for worker in workers)
    seen, samples = 0, 0
    end = time.monotonic() + WATCHED
    while time.monotonic() < end:
        seen += sum(worker.state == "R" for worker in workers)
        samples += COUNT
        time.sleep(0.02)
    used = sum(stat(worker.pid).utime for worker in workers) - began
    readings.during(**{"R of all samples": share(seen / samples), "CPU time used": seconds(used)})
    ran = used / (WATCHED * COUNT)
    return answer(
        ran > 0.8 * seen / samples,
        "{count} processes on one CPU showed R at {seen} of all looks, and used CPU for {ran} of the time: "
        "the rest of it they waited",
        count=COUNT,
        seen=(seen / samples, "ratio"),
        ran=(ran, "ratio"),
    )


EXPERIMENT = Experiment(
    name="processes.r-waits-too",
    chapter=2,
    claim="A process in R is running, and so it is using CPU",
    how="Four processes that never sleep are bound to one CPU",
    run=run,
    usual="does not hold",
    shows=("stat.procs_running",),
)
