"""The number of CPUs is no part of the calculation: it is what the result must be held against."""

from __future__ import annotations

import os

from jinmaek.lab.bench import Bench
from jinmaek.lab.counting import CLOSE, counted
from jinmaek.lab.experiment import Answer, Experiment, Needs, answer
from jinmaek.lab.make.process import start
from jinmaek.lab.make.work import spin
from jinmaek.lab.readings import Readings, count

COUNT = 10
UPDATES = 2


def run(bench: Bench, readings: Readings) -> Answer:
    allowed = os.sched_getaffinity(0)
    readings.before()
    workers = [start(bench, "jm-spinner", spin, min(allowed)) for _ in range(COUNT)]
    for worker in workers:
        worker.hear()
    one = counted(UPDATES)
    readings.take("on one CPU", **{"threads counted": count(one.counted)})
    for worker in workers:
        os.sched_setaffinity(worker.pid, allowed)
    every = counted(UPDATES)
    readings.take("on all CPUs", **{"threads counted": count(every.counted)})
    undivided = abs(one.others) <= CLOSE and abs(every.others) <= CLOSE
    return answer(
        None if not (one.steady and every.steady) else not undivided,
        "{count} processes that never sleep made {one} threads counted on one CPU (of {one_running} that "
        "ran or waited) and {every} on {cpus} (of {every_running}): the sum is not divided by the CPUs, "
        "whoever reads it must do that",
        count=COUNT,
        one=(one.counted, "count"),
        one_running=(one.running, "count"),
        every=(every.counted, "count"),
        every_running=(every.running, "count"),
        cpus=len(allowed),
    )


EXPERIMENT = Experiment(
    name="load.cpus-do-not-count",
    chapter=3,
    claim="The load average is relative: how it is calculated depends on the number of CPU cores",
    how="10 processes that never sleep are bound to one CPU, then let run on all",
    run=run,
    usual="does not hold",
    needs=Needs(cpus=2),
    seconds=55,
    shows=("loadavg.load1", "stat.procs_running", "pressure_cpu.some_total"),
)
