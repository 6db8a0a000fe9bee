"""Column r of vmstat is who runs or could."""

from __future__ import annotations

import os
import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, count, read


def run(bench: Bench, readings: Readings) -> Answer:
    number = 3 * len(os.sched_getaffinity(0))
    readings.before()
    for worker in [start(bench, "jm-hog", spin) for _ in range(number)]:
        worker.hear()
    seen = []
    for _ in range(20):
        time.sleep(0.05)
        seen.append(read(("stat.procs_running",))["stat.procs_running"].value or 0)
    readings.during(**{"procs_running, least": count(min(seen))})
    return answer(
        min(seen) > number,
        "{count} processes that never sleep made procs_running {least} at the least, the one that reads it "
        "included",
        count=number,
        least=(min(seen), "count"),
    )


EXPERIMENT = Experiment(
    name="load.r-counts-runnable",
    chapter=3,
    claim="r in vmstat is the number of processes that run or wait to run",
    how="Three processes that never sleep for each CPU",
    run=run,
    shows=("stat.procs_running", "pressure_cpu.some_total"),
    expects=(Expected("cpu.saturated", "jm-hog"),),
)
