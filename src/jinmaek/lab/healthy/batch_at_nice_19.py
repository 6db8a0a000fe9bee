"""Batch work that takes whatever others leave."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, seconds
from jinmaek.lab.tasks import cpu_time

NICE = 19


def run(bench: Bench, readings: Readings) -> Answer:
    workers = [start(bench, "jm-batch", spin, None, NICE) for _ in range(2 * len(os.sched_getaffinity(0)))]
    for worker in workers:
        worker.hear()
    readings.before(**{"CPU used by them": seconds(cpu_time(workers))})
    readings.observe()
    readings.take("during", **{"CPU used by them": seconds(cpu_time(workers))})
    return answer(
        all(worker.state == "R" for worker in workers),
        "{count} processes at nice {nice} take all the CPU that is left",
        count=len(workers),
        nice=NICE,
    )


EXPERIMENT = Experiment(
    name="healthy.batch-at-nice-19",
    claim="CPUs that are busy with batch work at nice 19 are free for everybody else",
    how="Two processes at nice 19 for each CPU never sleep",
    run=run,
    shows=("stat_cpu.nice", "stat_cpu.idle", "loadavg.load1"),
    healthy=True,
)
