"""A cgroup that wants more CPU than its quota."""

from __future__ import annotations

import time

from jinmaek.lab.bench import Bench
from jinmaek.lab.experiment import Answer, Expected, Experiment, Needs, answer
from jinmaek.lab.make import cgroups
from jinmaek.lab.make.process import start_in
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, seconds
from jinmaek.lab.tasks import cpu_time

QUOTA = 0.2
COUNT = 2
WATCHED = 3.0


def run(bench: Bench, readings: Readings) -> Answer:
    group = cgroups.cpu(bench, QUOTA)
    readings.before()
    workers = [start_in(bench, [group], "jm-throttled", spin) for _ in range(COUNT)]
    for worker in workers:
        worker.hear(60)
    began = cpu_time(workers)
    time.sleep(WATCHED)
    used = cpu_time(workers) - began
    readings.during(**{"CPU used by both": seconds(used)})
    return answer(
        used < 1.5 * QUOTA * WATCHED,
        "{count} processes that never sleep got {used} of CPU in {time}",
        count=COUNT,
        used=(used, "seconds"),
        time=(WATCHED, "seconds"),
    )


EXPERIMENT = Experiment(
    name="conditions.cpu-quota",
    claim="A quota holds a cgroup back however idle the CPUs are",
    how="2 processes that never sleep run in a cgroup that may use a fifth of a CPU",
    run=run,
    seconds=60,
    needs=Needs(root=True, cgroups=("cpu",)),
    shows=("stat.procs_running", "loadavg.load1"),
    expects=(Expected("cgroup.cpu-throttled", "jm-throttled"),),
)
