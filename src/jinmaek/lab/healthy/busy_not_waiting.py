"""CPUs that all work, with nobody in the queue."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Experiment, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings


def run(bench: Bench, readings: Readings) -> Answer:
    for worker in [start(bench, "jm-worker", spin, cpu) for cpu in os.sched_getaffinity(0)]:
        worker.hear()
    before = readings.before()
    change = readings.during() - before
    return answer(
        True,
        "the CPUs were idle for {idle} in all, threads waited for one for {waited}",
        idle=(change["stat_cpu.idle"], "seconds"),
        waited=(change["pressure_cpu.some_total"], "seconds"),
    )


EXPERIMENT = Experiment(
    name="healthy.busy-not-waiting",
    claim="CPUs that are all busy are well used as long as nobody waits for them",
    how="On each CPU one process never sleeps",
    run=run,
    shows=("stat_cpu.idle", "pressure_cpu.some_total", "stat.procs_running"),
    healthy=True,
)
